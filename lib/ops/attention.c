/* Scaled dot-product attention. Per head, with S = scale Q K^T, P = softmax(S) and M the dropout mask:
 *   O = (M P) V;   dV = (M P)^T dO,  dP = M (dO V^T),  dS = P (dP - rowsum(P dP)),
 *   dQ = scale dS K,  dK = scale dS^T Q.
 * Pointwise weights P = act(S) have dS = dP act'(S) instead. Values that differ by receiver replace V by the
 * rows of each one, see attention_values.h. The weights of short sequences are kept; longer ones go tile by
 * tile, see attention_tiled.h. */
#include <string.h>

#include "ops/attention_tiled.h"
#include "ops/attention_values.h"
#include "ops/registry.h"

enum { QUERY, KEY, VALUE, N_PROJECTIONS };

typedef struct op_args {
    dat_attention_args attention; /* first, so that it can be read as one */
    dat_columns columns[N_PROJECTIONS];
} op_args;

static const dat_attention_args *attention_of(const dat_node *n)
{
    return &((const op_args *)n->args)->attention;
}

static dat_head_sizes sizes_of(const dat_node *n)
{
    const op_args *args = n->args;
    return dat_head_sizes_of(args->columns[QUERY], args->columns[KEY], args->columns[VALUE],
                             &args->attention);
}

static bool attention_shape(dat_tape *tape, dat_node *n)
{
    const op_args *args = n->args;
    dat_head_sizes s;
    if (!dat_head_sizes_check(tape, n, args->columns[QUERY], args->columns[KEY], args->columns[VALUE],
                              &args->attention, &s))
        return false;
    return dat_shape_set(n->out, 3, (int64_t[]){s.batch, s.n, s.n_heads * s.head_dim});
}

static double attention_flops(const dat_node *n, bool backward)
{
    dat_head_sizes s = sizes_of(n);
    double scores = 2 * dat_head_pairs(&s) * (double)s.key_dim;
    double values = 2 * dat_head_pairs(&s) * (double)s.head_dim;
    if (!backward)
        return scores + values;
    int score_grads = (s.query.grad != NULL) + (s.key.grad != NULL);
    return score_grads * scores + (score_grads > 0) * values + (s.value.grad != NULL) * values;
}

/* Over tiles: log_sums. Whole: all weights, then where they are needed all scores, (batch, n_heads, n, m)
 * each. */
static int64_t weights_count(const dat_head_sizes *s)
{
    return s->batch * s->n_heads * s->n * s->m;
}

static int64_t attention_saved(const dat_node *n)
{
    dat_head_sizes s = sizes_of(n);
    dat_scores scores = dat_scores_of(&s, attention_of(n));
    if (!dat_is_whole(&s))
        return dat_log_sums_count(&scores, s.batch);
    return (dat_keeps_dots(&scores) ? 2 : 1) * weights_count(&s);
}

/* --- tiles --- */

static dat_tiled_attention tiled_of(const dat_node *n)
{
    const dat_attention_args *args = attention_of(n);
    dat_tiled_attention a = {
        .n = n,
        .sizes = sizes_of(n),
        .dropout = args->dropout,
        .attention_sink = args->scores,
    };
    a.attention = dat_scores_of(&a.sizes, args);
    a.attention.log_sums = n->saved;
    return a;
}

/* --- whole heads --- */

/* What the pieces of a batch share: scratch for each, and partial sums of what the batch shares. */
typedef struct batch_work {
    const dat_node *n;
    dat_head_sizes sizes;
    dat_scores scores;
    dat_dropout_mask mask;
    int64_t piece_scratch; /* values of each piece */
    dat_real *scratch;
    dat_real *key_sums, *value_sums;
} batch_work;

static batch_work work_of(const dat_node *n)
{
    batch_work work = {.n = n, .sizes = sizes_of(n)};
    work.scores = dat_scores_of(&work.sizes, attention_of(n));
    work.mask = dat_dropout_mask_of(n, attention_of(n)->dropout);
    return work;
}

/* The saved scores of the head whose weights start at `first`, or NULL. */
static dat_real *saved_dots(const batch_work *work, int64_t first)
{
    return dat_keeps_dots(&work->scores) ? work->n->saved + weights_count(&work->sizes) + first : NULL;
}

/* The weights as values get them: with dropout in `dropped`, or p itself. */
static const dat_real *dropped_weights(const batch_work *work, int64_t first, const dat_real *p,
                                       dat_real *dropped)
{
    if (!work->mask.threshold)
        return p;
    dat_head_dropout(&work->scores, work->mask, first, p, dropped);
    return dropped;
}

