/* Attention over tiles, for sequences that are not whole: memory grows with their length, not with its
 * square. Forward keeps the log-sum-exp of every row of a softmax; backward makes the weights of a tile
 * again. Serves attention and, as weights may be products of two kinds, disentangled relational
 * cross-attention. */
#ifndef DAT_OPS_ATTENTION_TILED_H
#define DAT_OPS_ATTENTION_TILED_H

#include "ops/attention_scores.h"

/* out_i = concat_h sum_j M_ij w_ij v_ij, w the weights of `attention`, times those of `relation` if
 * `related`; M the dropout mask. Both have as many heads as `sizes`, and log_sums where they need them. */
typedef struct dat_tiled_attention {
    const dat_node *n;
    dat_head_sizes sizes;
    dat_scores attention, relation;
    bool related;
    double dropout;
    dat_real *attention_sink, *relation_sink; /* receive the weights (B, n_heads, n, m), or NULL */
} dat_tiled_attention;

/* Writes n->out->data and log_sums. The tape has an error when memory is out. */
void dat_tiled_attention_forward(const dat_tiled_attention *a);

/* From n->out->grad, with log_sums of forward, adds to all gradients. */
void dat_tiled_attention_backward(const dat_tiled_attention *a);

#endif
