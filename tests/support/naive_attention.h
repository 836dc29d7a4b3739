/* The attention ops with all pairs of positions in memory, as oracles of the tiled ones and to measure them
 * against. Products are matrix products, and work is shared out by batch items. Arguments are taken to be
 * right. */
#ifndef TESTS_SUPPORT_NAIVE_ATTENTION_H
#define TESTS_SUPPORT_NAIVE_ATTENTION_H

#include "ops/ops.h"

/* dat_attention. */
dat_tensor *naive_attention(dat_tape *tape, dat_columns query, dat_columns key, dat_columns value,
                            const dat_attention_args *args);

/* dat_disrca_core. */
dat_tensor *naive_disrca_core(dat_tape *tape, dat_columns query, dat_columns key, dat_columns query_rel,
                              dat_columns key_rel, dat_tensor *symbols, const dat_disrca_args *args);

/* dat_relational_attention_core. */
dat_tensor *naive_relational_attention_core(dat_tape *tape, dat_columns query, dat_columns key,
                                            dat_columns query_rel, dat_columns key_rel, dat_tensor *symbols,
                                            dat_tensor *wr, const dat_relational_args *args);

#endif
