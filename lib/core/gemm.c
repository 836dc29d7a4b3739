#include "core/gemm.h"

#include <cblas.h>

#include "core/gemm_tiny.h"
#include "util/parallel.h"
#include "util/status.h"

/* Rows of C per piece of work: large enough that packing B again for every piece does not show, small enough
 * that threads share a micro-batch evenly. Heights are multiples of a kernel's rows. */
enum { ROWS_PER_PIECE = 320, KERNEL_ROWS = 16, SHALLOW = 64 };

/* Below this many multiply-adds plain blocks in registers beat a BLAS call. */
enum { TINY = 32 * 1024 };

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

void dat_gemm_serial(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     dat_real beta, dat_real *c, int64_t c_stride)
{
    DAT_ASSERT(beta == 0 || beta == 1);
    if (m * n * k > TINY || (a.transposed && b.transposed))
        blas_gemm(m, n, k, alpha, a, b, beta, c, c_stride);
    else
        dat_gemm_tiny(m, n, k, alpha, a, b, beta, c, c_stride);
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
