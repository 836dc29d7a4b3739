/* What self-attention and relational attention share: sizes, masks, and the probabilities of one head. All functions
 * work on one (batch, head) pair, serially; strides are in values. */
#ifndef DAT_OPS_ATTENTION_HEADS_H
#define DAT_OPS_ATTENTION_HEADS_H

#include "core/gemm.h"
#include "ops/dropout.h"
#include "ops/ops.h"

/* Sizes of one attention: queries (B, n, n_heads key_dim), keys (B or 1, m, n_kv_heads key_dim), values (B or 1, m,
 * n_kv_heads head_dim). */
typedef struct dat_head_sizes {
    int64_t batch, n, m, n_heads, n_kv_heads, key_dim, head_dim;
    bool shared_keys, shared_values; /* one set for the whole batch */
} dat_head_sizes;

/* Checks the three tensors against each other and the arguments; false with the tape's error. */
bool dat_head_sizes_check(dat_tape *tape, const dat_node *n, const dat_tensor *query, const dat_tensor *key,
                          const dat_tensor *value, const dat_attention_args *args, dat_head_sizes *sizes);

/* The sizes of tensors that were checked. */
dat_head_sizes dat_head_sizes_of(const dat_tensor *query, const dat_tensor *key, const dat_tensor *value,
                                 const dat_attention_args *args);

/* Number of (i, j) pairs that the mathematics needs: half of them when causal. */
double dat_head_pairs(const dat_head_sizes *sizes, const dat_attention_args *args);

/* Key/value head of query head h. */
static inline int64_t dat_kv_head(const dat_head_sizes *s, int64_t h)
{
    return h / (s->n_heads / s->n_kv_heads);
}

/* p (n, m) = softmax_j(scale q k^T) with masked pairs at 0. q (n, key_dim), k (m, key_dim). */
void dat_head_probabilities(const dat_head_sizes *s, const dat_attention_args *args, const dat_real *q,
                            const dat_real *k, dat_real *p);

/* dropped (n, m) = mask p, where `first` is the index of p's first value in the node's mask. */
void dat_head_dropout(const dat_head_sizes *s, dat_dropout_mask mask, int64_t first, const dat_real *p,
                      dat_real *dropped);

/* From dp (n, m), the gradient at the dropped probabilities (overwritten), adds to dq and dk, either of which may be
 * NULL. */
void dat_head_probabilities_backward(const dat_head_sizes *s, const dat_attention_args *args,
                                     dat_dropout_mask mask, int64_t first, const dat_real *q,
                                     const dat_real *k, const dat_real *p, dat_real *dp, dat_real *dq,
                                     dat_real *dk);

/* A head of a projected tensor: a matrix of rows at distance `stride`. */
static inline dat_matrix dat_head_matrix(const dat_real *data, int64_t stride)
{
    return (dat_matrix){data, stride, false};
}

static inline dat_matrix dat_transposed(dat_matrix a)
{
    a.transposed = !a.transposed;
    return a;
}

#endif