static void forward_item(const batch_work *work, int64_t b, dat_real *scratch)
{
    const dat_head_sizes *s = &work->sizes;
    int64_t square = s->n * s->m, out_width = s->n_heads * s->head_dim;
    dat_real *out = work->n->out->data + b * s->n * out_width;
    memset(out, 0, (size_t)(s->n * out_width) * sizeof *out);
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t first = (b * s->n_heads + h) * square;
        dat_real *p = work->n->saved + first;
        dat_head_weights(&work->scores, b, h, saved_dots(work, first), p);
        dat_values_sum(s, b, h, dat_whole_tile(s), dropped_weights(work, first, p, scratch), scratch + square,
                       out + h * s->head_dim, out_width);
    }
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    for (int64_t b = start; b < end; b++)
        forward_item(work, b, work->scratch + piece * work->piece_scratch);
}

static void whole_forward(dat_node *n)
{
    const dat_attention_args *args = attention_of(n);
    batch_work work = work_of(n);
    const dat_head_sizes *s = &work.sizes;
    dat_pieces pieces = dat_pieces_of(s->batch, 1);
    work.piece_scratch = s->n * s->m + dat_values_scratch_size(s, s->n, s->m);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.piece_scratch);
    if (!work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    if (args->scores)
        memcpy(args->scores, n->saved, (size_t)weights_count(s) * sizeof(dat_real));
}

static void backward_item(const batch_work *work, int64_t b, dat_score_grads grads, dat_grad_rows dv,
                          dat_real *scratch)
{
    const dat_head_sizes *s = &work->sizes;
    int64_t square = s->n * s->m, out_width = s->n_heads * s->head_dim;
    dat_tile whole = dat_whole_tile(s);
    dat_real *dropped = scratch, *dp = scratch + square, *value_scratch = scratch + 2 * square;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t first = (b * s->n_heads + h) * square;
        const dat_real *p = work->n->saved + first, *weights = dropped_weights(work, first, p, dropped);
        dat_matrix dout =
            dat_head_matrix(work->n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
        if (dv.data)
            dat_values_backward(s, h, whole, weights, dout, value_scratch, dv);
        if (!grads.query.data && !grads.key.data)
            continue;
        dat_values_weights_backward(s, b, h, whole, dout, value_scratch, dp);
        if (work->mask.threshold)
            dat_head_dropout(&work->scores, work->mask, first, dp, dp);
        dat_head_weights_backward(&work->scores, b, h, saved_dots(work, first), p, dp, dropped, grads);
    }
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const dat_head_sizes *s = &work->sizes;
    dat_real *key_sums = work->key_sums + piece * dat_shared_count(&s->key);
    dat_real *value_sums = work->value_sums + piece * dat_shared_count(&s->value);
    for (int64_t b = start; b < end; b++) {
        dat_score_grads grads = {dat_grad_rows_of(&s->query, b, NULL),
                                 dat_grad_rows_of(&s->key, b, key_sums)};
        backward_item(work, b, grads, dat_grad_rows_of(&s->value, b, value_sums),
                      work->scratch + piece * work->piece_scratch);
    }
}

static void whole_backward(dat_node *n)
{
    batch_work work = work_of(n);
    const dat_head_sizes *s = &work.sizes;
    int64_t key_count = dat_shared_count(&s->key), value_count = dat_shared_count(&s->value);
    dat_pieces pieces = dat_pieces_of(s->batch, 1);
    work.piece_scratch = 2 * s->n * s->m + dat_values_scratch_size(s, s->n, s->m);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.piece_scratch);
    work.key_sums = dat_partial_sums(n->tape, pieces, key_count);
    work.value_sums = dat_partial_sums(n->tape, pieces, value_count);
    if (!work.scratch || !work.key_sums || !work.value_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    dat_add_partial_sums(work.key_sums, pieces, key_count, s->key.grad);
    dat_add_partial_sums(work.value_sums, pieces, value_count, s->value.grad);
}

/* --- the op --- */

static void attention_forward(dat_node *n)
{
    dat_tiled_attention tiled = tiled_of(n);
    if (dat_is_whole(&tiled.sizes))
        whole_forward(n);
    else
        dat_tiled_attention_forward(&tiled);
}

static void attention_backward(dat_node *n)
{
    dat_tiled_attention tiled = tiled_of(n);
    if (dat_is_whole(&tiled.sizes))
        whole_backward(n);
    else
        dat_tiled_attention_backward(&tiled);
}

const dat_op dat_op_attention = {
    .name = "attention",
    .required = 3,
    .shape = attention_shape,
    .flops = attention_flops,
    .saved = attention_saved,
    .forward = attention_forward,
    .backward = attention_backward,
};

dat_tensor *dat_attention(dat_tape *tape, dat_columns query, dat_columns key, dat_columns value,
                          const dat_attention_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, value.tensor};
    op_args all = {*args, {query, key, value}};
    return dat_tape_apply(tape, &dat_op_attention, in, N_PROJECTIONS, &all, sizeof all);
}
