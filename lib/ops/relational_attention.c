/* Relational attention (equation 2 of the paper; W_r applied after attending, appendix B.1). Per batch item,
 * with P^h = softmax(scale Q K^T), M the dropout mask, r^l = act(s Qr^l Kr^l^T): T[i, h, l] = sum_j (M
 * P)^h_ij r^l_ij,       O^h = (M P)^h V + T^h W_r^h^T dT^h = dO^h W_r^h,   dW_r^h = dO^h^T T^h,   dV = (M
 * P)^h^T dO^h d(M P)^h_ij = dO^h_i . V_j + sum_l dT[i, h, l] r^l_ij,   dr^l_ij = sum_h dT[i, h, l] (M P)^h_ij
 * T never gets a value dimension: (n, n_heads, R) instead of the (n, n, n_heads, head_dim) of the formula. */
#include <inttypes.h>

#include "ops/attention_values.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"
#include "ops/softmax.h"

enum { QUERY, KEY, QUERY_REL, KEY_REL, N_PROJECTIONS, SYMBOLS = N_PROJECTIONS, WR, N_INPUTS };

typedef struct op_args {
    dat_relational_args relational;
    dat_columns columns[N_PROJECTIONS];
} op_args;

typedef struct relational_sizes {
    dat_head_sizes s;
    dat_heads query_rel, key_rel;
    int64_t R, rel_dim;
    int64_t square;   /* n * n */
    int64_t averages; /* n * n_heads * R, the size of T */
} relational_sizes;

static const dat_relational_args *relational_of(const dat_node *n)
{
    return &((const op_args *)n->args)->relational;
}

static relational_sizes sizes_of(const dat_node *n)
{
    const op_args *args = n->args;
    int64_t R = args->relational.n_relations;
    dat_head_sizes s = dat_head_sizes_of(args->columns[QUERY], args->columns[KEY],
                                         dat_all_columns(n->in[SYMBOLS]), &args->relational.attention);
    return (relational_sizes){.s = s,
                              .query_rel = dat_heads_of(args->columns[QUERY_REL], R, s.batch),
                              .key_rel = dat_heads_of(args->columns[KEY_REL], R, s.batch),
                              .R = R,
                              .rel_dim = args->columns[QUERY_REL].width / R,
                              .square = s.n * s.n,
                              .averages = s.n * s.n_heads * R};
}

static bool check_relations(dat_tape *tape, const dat_node *n, const dat_head_sizes *s)
{
    const op_args *args = n->args;
    dat_columns q = args->columns[QUERY_REL], k = args->columns[KEY_REL];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    bool fits = args->relational.n_relations >= 1 && q.width == k.width &&
                q.width % args->relational.n_relations == 0;
    for (int i = QUERY_REL; i <= KEY_REL; i++) {
        const dat_tensor *t = args->columns[i].tensor;
        fits = fits && t->rank == 3 && t->shape[0] == s->batch && t->shape[1] == s->n &&
               args->columns[i].first + args->columns[i].width <= t->shape[2];
    }
    return fits ||
           dat_fail(tape,
                    "%s: %" PRId64 " relations between %" PRId64 " x %" PRId64
                    " positions do not fit %" PRId64 " columns of query %s %s and %" PRId64
                    " columns of key %s %s",
                    n->op->name, args->relational.n_relations, s->batch, s->n, q.width, q.tensor->name,
                    dat_shape_text(q.tensor, left), k.width, k.tensor->name, dat_shape_text(k.tensor, right));
}

static bool relational_shape(dat_tape *tape, dat_node *n)
{
    const op_args *args = n->args;
    const dat_tensor *query = n->in[QUERY], *key = n->in[KEY], *wr = n->in[WR];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    dat_head_sizes s;
    if (!dat_head_sizes_check(tape, n, args->columns[QUERY], args->columns[KEY],
                              dat_all_columns(n->in[SYMBOLS]), &args->relational.attention, &s))
        return false;
    if (args->relational.attention.pointwise)
        return dat_fail(tape, "%s: attention weights must be a softmax", n->op->name);
    if (s.n != s.m || key->shape[0] != s.batch)
        return dat_fail(tape, "%s: query %s is %s but key %s is %s", n->op->name, query->name,
                        dat_shape_text(query, left), key->name, dat_shape_text(key, right));
    if (!check_relations(tape, n, &s))
        return false;
    if (wr->rank != 3 || wr->shape[0] != s.n_heads || wr->shape[1] != s.head_dim ||
        wr->shape[2] != args->relational.n_relations)
        return dat_fail(tape, "%s: wr %s is %s, expected [%" PRId64 ", %" PRId64 ", %" PRId64 "]",
                        n->op->name, wr->name, dat_shape_text(wr, left), s.n_heads, s.head_dim,
                        args->relational.n_relations);
    return dat_shape_set(n->out, 3, (int64_t[]){s.batch, s.n, s.n_heads * s.head_dim});
}

