/* Scaled dot-product attention. Per head, with P = softmax(scale Q K^T) and M the dropout mask:
 *   O = (M P) V;   dV = (M P)^T dO,  dP = M (dO V^T),  dS = P (dP - rowsum(P dP)),
 *   dQ = scale dS K,  dK = scale dS^T Q. */
#include <string.h>

#include "ops/attention_heads.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"

enum { QUERY, KEY, VALUE };

static dat_head_sizes sizes_of(const dat_node *n)
{
    return dat_head_sizes_of(n->in[QUERY], n->in[KEY], n->in[VALUE], n->args);
}

static bool attention_shape(dat_tape *tape, dat_node *n)
{
    dat_head_sizes s;
    if (!dat_head_sizes_check(tape, n, n->in[QUERY], n->in[KEY], n->in[VALUE], n->args, &s))
        return false;
    return dat_shape_set(n->out, 3, (int64_t[]){s.batch, s.n, s.n_heads * s.head_dim});
}

static double attention_flops(const dat_node *n, bool backward)
{
    dat_head_sizes s = sizes_of(n);
    double scores = 2 * dat_head_pairs(&s, n->args) * (double)s.key_dim;
    double values = 2 * dat_head_pairs(&s, n->args) * (double)s.head_dim;
    if (!backward)
        return scores + values;
    int score_grads = (n->in[QUERY]->grad != NULL) + (n->in[KEY]->grad != NULL);
    return score_grads * scores + (score_grads > 0) * values + (n->in[VALUE]->grad != NULL) * values;
}

static int64_t attention_saved(const dat_node *n)
{
    dat_head_sizes s = sizes_of(n);
    return s.batch * s.n_heads * s.n * s.m;
}

static void forward_item(const dat_node *n, const dat_head_sizes *s, int64_t b, dat_real *dropped)
{
    const dat_attention_args *args = n->args;
    dat_dropout_mask mask = dat_dropout_mask_of(n, args->dropout);
    int64_t square = s->n * s->m, value_width = s->n_kv_heads * s->head_dim;
    int64_t out_width = s->n_heads * s->head_dim;
    const dat_real *q = n->in[QUERY]->data + b * s->n * s->n_heads * s->key_dim;
    const dat_real *k = n->in[KEY]->data + (s->shared_keys ? 0 : b) * s->m * s->n_kv_heads * s->key_dim;
    const dat_real *v = n->in[VALUE]->data + (s->shared_values ? 0 : b) * s->m * value_width;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t g = dat_kv_head(s, h), first = (b * s->n_heads + h) * square;
        dat_real *p = n->saved + first;
        dat_head_probabilities(s, args, q + h * s->key_dim, k + g * s->key_dim, p);
        const dat_real *weights = p;
        if (mask.threshold) {
            dat_head_dropout(s, mask, first, p, dropped);
            weights = dropped;
        }
        dat_gemm_serial(s->n, s->head_dim, s->m, 1, dat_head_matrix(weights, s->m),
                        dat_head_matrix(v + g * s->head_dim, value_width), 0,
                        n->out->data + b * s->n * out_width + h * s->head_dim, out_width);
    }
}

/* What the pieces of a batch share: scratch for each, and partial sums of what the batch shares. */
typedef struct batch_work {
    const dat_node *n;
    dat_head_sizes sizes;
    dat_real *scratch;
    dat_real *key_sums, *value_sums;
} batch_work;

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    for (int64_t b = start; b < end; b++)
        forward_item(work->n, &work->sizes, b, work->scratch + piece * work->sizes.n * work->sizes.m);
}

static void attention_forward(dat_node *n)
{
    const dat_attention_args *args = n->args;
    batch_work work = {.n = n, .sizes = sizes_of(n)};
    dat_pieces pieces = dat_pieces_of(work.sizes.batch, 1);
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.sizes.n * work.sizes.m);
    if (!work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    if (args->scores)
        memcpy(args->scores, n->saved, (size_t)attention_saved(n) * sizeof(dat_real));
}

/* Gradient buffers of one batch item; NULL where nobody asks. */
typedef struct item_grads {
    dat_real *dq, *dk, *dv;
} item_grads;

