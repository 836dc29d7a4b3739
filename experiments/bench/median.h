/* The middle of some measurements. */
#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H

#include <stdint.h>

/* The median of `count` (at least 1) values, which are put in order. */
double bench_median(int64_t count, double *values);

#endif
