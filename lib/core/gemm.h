/* Matrix products, row-major: C = alpha op(A) op(B) + beta C with op(A) (m, k), op(B) (k, n), C (m, n). The
 * only place that calls BLAS, which is kept at one thread: the loops here own the cores. */
#ifndef DAT_CORE_GEMM_H
#define DAT_CORE_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/real.h"

/* A matrix operand: its first element, the distance between rows, and whether it is used transposed. */
typedef struct dat_matrix {
    const dat_real *data;
    int64_t stride;
    bool transposed;
} dat_matrix;

/* Large products: the rows of C are split over threads in pieces that depend on the shape only, so the result
 * has the same bits at any thread count. beta is 0 or 1. */
void dat_gemm(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b, dat_real beta,
              dat_real *c, int64_t c_stride);

/* The same from rows that all start as `row` (n): C = row + op(A) op(B). */
void dat_gemm_onto_row(int64_t m, int64_t n, int64_t k, dat_matrix a, dat_matrix b, const dat_real *row,
                       dat_real *c, int64_t c_stride);

/* dat_gemm on the calling thread, for use inside parallel loops: products of one head, which have kernels of
 * their own (gemm_block.h, gemm_tiny.h). */
void dat_gemm_serial(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     dat_real beta, dat_real *c, int64_t c_stride);

/* Keeps BLAS at one thread from now on, so that it does not compete with the loops here. Every tape calls it.
 */
void dat_blas_use_one_thread(void);

/* Name and version of the BLAS in use, for the record. */
const char *dat_blas_description(void);

#endif
