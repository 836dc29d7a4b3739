/* What attention weighs: the value that sender j has for receiver i, wherever the layout keeps it. One tile
 * of one (batch, head) pair at a time, serially; matrices of weights have the tile's stride. */
#ifndef DAT_OPS_ATTENTION_VALUES_H
#define DAT_OPS_ATTENTION_VALUES_H

#include "ops/attention_tiles.h"

/* Scratch values that each of the functions below needs for tiles of up to this size. */
int64_t dat_values_scratch_size(const dat_head_sizes *s, int64_t rows, int64_t cols);

/* out_i (rows, head_dim) += sum_j weights_ij v_ij over the tile, for query head h of batch item b. Weights of
 * a causal attention must be 0 for j > i. */
void dat_values_sum(const dat_head_sizes *s, int64_t b, int64_t h, dat_tile t, const dat_real *weights,
                    dat_real *scratch, dat_real *out, int64_t out_stride);

/* From dout (rows, head_dim): dv_ij += weights_ij dout_i. `dv` are the rows of all heads. */
void dat_values_backward(const dat_head_sizes *s, int64_t h, dat_tile t, const dat_real *weights,
                         dat_matrix dout, dat_real *scratch, dat_grad_rows dv);

/* From dout: dweights_ij (rows, cols) = dout_i . v_ij, overwritten; any finite value for j > i of a causal
 * one. */
void dat_values_weights_backward(const dat_head_sizes *s, int64_t b, int64_t h, dat_tile t, dat_matrix dout,
                                 dat_real *scratch, dat_real *dweights);

#endif
