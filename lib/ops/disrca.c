/* Disentangled relational cross-attention. Per head, with P the attention's softmax, R the relations, never
 * masked, and M the dropout mask:
 *   W = M P R,  O = W V;   dV = W^T dO,  dW = M (dO V^T),  dP = dW R,  dR = dW P.
 * Relations are computed as attention weights of their own queries and keys. */
#include "ops/attention_values.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"

enum { QUERY, KEY, QUERY_REL, KEY_REL, N_PROJECTIONS, SYMBOLS = N_PROJECTIONS, N_INPUTS };

typedef struct op_args {
    dat_disrca_args disrca;
    dat_attention_args relation; /* of the relations, as weights */
    dat_columns columns[N_PROJECTIONS];
} op_args;

typedef struct disrca_sizes {
    dat_head_sizes attention, relation;
    int64_t square; /* n * n */
} disrca_sizes;

static const dat_attention_args *attention_of(const dat_node *n)
{
    return &((const op_args *)n->args)->disrca.attention;
}

static const dat_attention_args *relation_of(const dat_node *n)
{
    return &((const op_args *)n->args)->relation;
}

static disrca_sizes sizes_of(const dat_node *n)
{
    const dat_columns *columns = ((const op_args *)n->args)->columns,
                      symbols = dat_all_columns(n->in[SYMBOLS]);
    disrca_sizes z = {
        .attention = dat_head_sizes_of(columns[QUERY], columns[KEY], symbols, attention_of(n)),
        .relation = dat_head_sizes_of(columns[QUERY_REL], columns[KEY_REL], symbols, relation_of(n)),
    };
    z.square = z.attention.n * z.attention.m;
    return z;
}

/* All projections are of the same sequences. */
static bool check_lengths(dat_tape *tape, const dat_node *n)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    const dat_tensor *query = n->in[QUERY];
    for (int i = KEY; i <= KEY_REL; i++)
        if (n->in[i]->shape[0] != query->shape[0] || n->in[i]->shape[1] != query->shape[1])
            return dat_fail(tape, "%s: query %s is %s but %s is %s", n->op->name, query->name,
                            dat_shape_text(query, left), n->in[i]->name, dat_shape_text(n->in[i], right));
    return true;
}

static bool disrca_shape(dat_tape *tape, dat_node *n)
{
    const dat_columns *columns = ((const op_args *)n->args)->columns,
                      symbols = dat_all_columns(n->in[SYMBOLS]);
    dat_head_sizes s, relation;
    if (attention_of(n)->pointwise)
        return dat_fail(tape, "%s: attention weights must be a softmax", n->op->name);
    if (!dat_head_sizes_check(tape, n, columns[QUERY], columns[KEY], symbols, attention_of(n), &s) ||
        !dat_head_sizes_check(tape, n, columns[QUERY_REL], columns[KEY_REL], symbols, relation_of(n),
                              &relation) ||
        !check_lengths(tape, n))
        return false;
    return dat_shape_set(n->out, 3, (int64_t[]){s.batch, s.n, s.n_heads * s.head_dim});
}

static double disrca_flops(const dat_node *n, bool backward)
{
    disrca_sizes z = sizes_of(n);
    double attention =
        2 * dat_head_pairs(&z.attention) * (double)(z.attention.key_dim + z.attention.head_dim);
    double relations = 2 * dat_head_pairs(&z.relation) * (double)z.relation.key_dim;
    return (backward ? 2 : 1) * (attention + relations);
}

/* What forward keeps for one head of one batch item, in this order. */
typedef struct head_state {
    dat_real *p;    /* (n, n) attention probabilities before dropout */
    dat_real *r;    /* (n, n) relations after the activation */
    dat_real *dots; /* (n, n) before it, where backward needs them; else NULL */
} head_state;

static int64_t disrca_saved(const dat_node *n)
{
    disrca_sizes z = sizes_of(n);
    return z.attention.batch * z.attention.n_heads * z.square * (dat_keeps_dots(relation_of(n)) ? 3 : 2);
}

static head_state head_state_of(const dat_node *n, const disrca_sizes *z, int64_t b, int64_t h)
{
    bool keeps_dots = dat_keeps_dots(relation_of(n));
    dat_real *start = n->saved + (b * z->attention.n_heads + h) * z->square * (keeps_dots ? 3 : 2);
    return (head_state){start, start + z->square, keeps_dots ? start + 2 * z->square : NULL};
}

/* The dropout mask's index of the first weight of a head. */
static int64_t first_weight(const disrca_sizes *z, int64_t b, int64_t h)
{
    return (b * z->attention.n_heads + h) * z->square;
}

/* w = M P R. */
static void weigh(const dat_node *n, const disrca_sizes *z, int64_t b, int64_t h, const head_state *state,
                  dat_real *w)
{
    dat_dropout_mask mask = dat_dropout_mask_of(n, attention_of(n)->dropout);
#pragma omp simd
    for (int64_t i = 0; i < z->square; i++)
        w[i] = state->p[i] * state->r[i];
    if (mask.threshold)
        dat_head_dropout(&z->attention, mask, first_weight(z, b, h), w, w);
}

/* A head's queries or keys of item b. */
static const dat_real *head_start(const dat_heads *heads, int64_t b, int64_t h)
{
    return heads->data + b * heads->item + h * heads->dim;
}

