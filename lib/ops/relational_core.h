/* What the two ways to compute relational attention share: over whole sequences, keeping all weights and
 * relations for backward, and over tiles, making them again. */
#ifndef DAT_OPS_RELATIONAL_CORE_H
#define DAT_OPS_RELATIONAL_CORE_H

#include "ops/attention_scores.h"

/* One call of the op. Relations are weights of their own queries and keys, one head for each relation. */
typedef struct dat_relational {
    const dat_node *n;
    dat_head_sizes s;
    dat_scores attention, relation;
    dat_dropout_mask mask; /* of attention's weights */
    dat_tensor *wr;        /* (n_heads, head_dim, R) */
    int64_t R;
    int64_t square;          /* n * m */
    int64_t averages;        /* n * n_heads * R, the size of T */
    dat_real *scores_sink;   /* receives attention's weights (B, n_heads, n, m), or NULL */
    dat_real *relation_sink; /* receives the relations (B, n, m, R), or NULL */
} dat_relational;

/* Values that forward keeps in n->saved, forward and backward themselves. The tape has an error when memory
 * is out. */
int64_t dat_relational_whole_saved(const dat_relational *z);
void dat_relational_whole_forward(const dat_relational *z);
void dat_relational_whole_backward(const dat_relational *z);

int64_t dat_relational_tiled_saved(const dat_relational *z);
void dat_relational_tiled_forward(const dat_relational *z);
void dat_relational_tiled_backward(const dat_relational *z);

#endif
