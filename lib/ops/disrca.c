/* Disentangled relational cross-attention. Per head, with P the attention's softmax, R the relations, which
 * only lengths mask, and M the dropout mask:
 *   W = M P R,  O = W V;   dV = W^T dO,  dW = M (dO V^T),  dP = dW R,  dR = dW P.
 * Relations are computed as attention weights of their own queries and keys. Weights and relations of short
 * sequences are kept; longer ones go tile by tile, see attention_tiled.h. */
#include <string.h>

#include "ops/attention_tiled.h"
#include "ops/attention_values.h"
#include "ops/registry.h"

enum { QUERY, KEY, QUERY_REL, KEY_REL, N_PROJECTIONS, SYMBOLS = N_PROJECTIONS, N_INPUTS };

typedef struct op_args {
    dat_disrca_args disrca;
    dat_attention_args relation; /* of the relations, as weights */
    dat_columns columns[N_PROJECTIONS];
} op_args;

static const dat_attention_args *attention_of(const dat_node *n)
{
    return &((const op_args *)n->args)->disrca.attention;
}

static const dat_attention_args *relation_of(const dat_node *n)
{
    return &((const op_args *)n->args)->relation;
}

/* One call of the op. */
typedef struct disrca_call {
    const dat_node *n;
    dat_head_sizes sizes; /* of attention */
    dat_scores attention, relation;
    dat_dropout_mask mask;
    int64_t square; /* n * m */
} disrca_call;

static disrca_call call_of(const dat_node *n)
{
    const dat_columns *columns = ((const op_args *)n->args)->columns,
                      symbols = dat_all_columns(n->in[SYMBOLS]);
    disrca_call z = {
        .n = n,
        .sizes = dat_head_sizes_of(columns[QUERY], columns[KEY], symbols, attention_of(n)),
        .mask = dat_dropout_mask_of(n, attention_of(n)->dropout),
    };
    dat_head_sizes relation =
        dat_head_sizes_of(columns[QUERY_REL], columns[KEY_REL], symbols, relation_of(n));
    z.attention = dat_scores_of(&z.sizes, attention_of(n));
    z.relation = dat_scores_of(&relation, relation_of(n));
    z.square = z.sizes.n * z.sizes.m;
    return z;
}

/* Both kinds of queries are of the same sequences, and both kinds of keys. */
static bool check_lengths(dat_tape *tape, const dat_node *n)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    for (int i = KEY; i <= KEY_REL; i++) {
        const dat_tensor *other = n->in[i], *query = n->in[i == KEY_REL ? KEY : QUERY];
        if (other->shape[0] != query->shape[0] || (i != KEY && other->shape[1] != query->shape[1]))
            return dat_fail(tape, "%s: %s is %s but %s is %s", n->op->name, query->name,
                            dat_shape_text(query, left), other->name, dat_shape_text(other, right));
    }
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
    disrca_call z = call_of(n);
    const dat_head_sizes *s = &z.sizes;
    double attention = 2 * dat_head_pairs(s) * (double)(s->key_dim + s->head_dim);
    dat_head_sizes related = *s;
    if (!z.relation.pointwise) /* all relations count for its sums, also those that causality hides */
        related.causal = false;
    return (backward ? 2 : 1) * (attention + 2 * dat_head_pairs(&related) * (double)z.relation.query.dim);
}

static int64_t disrca_saved(const dat_node *n)
{
    disrca_call z = call_of(n);
    int64_t batch = z.sizes.batch, heads = batch * z.sizes.n_heads;
    if (dat_is_whole(&z.sizes))
        return heads * z.square * (dat_keeps_dots(&z.relation) ? 3 : 2);
    return dat_log_sums_count(&z.attention, batch) + dat_log_sums_count(&z.relation, batch);
}

/* --- tiles --- */

static dat_tiled_attention tiled_of(const disrca_call *z)
{
    const dat_disrca_args *args = &((const op_args *)z->n->args)->disrca;
    dat_tiled_attention a = {
        .n = z->n,
        .sizes = z->sizes,
        .attention = z->attention,
        .relation = z->relation,
        .related = true,
        .dropout = args->attention.dropout,
        .attention_sink = args->attention.scores,
        .relation_sink = args->relations,
    };
    a.attention.log_sums = z->n->saved;
    a.relation.log_sums = z->n->saved + dat_log_sums_count(&a.attention, z->sizes.batch);
    return a;
}

/* --- whole heads --- */

/* What forward keeps for one head of one batch item, in this order. */
typedef struct head_state {
    dat_real *p;    /* (n, m) attention probabilities before dropout */
    dat_real *r;    /* (n, m) relations after the activation */
    dat_real *dots; /* (n, m) before it, where backward needs them; else NULL */
} head_state;

static head_state head_state_of(const disrca_call *z, int64_t b, int64_t h)
{
    bool keeps_dots = dat_keeps_dots(&z->relation);
    dat_real *start = z->n->saved + (b * z->sizes.n_heads + h) * z->square * (keeps_dots ? 3 : 2);
    return (head_state){start, start + z->square, keeps_dots ? start + 2 * z->square : NULL};
}

/* w = M P R. */
static void weigh(const disrca_call *z, int64_t b, int64_t h, const head_state *state, dat_real *w)
{
#pragma omp simd
    for (int64_t i = 0; i < z->square; i++)
        w[i] = state->p[i] * state->r[i];
    if (z->mask.threshold)
        dat_head_dropout(&z->attention, z->mask, dat_first_weight(&z->sizes, b, h), w, w);
}

