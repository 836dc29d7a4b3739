#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "core/gemm.h"
#include "util/memory.h"

enum { SIDE = 1024, REPEATS = 12 };

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_sgemm_peak(void)
{
    dat_real *a = dat_allocate(SIDE * SIDE, sizeof *a), *b = dat_allocate(SIDE * SIDE, sizeof *b);
    dat_real *c = dat_allocate(SIDE * SIDE, sizeof *c);
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i] = (dat_real)(i % 7) - 3;
        b[i] = (dat_real)(i % 5) - 2;
    }
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double start = bench_now();
        dat_gemm(SIDE, SIDE, SIDE, 1, (dat_matrix){a, SIDE, false}, (dat_matrix){b, SIDE, false}, 0, c, SIDE);
        double rate = 2.0 * SIDE * SIDE * SIDE / (bench_now() - start) * 1e-9;
        best = rate > best ? rate : best;
    }
    free(a);
    free(b);
    free(c);
    return best;
}