static double relational_flops(const dat_node *n, bool backward)
{
    relational_sizes z = sizes_of(n);
    double pairs = dat_head_pairs(&z.s);
    double head_pairs = (double)z.s.batch * (double)z.square; /* relations are not masked */
    double scores = 2 * pairs * (double)z.s.key_dim, values = 2 * pairs * (double)z.s.head_dim;
    double relations = 2 * head_pairs * (double)(z.R * z.rel_dim), averages = 2 * pairs * (double)z.R;
    double projected = 2.0 * (double)(z.s.batch * z.averages * z.s.head_dim);
    return (backward ? 2 : 1) * (scores + values + relations + averages + projected);
}

/* What forward keeps for one batch item, in this order. */
typedef struct item_state {
    dat_real *p;      /* (n_heads, n, n) probabilities before dropout */
    dat_real *r;      /* (R, n, n) relations after the activation */
    dat_real *before; /* (R, n, n) before it, for pointwise activations other than the identity; else NULL */
    dat_real *averages; /* (n, n_heads, R) the T of the formulas */
} item_state;

static bool keeps_before(const dat_relational_args *args)
{
    return !args->relation_softmax && args->relation_activation != DAT_IDENTITY;
}

static int64_t item_state_size(const dat_node *n, const relational_sizes *z)
{
    return (z->s.n_heads + z->R * (keeps_before(relational_of(n)) ? 2 : 1)) * z->square + z->averages;
}

static item_state item_state_of(const dat_node *n, const relational_sizes *z, int64_t b)
{
    dat_real *start = n->saved + b * item_state_size(n, z);
    item_state state = {.p = start, .r = start + z->s.n_heads * z->square};
    dat_real *next = state.r + z->R * z->square;
    if (keeps_before(relational_of(n))) {
        state.before = next;
        next += z->R * z->square;
    }
    state.averages = next;
    return state;
}

static int64_t relational_saved(const dat_node *n)
{
    relational_sizes z = sizes_of(n);
    return z.s.batch * item_state_size(n, &z);
}

/* wr (n_heads, head_dim, R) as (n_heads, R, head_dim): rows that kernels run along. */
static dat_real *transposed_wr(dat_node *n, const relational_sizes *z)
{
    dat_real *rows = dat_tape_scratch(n->tape, dat_count(n->in[WR]));
    for (int64_t h = 0; rows && h < z->s.n_heads; h++)
        for (int64_t d = 0; d < z->s.head_dim; d++)
            for (int64_t l = 0; l < z->R; l++)
                rows[(h * z->R + l) * z->s.head_dim + d] =
                    n->in[WR]->data[(h * z->s.head_dim + d) * z->R + l];
    return rows;
}

static void item_relations(const dat_node *n, const relational_sizes *z, int64_t b, const item_state *state)
{
    const dat_relational_args *args = relational_of(n);
    const dat_real *q = z->query_rel.data + b * z->query_rel.item;
    const dat_real *k = z->key_rel.data + b * z->key_rel.item;
    dat_real *dots = state->before ? state->before : state->r;
    for (int64_t l = 0; l < z->R; l++)
        dat_gemm_serial(z->s.n, z->s.n, z->rel_dim, (dat_real)args->relation_scale,
                        dat_head_matrix(q + l * z->rel_dim, z->query_rel.stride),
                        dat_transposed(dat_head_matrix(k + l * z->rel_dim, z->key_rel.stride)), 0,
                        dots + l * z->square, z->s.n);
    if (args->relation_softmax)
        for (int64_t row = 0; row < z->R * z->s.n; row++)
            dat_softmax_row(state->r + row * z->s.n, z->s.n);
    else if (state->before)
        dat_activate(args->relation_activation, z->R * z->square, state->before, state->r);
}