static void forward_item(const disrca_call *z, int64_t b, dat_real *scratch)
{
    const dat_head_sizes *s = &z->sizes;
    int64_t out_width = s->n_heads * s->head_dim;
    dat_real *out = z->n->out->data + b * s->n * out_width;
    memset(out, 0, (size_t)(s->n * out_width) * sizeof *out);
    for (int64_t h = 0; h < s->n_heads; h++) {
        head_state state = head_state_of(z, b, h);
        dat_head_weights(&z->attention, b, h, NULL, state.p);
        dat_head_weights(&z->relation, b, h, state.dots, state.r);
        weigh(z, b, h, &state, scratch);
        dat_values_sum(s, b, h, dat_whole_tile(s), scratch, scratch + z->square, out + h * s->head_dim,
                       out_width);
    }
}

/* Copies what was asked for, both as (B, n_heads, n, m). */
static void write_sinks(const disrca_call *z)
{
    const dat_disrca_args *args = &((const op_args *)z->n->args)->disrca;
    size_t size = (size_t)z->square * sizeof(dat_real);
    for (int64_t head = 0; head < z->sizes.batch * z->sizes.n_heads; head++) {
        head_state state = head_state_of(z, 0, head);
        if (args->attention.scores)
            memcpy(args->attention.scores + head * z->square, state.p, size);
        if (args->relations)
            memcpy(args->relations + head * z->square, state.r, size);
    }
}

/* What the pieces of a batch share: scratch for each, and partial sums of symbols that the batch shares. */
typedef struct batch_work {
    const disrca_call *z;
    int64_t piece_scratch; /* values of each piece */
    dat_real *scratch;
    dat_real *symbol_sums;
} batch_work;

/* Work with scratch for `matrices` (n, m) matrices a piece. */
static batch_work work_of(const disrca_call *z, dat_pieces pieces, int64_t matrices)
{
    batch_work work = {.z = z};
    work.piece_scratch = matrices * z->square + dat_values_scratch_size(&z->sizes, z->sizes.n, z->sizes.m);
    work.scratch = dat_tape_scratch(z->n->tape, pieces.count * work.piece_scratch);
    return work;
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    for (int64_t b = start; b < end; b++)
        forward_item(work->z, b, work->scratch + piece * work->piece_scratch);
}

static void whole_forward(const disrca_call *z)
{
    dat_pieces pieces = dat_pieces_of(z->sizes.batch, 1);
    batch_work work = work_of(z, pieces, 1);
    if (!work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    write_sinks(z);
}

static void backward_head(const disrca_call *z, int64_t b, int64_t h, dat_real *scratch, dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->sizes;
    dat_tile whole = dat_whole_tile(s);
    dat_real *w = scratch, *dp = w + z->square, *dr = dp + z->square, *value_scratch = dr + z->square;
    int64_t out_width = s->n_heads * s->head_dim;
    dat_matrix dout = dat_head_matrix(z->n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
    head_state state = head_state_of(z, b, h);
    weigh(z, b, h, &state, w);
    if (dv.data)
        dat_values_backward(s, h, whole, w, dout, value_scratch, dv);
    dat_values_weights_backward(s, b, h, whole, dout, value_scratch, dp);
    if (z->mask.threshold)
        dat_head_dropout(&z->attention, z->mask, dat_first_weight(&z->sizes, b, h), dp, dp);
#pragma omp simd
    for (int64_t i = 0; i < z->square; i++) {
        dr[i] = dp[i] * state.p[i];
        dp[i] *= state.r[i];
    }
    dat_head_weights_backward(&z->attention, b, h, NULL, state.p, dp, NULL,
                              dat_score_grads_of(&z->attention, b));
    dat_head_weights_backward(&z->relation, b, h, state.dots, state.r, dr, w,
                              dat_score_grads_of(&z->relation, b));
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const dat_head_sizes *s = &work->z->sizes;
    dat_real *symbol_sums = work->symbol_sums + piece * dat_shared_count(&s->value);
    for (int64_t b = start; b < end; b++)
        for (int64_t h = 0; h < s->n_heads; h++)
            backward_head(work->z, b, h, work->scratch + piece * work->piece_scratch,
                          dat_grad_rows_of(&s->value, b, symbol_sums));
}

static void whole_backward(const disrca_call *z)
{
    const dat_head_sizes *s = &z->sizes;
    int64_t shared_symbols = dat_shared_count(&s->value);
    dat_pieces pieces = dat_pieces_of(s->batch, 1);
    batch_work work = work_of(z, pieces, 3);
    work.symbol_sums = dat_partial_sums(z->n->tape, pieces, shared_symbols);
    if (!work.scratch || !work.symbol_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    dat_add_partial_sums(work.symbol_sums, pieces, shared_symbols, s->value.grad);
}

/* --- the op --- */

static void disrca_forward(dat_node *n)
{
    disrca_call z = call_of(n);
    dat_tiled_attention tiled = tiled_of(&z);
    if (dat_is_whole(&z.sizes))
        whole_forward(&z);
    else
        dat_tiled_attention_forward(&tiled);
}

static void disrca_backward(dat_node *n)
{
    disrca_call z = call_of(n);
    dat_tiled_attention tiled = tiled_of(&z);
    if (dat_is_whole(&z.sizes))
        whole_backward(&z);
    else
        dat_tiled_attention_backward(&tiled);
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
