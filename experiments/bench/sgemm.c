#include "sgemm.h"

#include <stdlib.h>

#include "core/gemm.h"
#include "median.h"
#include "util/memory.h"
#include "util/progress.h"

enum { SIDE = 1024, PRODUCTS = 5 };

void bench_sgemm_init(bench_sgemm *sgemm)
{
    sgemm->a = dat_allocate(SIDE * SIDE, sizeof *sgemm->a);
    sgemm->b = dat_allocate(SIDE * SIDE, sizeof *sgemm->b);
    sgemm->c = dat_allocate(SIDE * SIDE, sizeof *sgemm->c);
    for (int i = 0; i < SIDE * SIDE; i++) {
        sgemm->a[i] = (dat_real)(i % 7) - 3;
        sgemm->b[i] = (dat_real)(i % 5) - 2;
    }
    dat_blas_use_one_thread();
}

double bench_sgemm_rate(const bench_sgemm *sgemm)
{
    double times[PRODUCTS];
    for (int i = 0; i < PRODUCTS; i++) {
        double start = dat_seconds();
        dat_gemm(SIDE, SIDE, SIDE, 1, (dat_matrix){sgemm->a, SIDE, false},
                 (dat_matrix){sgemm->b, SIDE, false}, 0, sgemm->c, SIDE);
        times[i] = dat_seconds() - start;
    }
    return 2.0 * SIDE * SIDE * SIDE / bench_median(PRODUCTS, times) * 1e-9;
}

void bench_sgemm_free(bench_sgemm *sgemm)
{
    free(sgemm->a);
    free(sgemm->b);
    free(sgemm->c);
}
