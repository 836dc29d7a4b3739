/* Matrix products too small for BLAS, whose calls cost more than the arithmetic: the heads of short
 * sequences. */
#ifndef DAT_CORE_GEMM_TINY_H
#define DAT_CORE_GEMM_TINY_H

#include "core/gemm.h"

/* C = alpha op(A) op(B) + beta C as dat_gemm_serial; A and B are not both transposed. */
void dat_gemm_tiny(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b, dat_real beta,
                   dat_real *c, int64_t c_stride);

#endif
