/* The dropout mask of a node, for ops that drop inside of their own loops. */
#ifndef DAT_OPS_DROPOUT_H
#define DAT_OPS_DROPOUT_H

#include "core/rng.h"
#include "core/tape.h"

typedef struct dat_dropout_mask {
    uint64_t key;
    uint32_t threshold; /* an element is dropped when its 32 random bits are below this */
    dat_real scale;     /* of the others */
} dat_dropout_mask;

/* The mask of `n` at this rate; keeps everything while the tape is not training. */
dat_dropout_mask dat_dropout_mask_of(const dat_node *n, double rate);

/* 0 or the scale. */
static inline dat_real dat_dropout_factor(dat_dropout_mask mask, uint32_t element)
{
    return dat_rng_element(mask.key, element) >= mask.threshold ? mask.scale : 0;
}

#endif
