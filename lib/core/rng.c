#include "core/rng.h"

#include <math.h>

#include "util/status.h"

/* 2^64 / golden ratio: the step of SplitMix64. */
static const uint64_t GAMMA = 0x9e3779b97f4a7c15U;

static uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

dat_rng dat_rng_seed(uint64_t seed)
{
    return (dat_rng){.key = mix64(seed + GAMMA)};
}

dat_rng dat_rng_fork(const dat_rng *parent, uint64_t stream)
{
    return (dat_rng){.key = mix64(mix64(parent->key ^ GAMMA) + mix64(stream + GAMMA))};
}

uint64_t dat_rng_next(dat_rng *rng)
{
    rng->counter++;
    return mix64(rng->key + rng->counter * GAMMA);
}

double dat_rng_uniform(dat_rng *rng)
{
    return (double)(dat_rng_next(rng) >> 11) * 0x1p-53;
}

uint64_t dat_rng_below(dat_rng *rng, uint64_t bound)
{
    DAT_ASSERT(bound > 0);
    /* Values at or above the largest multiple of bound would favour small results: draw again. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value;
    do
        value = dat_rng_next(rng);
    while (value >= limit);
    return value % bound;
}

double dat_rng_normal(dat_rng *rng)
{
    const double two_pi = 6.283185307179586;
    double radius = sqrt(-2 * log(1 - dat_rng_uniform(rng)));
    return radius * cos(two_pi * dat_rng_uniform(rng));
}

void dat_rng_permutation(dat_rng *rng, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)dat_rng_below(rng, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