/* The probabilities as attention uses them: with dropout in `dropped`, or the saved ones. */
static const dat_real *dropped_probabilities(const dat_node *n, const relational_sizes *z, int64_t b,
                                             const item_state *state, dat_real *dropped)
{
    const dat_relational_args *args = relational_of(n);
    dat_dropout_mask mask = dat_dropout_mask_of(n, args->attention.dropout);
    if (!mask.threshold)
        return state->p;
    for (int64_t h = 0; h < z->s.n_heads; h++)
        dat_head_dropout(&z->s, mask, (b * z->s.n_heads + h) * z->square, state->p + h * z->square,
                         dropped + h * z->square);
    return dropped;
}

static void forward_item(const dat_node *n, const relational_sizes *z, int64_t b, const dat_real *wr_rows,
                         dat_real *dropped, dat_real *value_scratch)
{
    const dat_head_sizes *s = &z->s;
    const dat_relational_args *args = relational_of(n);
    item_state state = item_state_of(n, z, b);
    int64_t out_width = s->n_heads * s->head_dim;
    const dat_real *q = s->query.data + b * s->query.item, *k = s->key.data + b * s->key.item;

    for (int64_t h = 0; h < s->n_heads; h++)
        dat_head_weights(s, &args->attention, q + h * s->key_dim, k + dat_kv_head(s, h) * s->key_dim, NULL,
                         state.p + h * z->square);
    item_relations(n, z, b, &state);
    const dat_real *p = dropped_probabilities(n, z, b, &state, dropped);
    for (int64_t i = 0; i < s->n; i++)
        dat_gemm_serial(s->n_heads, z->R, s->n, 1, dat_head_matrix(p + i * s->n, z->square),
                        dat_transposed(dat_head_matrix(state.r + i * s->n, z->square)), 0,
                        state.averages + i * s->n_heads * z->R, z->R);
    for (int64_t h = 0; h < s->n_heads; h++) {
        dat_real *out = n->out->data + b * s->n * out_width + h * s->head_dim;
        dat_values_sum(s, b, h, p + h * z->square, value_scratch, out, out_width);
        dat_gemm_serial(s->n, s->head_dim, z->R, 1,
                        dat_head_matrix(state.averages + h * z->R, s->n_heads * z->R),
                        dat_head_matrix(wr_rows + h * z->R * s->head_dim, s->head_dim), 1, out, out_width);
    }
}

/* Copies what was asked for: probabilities as saved, relations as (B, i, j, l). */
static void write_sinks(const dat_node *n, const relational_sizes *z)
{
    const dat_relational_args *args = relational_of(n);
    for (int64_t b = 0; b < z->s.batch; b++) {
        item_state state = item_state_of(n, z, b);
        int64_t probabilities = z->s.n_heads * z->square;
        if (args->attention.scores)
            for (int64_t i = 0; i < probabilities; i++)
                args->attention.scores[b * probabilities + i] = state.p[i];
        if (args->relations)
            for (int64_t l = 0; l < z->R; l++)
                for (int64_t ij = 0; ij < z->square; ij++)
                    args->relations[(b * z->square + ij) * z->R + l] = state.r[l * z->square + ij];
    }
}

/* What the pieces of a batch share: scratch for each, and partial sums of what the batch shares. */
typedef struct batch_work {
    const dat_node *n;
    relational_sizes z;
    const dat_real *wr_rows;
    dat_real *scratch;
    dat_real *wr_sums, *symbol_sums;
} batch_work;

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    int64_t heads = work->z.s.n_heads * work->z.square;
    dat_real *dropped = work->scratch + piece * (heads + dat_values_scratch_size(&work->z.s));
    for (int64_t b = start; b < end; b++)
        forward_item(work->n, &work->z, b, work->wr_rows, dropped, dropped + heads);
}

