/* Relational attention by its formula, in plain loops and double: the oracle of the fused op. */
#ifndef TESTS_NN_NAIVE_RELATIONAL_ATTENTION_H
#define TESTS_NN_NAIVE_RELATIONAL_ATTENTION_H

#include "nn/relational_attention.h"

/* What the layer should return for x (B, L, d) and its symbols, without dropout and RoPE: (B, L, n_heads
 * head_dim). Reads causality and mask from the context. The caller releases it with free(). */
dat_real *naive_relational_attention(const dat_relational_layer *layer, const dat_tensor *x,
                                     const dat_symbols *symbols, const dat_attention_context *context);

#endif