static void forward_item(const dat_node *n, const disrca_sizes *z, int64_t b, dat_real *scratch)
{
    const dat_head_sizes *s = &z->attention;
    int64_t out_width = s->n_heads * s->head_dim;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t g = dat_kv_head(s, h);
        head_state state = head_state_of(n, z, b, h);
        dat_head_weights(s, attention_of(n), head_start(&s->query, b, h), head_start(&s->key, b, g), NULL,
                         state.p);
        dat_head_weights(&z->relation, relation_of(n), head_start(&z->relation.query, b, h),
                         head_start(&z->relation.key, b, g), state.dots, state.r);
        weigh(n, z, b, h, &state, scratch);
        dat_values_sum(s, b, h, scratch, scratch + z->square,
                       n->out->data + b * s->n * out_width + h * s->head_dim, out_width);
    }
}

/* Copies what was asked for, both as (B, n_heads, n, n). */
static void write_sinks(const dat_node *n, const disrca_sizes *z)
{
    const dat_disrca_args *args = &((const op_args *)n->args)->disrca;
    for (int64_t head = 0; head < z->attention.batch * z->attention.n_heads; head++) {
        head_state state = head_state_of(n, z, 0, head);
        for (int64_t i = 0; args->attention.scores && i < z->square; i++)
            args->attention.scores[head * z->square + i] = state.p[i];
        for (int64_t i = 0; args->relations && i < z->square; i++)
            args->relations[head * z->square + i] = state.r[i];
    }
}

/* What the pieces of a batch share: scratch for each, and partial sums of symbols that the batch shares. */
typedef struct batch_work {
    const dat_node *n;
    disrca_sizes z;
    int64_t piece_scratch; /* values of each piece */
    dat_real *scratch;
    dat_real *symbol_sums;
} batch_work;

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    for (int64_t b = start; b < end; b++)
        forward_item(work->n, &work->z, b, work->scratch + piece * work->piece_scratch);
}

static void disrca_forward(dat_node *n)
{
    batch_work work = {.n = n, .z = sizes_of(n)};
    dat_pieces pieces = dat_pieces_of(work.z.attention.batch, 1);
    work.piece_scratch = work.z.square + dat_values_scratch_size(&work.z.attention);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.piece_scratch);
    if (!work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    write_sinks(n, &work.z);
}

static void backward_scores(const dat_head_sizes *s, const dat_attention_args *args, int64_t b, int64_t h,
                            const dat_real *dots, const dat_real *p, dat_real *dp, dat_real *scratch)
{
    int64_t g = dat_kv_head(s, h);
    dat_head_weights_backward(s, args, head_start(&s->query, b, h), head_start(&s->key, b, g), dots, p, dp,
                              scratch, dat_grad_head(dat_grad_rows_of(&s->query, b, NULL), h * s->key_dim),
                              dat_grad_head(dat_grad_rows_of(&s->key, b, NULL), g * s->key_dim));
}

static void backward_head(const dat_node *n, const disrca_sizes *z, int64_t b, int64_t h, dat_real *scratch,
                          dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->attention;
    dat_real *w = scratch, *dp = w + z->square, *dr = dp + z->square, *value_scratch = dr + z->square;
    int64_t out_width = s->n_heads * s->head_dim;
    dat_matrix dout = dat_head_matrix(n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
    dat_dropout_mask mask = dat_dropout_mask_of(n, attention_of(n)->dropout);
    head_state state = head_state_of(n, z, b, h);
    weigh(n, z, b, h, &state, w);
    if (dv.data)
        dat_values_backward(s, h, w, dout, value_scratch, dv);
    dat_values_weights_backward(s, b, h, dout, value_scratch, dp);
    if (mask.threshold)
        dat_head_dropout(s, mask, first_weight(z, b, h), dp, dp);
#pragma omp simd
    for (int64_t i = 0; i < z->square; i++) {
        dr[i] = dp[i] * state.p[i];
        dp[i] *= state.r[i];
    }
    backward_scores(s, attention_of(n), b, h, NULL, state.p, dp, NULL);
    backward_scores(&z->relation, relation_of(n), b, h, state.dots, state.r, dr, w);
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const dat_head_sizes *s = &work->z.attention;
    dat_real *symbol_sums = work->symbol_sums + piece * dat_shared_count(&s->value);
    for (int64_t b = start; b < end; b++)
        for (int64_t h = 0; h < s->n_heads; h++)
            backward_head(work->n, &work->z, b, h, work->scratch + piece * work->piece_scratch,
                          dat_grad_rows_of(&s->value, b, symbol_sums));
}

static void disrca_backward(dat_node *n)
{
    batch_work work = {.n = n, .z = sizes_of(n)};
    const dat_head_sizes *s = &work.z.attention;
    int64_t shared_symbols = dat_shared_count(&s->value);
    dat_pieces pieces = dat_pieces_of(s->batch, 1);
    work.piece_scratch = 3 * work.z.square + dat_values_scratch_size(s);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.piece_scratch);
    work.symbol_sums = dat_partial_sums(n->tape, pieces, shared_symbols);
    if (!work.scratch || !work.symbol_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    dat_add_partial_sums(work.symbol_sums, pieces, shared_symbols, s->value.grad);
}

const dat_op dat_op_disrca = {
    .name = "disrca",
    .required = N_INPUTS,
    .shape = disrca_shape,
    .flops = disrca_flops,
    .saved = disrca_saved,
    .forward = disrca_forward,
    .backward = disrca_backward,
};

dat_tensor *dat_disrca_core(dat_tape *tape, dat_columns query, dat_columns key, dat_columns query_rel,
                            dat_columns key_rel, dat_tensor *symbols, const dat_disrca_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, query_rel.tensor, key_rel.tensor, symbols};
    op_args all = {*args, args->attention, {query, key, query_rel, key_rel}};
    all.relation.scale = args->relation_scale;
    all.relation.pointwise = !args->relation_softmax;
    all.relation.activation = args->relation_activation;
    all.relation.causal = false;
    all.relation.mask = NULL;
    return dat_tape_apply(tape, &dat_op_disrca, in, N_INPUTS, &all, sizeof all);
}