static void backward_item(const dat_node *n, const dat_head_sizes *s, int64_t b, item_grads grads,
                          dat_real *dropped, dat_real *dp)
{
    const dat_attention_args *args = n->args;
    dat_dropout_mask mask = dat_dropout_mask_of(n, args->dropout);
    int64_t square = s->n * s->m, value_width = s->n_kv_heads * s->head_dim;
    int64_t out_width = s->n_heads * s->head_dim;
    const dat_real *q = n->in[QUERY]->data + b * s->n * s->n_heads * s->key_dim;
    const dat_real *k = n->in[KEY]->data + (s->shared_keys ? 0 : b) * s->m * s->n_kv_heads * s->key_dim;
    const dat_real *v = n->in[VALUE]->data + (s->shared_values ? 0 : b) * s->m * value_width;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t g = dat_kv_head(s, h), first = (b * s->n_heads + h) * square;
        const dat_real *p = n->saved + first, *weights = p;
        dat_matrix dout =
            dat_head_matrix(n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
        if (mask.threshold) {
            dat_head_dropout(s, mask, first, p, dropped);
            weights = dropped;
        }
        if (grads.dv)
            dat_gemm_serial(s->m, s->head_dim, s->n, 1, dat_transposed(dat_head_matrix(weights, s->m)), dout, 1,
                            grads.dv + g * s->head_dim, value_width);
        if (!grads.dq && !grads.dk)
            continue;
        dat_gemm_serial(s->n, s->m, s->head_dim, 1, dout,
                        dat_transposed(dat_head_matrix(v + g * s->head_dim, value_width)), 0, dp, s->m);
        dat_head_probabilities_backward(s, args, mask, first, q + h * s->key_dim, k + g * s->key_dim, p, dp,
                                        grads.dq ? grads.dq + h * s->key_dim : NULL,
                                        grads.dk ? grads.dk + g * s->key_dim : NULL);
    }
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const dat_head_sizes *s = &work->sizes;
    dat_real *dquery = work->n->in[QUERY]->grad, *dkey = work->n->in[KEY]->grad;
    dat_real *dvalue = work->n->in[VALUE]->grad;
    int64_t square = s->n * s->m;
    int64_t key_count = s->m * s->n_kv_heads * s->key_dim, value_count = s->m * s->n_kv_heads * s->head_dim;
    dat_real *dropped = work->scratch + 2 * piece * square;
    for (int64_t b = start; b < end; b++) {
        item_grads grads = {0};
        if (dquery)
            grads.dq = dquery + b * s->n * s->n_heads * s->key_dim;
        if (dkey)
            grads.dk = s->shared_keys ? work->key_sums + piece * key_count : dkey + b * key_count;
        if (dvalue)
            grads.dv = s->shared_values ? work->value_sums + piece * value_count : dvalue + b * value_count;
        backward_item(work->n, s, b, grads, dropped, dropped + square);
    }
}

static void attention_backward(dat_node *n)
{
    batch_work work = {.n = n, .sizes = sizes_of(n)};
    const dat_head_sizes *s = &work.sizes;
    dat_real *dkey = n->in[KEY]->grad, *dvalue = n->in[VALUE]->grad;
    int64_t key_count = s->shared_keys && dkey ? s->m * s->n_kv_heads * s->key_dim : 0;
    int64_t value_count = s->shared_values && dvalue ? s->m * s->n_kv_heads * s->head_dim : 0;
    dat_pieces pieces = dat_pieces_of(s->batch, 1);
    work.scratch = dat_tape_scratch(n->tape, 2 * pieces.count * s->n * s->m);
    work.key_sums = dat_partial_sums(n->tape, pieces, key_count);
    work.value_sums = dat_partial_sums(n->tape, pieces, value_count);
    if (!work.scratch || !work.key_sums || !work.value_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    dat_add_partial_sums(work.key_sums, pieces, key_count, dkey);
    dat_add_partial_sums(work.value_sums, pieces, value_count, dvalue);
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

dat_tensor *dat_attention(dat_tape *tape, dat_tensor *query, dat_tensor *key, dat_tensor *value,
                          const dat_attention_args *args)
{
    dat_tensor *in[] = {query, key, value};
    return dat_tape_apply(tape, &dat_op_attention, in, 3, args, sizeof *args);
}
