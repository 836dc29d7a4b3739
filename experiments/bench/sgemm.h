/* The yardstick: how fast this machine multiplies large matrices. */
#ifndef BENCH_SGEMM_H
#define BENCH_SGEMM_H

#include "core/real.h"

/* Operands of 1024 x 1024 x 1024 products. */
typedef struct bench_sgemm {
    dat_real *a, *b, *c; /* (1024, 1024), owned */
} bench_sgemm;

void bench_sgemm_init(bench_sgemm *sgemm);

/* GFLOP/s on all threads: the median of five products, as cases are medians, too. */
double bench_sgemm_rate(const bench_sgemm *sgemm);

void bench_sgemm_free(bench_sgemm *sgemm);

#endif
