/* Matrix products of the sizes that models have, which are small for BLAS: sums of tens or hundreds of terms,
 * whose packing and calls cost more there than the arithmetic leaves room for. */
#ifndef DAT_CORE_GEMM_BLOCK_H
#define DAT_CORE_GEMM_BLOCK_H

#include "core/gemm.h"

/* C = alpha op(A) op(B) + start, serially. `start` is (m, n) with rows at distance start_stride, perhaps C
 * itself, or one row for all with distance 0; NULL: zeros. */
void dat_gemm_blocks(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     const dat_real *start, int64_t start_stride, dat_real *c, int64_t c_stride);

#endif