static void relational_forward(dat_node *n)
{
    batch_work work = {.n = n, .z = sizes_of(n)};
    dat_pieces pieces = dat_pieces_of(work.z.s.batch, 1);
    work.wr_rows = transposed_wr(n, &work.z);
    int64_t heads = work.z.s.n_heads * work.z.square;
    work.scratch = dat_tape_scratch(n->tape, pieces.count * (heads + dat_values_scratch_size(&work.z.s)));
    if (!work.wr_rows || !work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    write_sinks(n, &work.z);
}

/* Scratch of one piece of backward. */
typedef struct piece_scratch {
    dat_real *dropped; /* (n_heads, n, n) */
    dat_real *dp;      /* (n_heads, n, n) */
    dat_real *dr;      /* (R, n, n) at the relations, then at their dot products */
    dat_real *ddots;   /* (R, n, n) */
    dat_real *dt;      /* (n, n_heads, R) */
    dat_real *values;  /* of attention_values.h */
} piece_scratch;

static int64_t piece_scratch_size(const relational_sizes *z)
{
    return 2 * (z->s.n_heads + z->R) * z->square + z->averages + dat_values_scratch_size(&z->s);
}

static piece_scratch piece_scratch_of(const relational_sizes *z, dat_real *start)
{
    int64_t heads = z->s.n_heads * z->square, relations = z->R * z->square;
    return (piece_scratch){.dropped = start,
                           .dp = start + heads,
                           .dr = start + 2 * heads,
                           .ddots = start + 2 * heads + relations,
                           .dt = start + 2 * (heads + relations),
                           .values = start + 2 * (heads + relations) + z->averages};
}

/* From dO: dT, dW_r, dV and the part of dP that comes through the symbols. */
static void backward_values(const dat_node *n, const relational_sizes *z, int64_t b, const item_state *state,
                            const dat_real *p, const dat_real *wr_rows, const piece_scratch *work,
                            dat_real *dwr_rows, dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->s;
    int64_t out_width = s->n_heads * s->head_dim;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t wr_start = h * z->R * s->head_dim;
        dat_matrix dout = dat_head_matrix(n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
        dat_gemm_serial(s->n, z->R, s->head_dim, 1, dout,
                        dat_transposed(dat_head_matrix(wr_rows + wr_start, s->head_dim)), 0,
                        work->dt + h * z->R, s->n_heads * z->R);
        dat_gemm_serial(z->R, s->head_dim, s->n, 1,
                        dat_transposed(dat_head_matrix(state->averages + h * z->R, s->n_heads * z->R)), dout,
                        1, dwr_rows + wr_start, s->head_dim);
        if (dv.data)
            dat_values_backward(s, h, p + h * z->square, dout, work->values, dv);
        dat_values_weights_backward(s, b, h, dout, work->values, work->dp + h * z->square);
    }
}

/* From dr, the gradient at the relations, adds to the relation queries and keys. */
static void backward_relations(const dat_node *n, const relational_sizes *z, int64_t b,
                               const item_state *state, const piece_scratch *work)
{
    const dat_relational_args *args = relational_of(n);
    dat_grad_rows dq = dat_grad_rows_of(&z->query_rel, b, NULL);
    dat_grad_rows dk = dat_grad_rows_of(&z->key_rel, b, NULL);
    const dat_real *q = z->query_rel.data + b * z->query_rel.item;
    const dat_real *k = z->key_rel.data + b * z->key_rel.item;
    const dat_real *ddots = work->dr;
    if (args->relation_softmax) {
        for (int64_t row = 0; row < z->R * z->s.n; row++)
            dat_softmax_row_backward(state->r + row * z->s.n, work->dr + row * z->s.n, z->s.n);
    } else if (state->before) {
        dat_activate_backward(args->relation_activation, z->R * z->square, state->before, work->dr, true,
                              work->ddots);
        ddots = work->ddots;
    }
    for (int64_t l = 0; l < z->R; l++) {
        dat_matrix dots = dat_head_matrix(ddots + l * z->square, z->s.n);
        int64_t first = l * z->rel_dim;
        if (dq.data)
            dat_gemm_serial(z->s.n, z->rel_dim, z->s.n, (dat_real)args->relation_scale, dots,
                            dat_head_matrix(k + first, z->key_rel.stride), 1, dq.data + first, dq.stride);
        if (dk.data)
            dat_gemm_serial(z->s.n, z->rel_dim, z->s.n, (dat_real)args->relation_scale, dat_transposed(dots),
                            dat_head_matrix(q + first, z->query_rel.stride), 1, dk.data + first, dk.stride);
    }
}

static void backward_item(const dat_node *n, const relational_sizes *z, int64_t b, const dat_real *wr_rows,
                          const piece_scratch *work, dat_real *dwr_rows, dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->s;
    const dat_relational_args *args = relational_of(n);
    item_state state = item_state_of(n, z, b);
    const dat_real *p = dropped_probabilities(n, z, b, &state, work->dropped);
    backward_values(n, z, b, &state, p, wr_rows, work, dwr_rows, dv);
    for (int64_t i = 0; i < s->n; i++) {
        dat_matrix dt = dat_head_matrix(work->dt + i * s->n_heads * z->R, z->R);
        dat_gemm_serial(s->n_heads, s->n, z->R, 1, dt, dat_head_matrix(state.r + i * s->n, z->square), 1,
                        work->dp + i * s->n, z->square);
        dat_gemm_serial(z->R, s->n, s->n_heads, 1, dat_transposed(dt),
                        dat_head_matrix(p + i * s->n, z->square), 0, work->dr + i * s->n, z->square);
    }
    backward_relations(n, z, b, &state, work);

    dat_dropout_mask mask = dat_dropout_mask_of(n, args->attention.dropout);
    dat_grad_rows dq = dat_grad_rows_of(&s->query, b, NULL), dk = dat_grad_rows_of(&s->key, b, NULL);
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t q = h * s->key_dim, k = dat_kv_head(s, h) * s->key_dim;
        dat_real *dp = work->dp + h * z->square;
        if (mask.threshold)
            dat_head_dropout(s, mask, (b * s->n_heads + h) * z->square, dp, dp);
        dat_head_weights_backward(s, &args->attention, s->query.data + b * s->query.item + q,
                                  s->key.data + b * s->key.item + k, NULL, state.p + h * z->square, dp, NULL,
                                  dat_grad_head(dq, q), dat_grad_head(dk, k));
    }
}

