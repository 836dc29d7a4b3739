/* Heads of attention with all pairs of positions in memory: what the naive ops are made of. Matrices (n, m)
 * have no gaps; one (batch item, head) pair at a time. */
#ifndef TESTS_SUPPORT_NAIVE_HEADS_H
#define TESTS_SUPPORT_NAIVE_HEADS_H

#include "ops/dropout.h"
#include "ops/ops.h"

typedef struct naive_scores {
    dat_columns query, key;
    int64_t n_heads, n_key_heads;
    double scale;
    bool pointwise;
    dat_activation activation;
    bool causal;
    int64_t first_query;
    const uint8_t *mask;
    const int64_t *key_lengths;
} naive_scores;

typedef struct naive_values {
    dat_columns columns;
    int64_t n, m, n_heads, n_kv_heads;
    dat_symbol_layout layout;
    int64_t max_distance, first_query;
} naive_values;

naive_scores naive_scores_of(dat_columns query, dat_columns key, const dat_attention_args *args);
naive_values naive_values_of(dat_columns value, int64_t n, int64_t m, const dat_attention_args *args);

/* Whether backward needs the scaled dot products. */
bool naive_keeps_dots(const naive_scores *s);

/* Whether the batch shares the tensor, so that items may not add to its gradient side by side. */
bool naive_is_shared(const dat_tensor *t, int64_t batch);

/* p = the weights; `dots` receives the scaled dot products where they are kept. */
void naive_weights(const naive_scores *s, int64_t b, int64_t h, dat_real *dots, dat_real *p);

/* From dp, the gradient at p (overwritten), adds to those of queries and keys; `scratch` as dots. */
void naive_weights_backward(const naive_scores *s, int64_t b, int64_t h, const dat_real *dots,
                            const dat_real *p, dat_real *dp, dat_real *scratch);

/* dropped = mask p; may be p. */
void naive_dropout(dat_dropout_mask mask, int64_t first, int64_t count, const dat_real *p, dat_real *dropped);

/* out_i (n, head_dim) = sum_j w_ij v_ij. */
void naive_values_sum(const naive_values *v, int64_t b, int64_t h, const dat_real *w, dat_real *out,
                      int64_t out_stride);

/* From dout: dv_ij += w_ij dout_i where it is wanted, dw_ij = dout_i . v_ij. */
void naive_values_backward(const naive_values *v, int64_t b, int64_t h, const dat_real *w,
                           const dat_real *dout, int64_t out_stride, dat_real *dw);

#endif
