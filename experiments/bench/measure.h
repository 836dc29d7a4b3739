/* How a case is measured: in rounds, because the speed of a shared machine drifts and only neighbours in time
 * compare. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

/* What the round with the median utilisation measured; its numbers belong together. */
typedef struct bench_result {
    double ms;                /* median of the round's repeats */
    double gflop;             /* model FLOPs of one repeat */
    double gflops;            /* gflop over ms */
    double sgemm_peak_gflops; /* the faster sgemm of those before and after the round */
    double utilisation;       /* gflops / sgemm_peak_gflops */
    double gbytes_per_second; /* 0 when not memory-bound */
    double peak_rss_mib;      /* of the case's process after the first repeat, which touches all memory */
    int64_t allocations;      /* heap allocations of the last repeat, all libraries included */
} bench_result;

/* Measures a case in a child process with `threads` threads: rounds of repeats for at least 0.2 s (or 131072
 * of them), between sgemm measurements, for `seconds` and at least five rounds. Must be called while no other
 * thread was started in this process. Fails as the case's preparation does, or when its process is killed. */
dat_status bench_measure(const bench_case *item, int threads, double seconds, bench_result *result);

#endif
