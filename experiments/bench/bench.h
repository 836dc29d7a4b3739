/* The benchmark: named cases, measured in one process together with the machine's own matrix-multiply speed.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

/* What one case measured. */
typedef struct bench_result {
    char name[96];
    int threads;
    double ms;           /* median of the repeats */
    double gflop;        /* model FLOPs of one repeat */
    double peak_gflops;  /* sgemm, the faster of before and after */
    double peak_rss_mib; /* of the process so far */
    int64_t allocations; /* heap allocations during one repeat, all libraries included */
} bench_result;

/* A prepared case: `repeat` does the work once and returns its FLOPs. */
typedef struct bench_case {
    const char *name;
    dat_status (*prepare)(void **state);
    double (*repeat)(void *state);
    void (*release)(void *state);
} bench_case;

/* All cases; ends with a NULL name. */
extern const bench_case bench_cases[];

/* Seconds of a monotonic clock. */
double bench_now(void);

/* GFLOP/s of 1024 x 1024 x 1024 products on all threads: the best of several. */
double bench_sgemm_peak(void);

/* Heap allocations of this process so far; always 0 in sanitizer builds, which own the allocator. */
int64_t bench_allocations(void);

#endif
