/* Random numbers without hidden state. A stream is a key and a counter; the value at a counter is a hash of
 * both (SplitMix64: Steele, Lea & Flood 2014), so a stream can be saved, resumed, forked and read at any
 * place. */
#ifndef DAT_CORE_RNG_H
#define DAT_CORE_RNG_H

#include <stdint.h>

#include "core/real.h"

typedef struct dat_rng {
    uint64_t key;
    uint64_t counter; /* number of 64-bit values drawn so far */
} dat_rng;

/* A stream of its own for every seed. */
dat_rng dat_rng_seed(uint64_t seed);

/* An independent stream named by `stream`; the parent is not advanced. */
dat_rng dat_rng_fork(const dat_rng *parent, uint64_t stream);

/* 64 uniform bits. */
uint64_t dat_rng_next(dat_rng *rng);

/* Uniform in [0, 1), a multiple of 2^-53. */
double dat_rng_uniform(dat_rng *rng);

/* Uniform integer in [0, bound), without bias; bound must be at least 1. */
uint64_t dat_rng_below(dat_rng *rng, uint64_t bound);

/* Standard normal (Box-Muller, two draws a value, nothing cached). */
double dat_rng_normal(dat_rng *rng);

/* Fills `order` with a uniform random permutation of 0..n-1 (Fisher-Yates). */
void dat_rng_permutation(dat_rng *rng, int64_t n, int64_t *order);

/* 32 well-mixed bits of (key, element), cheap enough for one draw per activation: a 32-bit finaliser (C.
 * Wellons' lowbias32) with half of the key before each of its multiplications. Keys must be random
 * themselves. Inlined so that loops over elements vectorise. */
static inline uint32_t dat_rng_element(uint64_t key, uint32_t element)
{
    uint32_t x = element + (uint32_t)key;
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= (uint32_t)(key >> 32);
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    return x;
}

#endif
