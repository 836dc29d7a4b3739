/* Which token comes next, given the logits of all. */
#ifndef DAT_MODELS_SAMPLING_H
#define DAT_MODELS_SAMPLING_H

#include <stdint.h>

#include "core/rng.h"
#include "util/status.h"

/* The filters are applied in the order of the members. */
typedef struct dat_sampling {
    double temperature; /* logits are divided by it; 0: always the most likely token, the first of equals */
    int64_t top_k;      /* only the k largest logits, and those equal to the k-th, as the reference; 0: all */
    double top_p;       /* of these only the most likely that together have this probability; 1: all */
} dat_sampling;

/* Refuses a negative temperature or top_k, and a top_p outside (0, 1]. */
dat_status dat_sampling_check(const dat_sampling *sampling);

/* The token with the largest of `count` logits, the first of equals. */
int32_t dat_most_likely(const dat_real *logits, int64_t count);

/* Draws one of `count` tokens by their logits, which are finite. */
int32_t dat_sample(const dat_sampling *sampling, dat_rng *rng, const dat_real *logits, int64_t count);

#endif
