/* Reproducible random numbers for tests. */
#ifndef TESTS_SUPPORT_RANDOM_VALUES_H
#define TESTS_SUPPORT_RANDOM_VALUES_H

#include <stdint.h>

#include "core/params.h"
#include "core/real.h"

/* Standard normal values; the same seed gives the same ones. */
void fill_random(dat_real *values, int64_t count, uint64_t seed);

/* The same in memory that the caller releases with free(). */
dat_real *random_values(int64_t count, uint64_t seed);

/* Gives every parameter random values of the standard deviation `scale`, norm gains around 1 (any parameter
 * that starts as ones), so that none can be dropped unnoticed. */
void randomise_params(dat_params *params, double scale, uint64_t seed);

#endif