/* dwr (n_heads, head_dim, R) += the sums over pieces of dwr_rows (n_heads, R, head_dim). */
static void add_wr_grads(const relational_sizes *z, const dat_real *sums, dat_pieces pieces, dat_real *dwr)
{
    int64_t hd = z->s.head_dim, count = z->s.n_heads * z->R * hd;
    for (int64_t piece = 0; piece < pieces.count; piece++)
        for (int64_t h = 0; h < z->s.n_heads; h++)
            for (int64_t l = 0; l < z->R; l++)
                for (int64_t d = 0; d < hd; d++)
                    dwr[(h * hd + d) * z->R + l] += sums[piece * count + (h * z->R + l) * hd + d];
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const relational_sizes *z = &work->z;
    piece_scratch scratch = piece_scratch_of(z, work->scratch + piece * piece_scratch_size(z));
    dat_real *dwr_rows = work->wr_sums + piece * dat_count(work->n->in[WR]);
    dat_real *symbol_sums = work->symbol_sums + piece * dat_shared_count(&z->s.value);
    for (int64_t b = start; b < end; b++)
        backward_item(work->n, z, b, work->wr_rows, &scratch, dwr_rows,
                      dat_grad_rows_of(&z->s.value, b, symbol_sums));
}

static void relational_backward(dat_node *n)
{
    batch_work work = {.n = n, .z = sizes_of(n)};
    const relational_sizes *z = &work.z;
    int64_t shared_symbols = dat_shared_count(&z->s.value);
    dat_pieces pieces = dat_pieces_of(z->s.batch, 1);
    work.wr_rows = transposed_wr(n, z);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * piece_scratch_size(z));
    work.wr_sums = dat_partial_sums(n->tape, pieces, dat_count(n->in[WR]));
    work.symbol_sums = dat_partial_sums(n->tape, pieces, shared_symbols);
    if (!work.wr_rows || !work.scratch || !work.wr_sums || !work.symbol_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    if (n->in[WR]->grad)
        add_wr_grads(z, work.wr_sums, pieces, n->in[WR]->grad);
    dat_add_partial_sums(work.symbol_sums, pieces, shared_symbols, z->s.value.grad);
}

const dat_op dat_op_relational_attention = {
    .name = "relational_attention",
    .required = N_INPUTS,
    .shape = relational_shape,
    .flops = relational_flops,
    .saved = relational_saved,
    .forward = relational_forward,
    .backward = relational_backward,
};

dat_tensor *dat_relational_attention_core(dat_tape *tape, dat_columns query, dat_columns key,
                                          dat_columns query_rel, dat_columns key_rel, dat_tensor *symbols,
                                          dat_tensor *wr, const dat_relational_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, query_rel.tensor, key_rel.tensor, symbols, wr};
    op_args all = {*args, {query, key, query_rel, key_rel}};
    return dat_tape_apply(tape, &dat_op_relational_attention, in, N_INPUTS, &all, sizeof all);
}
