#include "core/gemm.h"

#include <cblas.h>

#include "util/parallel.h"
#include "util/status.h"

/* Rows of C per piece of work: large enough that packing B again for every piece does not show, small enough
 * that threads share a micro-batch evenly. Heights are multiples of a kernel's rows. */
enum { ROWS_PER_PIECE = 320, KERNEL_ROWS = 16, SHALLOW = 64 };

/* Below this many multiply-adds a BLAS call costs more than the product itself. */
enum { TINY = 16 * 1024 };

static void blas_gemm(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                      dat_real beta, dat_real *c, int64_t c_stride)
{
    CBLAS_TRANSPOSE transpose_a = a.transposed ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE transpose_b = b.transposed ? CblasTrans : CblasNoTrans;
    blasint sizes[] = {(blasint)m, (blasint)n, (blasint)k};
    blasint strides[] = {(blasint)a.stride, (blasint)b.stride, (blasint)c_stride};
#ifdef DAT_DOUBLE
    cblas_dgemm(
#else
    cblas_sgemm(
#endif
        CblasRowMajor, transpose_a, transpose_b, sizes[0], sizes[1], sizes[2], alpha, a.data, strides[0],
        b.data, strides[1], beta, c, strides[2]);
}

/* C += alpha A B with rows of B contiguous: the inner loop runs along a row of C, four rows of B at a time so
 * that the row of C is read and written a quarter as often. */
static void tiny_rows(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                      dat_real *c, int64_t c_stride)
{
    int64_t step_i = a.transposed ? 1 : a.stride, step_l = a.transposed ? a.stride : 1;
    for (int64_t i = 0; i < m; i++) {
        const dat_real *left = a.data + i * step_i;
        dat_real *restrict row = c + i * c_stride;
        int64_t l = 0;
        for (; l + 4 <= k; l += 4) {
            dat_real s0 = alpha * left[l * step_l], s1 = alpha * left[(l + 1) * step_l];
            dat_real s2 = alpha * left[(l + 2) * step_l], s3 = alpha * left[(l + 3) * step_l];
            const dat_real *restrict b0 = b.data + l * b.stride, *restrict b1 = b0 + b.stride;
            const dat_real *restrict b2 = b1 + b.stride, *restrict b3 = b2 + b.stride;
#pragma omp simd
            for (int64_t j = 0; j < n; j++)
                row[j] += s0 * b0[j] + s1 * b1[j] + s2 * b2[j] + s3 * b3[j];
        }
        for (; l < k; l++) {
            dat_real scale = alpha * left[l * step_l];
            const dat_real *restrict source = b.data + l * b.stride;
#pragma omp simd
            for (int64_t j = 0; j < n; j++)
                row[j] += scale * source[j];
        }
    }
}

/* C += alpha A B^T: every element is a dot product of two contiguous rows, four at a time for one row of A.
 */
static void tiny_dots(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                      dat_real *c, int64_t c_stride)
{
    for (int64_t i = 0; i < m; i++) {
        const dat_real *restrict left = a.data + i * a.stride;
        dat_real *row = c + i * c_stride;
        int64_t j = 0;
        for (; j + 4 <= n; j += 4) {
            const dat_real *restrict b0 = b.data + j * b.stride, *restrict b1 = b0 + b.stride;
            const dat_real *restrict b2 = b1 + b.stride, *restrict b3 = b2 + b.stride;
            dat_real s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
            for (int64_t l = 0; l < k; l++) {
                s0 += left[l] * b0[l];
                s1 += left[l] * b1[l];
                s2 += left[l] * b2[l];
                s3 += left[l] * b3[l];
            }
            row[j] += alpha * s0;
            row[j + 1] += alpha * s1;
            row[j + 2] += alpha * s2;
            row[j + 3] += alpha * s3;
        }
        for (; j < n; j++) {
            const dat_real *restrict right = b.data + j * b.stride;
            dat_real sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int64_t l = 0; l < k; l++)
                sum += left[l] * right[l];
            row[j] += alpha * sum;
        }
    }
}

void dat_gemm_serial(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     dat_real beta, dat_real *c, int64_t c_stride)
{
    DAT_ASSERT(beta == 0 || beta == 1);
    bool can_be_tiny = !b.transposed || !a.transposed;
    if (m * n * k > TINY || !can_be_tiny) {
        blas_gemm(m, n, k, alpha, a, b, beta, c, c_stride);
        return;
    }
    if (beta == 0)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++)
                c[i * c_stride + j] = 0;
    if (b.transposed)
        tiny_dots(m, n, k, alpha, a, b, c, c_stride);
    else
        tiny_rows(m, n, k, alpha, a, b, c, c_stride);
}

/* A rule of the shape alone: the thread count must not decide where rows are cut. Short products with a long
 * sum (gradients of weights) are halved. */
static int64_t rows_per_piece(int64_t m, int64_t k)
{
    int64_t pieces = (m + ROWS_PER_PIECE - 1) / ROWS_PER_PIECE;
    if (pieces == 1 && m >= 4 * KERNEL_ROWS && k >= SHALLOW)
        pieces = 2;
    int64_t rows = (m + pieces - 1) / pieces;
    return (rows + KERNEL_ROWS - 1) / KERNEL_ROWS * KERNEL_ROWS;
}

typedef struct product {
    int64_t m, n, k, rows_per_piece;
    dat_real alpha, beta;
    dat_matrix a, b;
    dat_real *c;
    int64_t c_stride;
} product;

static void multiply_pieces(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const product *p = context;
    for (int64_t i = start; i < end; i++) {
        int64_t first = i * p->rows_per_piece;
        int64_t height = first + p->rows_per_piece <= p->m ? p->rows_per_piece : p->m - first;
        dat_matrix part = p->a;
        part.data += part.transposed ? first : first * part.stride;
        blas_gemm(height, p->n, p->k, p->alpha, part, p->b, p->beta, p->c + first * p->c_stride, p->c_stride);
    }
}

void dat_gemm(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b, dat_real beta,
              dat_real *c, int64_t c_stride)
{
    if (m == 0 || n == 0)
        return;
    int64_t rows = rows_per_piece(m, k);
    product p = {m, n, k, rows, alpha, beta, a, b, c, c_stride};
    dat_parallel(dat_pieces_of((m + rows - 1) / rows, 1), multiply_pieces, &p);
}

void dat_blas_use_one_thread(void)
{
    openblas_set_num_threads(1);
}

const char *dat_blas_description(void)
{
    return openblas_get_config();
}
