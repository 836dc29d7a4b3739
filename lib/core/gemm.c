#include "core/gemm.h"

#include <cblas.h>
#include <string.h>

#include "core/gemm_block.h"
#include "core/gemm_tiny.h"
#include "util/parallel.h"
#include "util/status.h"

/* Rows of C per piece of work: large enough that packing B again for every piece does not show, small enough
 * that threads share a micro-batch evenly. Heights are multiples of a kernel's rows. */
enum { ROWS_PER_PIECE = 320, KERNEL_ROWS = 16, SHALLOW = 64 };

/* Products with up to so many rows of C are dot products or sums of few rows; below so many multiply-adds
 * they are too small for a BLAS call. */
enum { FEW_ROWS = 8, TINY = 32 * 1024 };

/* The most values of such a matrix. */
enum { SMALL_WEIGHT = 64 * 1024 };

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
    if (m > FEW_ROWS)
        dat_gemm_blocks(m, n, k, alpha, a, b, beta != 0 ? c : NULL, c_stride, c, c_stride);
    else if (m * n * k > TINY || (a.transposed && b.transposed))
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
    const dat_real *row; /* what rows of C start from, or NULL: beta C */
    dat_real *c;
    int64_t c_stride;
} product;

/* A matrix of weights so small is packed faster by panels than BLAS packs it and the rows that it meets. */
static bool suits_blocks(const product *p)
{
    return !p->a.transposed && p->n * p->k <= SMALL_WEIGHT;
}

static void multiply_pieces(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const product *p = context;
    for (int64_t i = start; i < end; i++) {
        int64_t first = i * p->rows_per_piece;
        int64_t height = first + p->rows_per_piece <= p->m ? p->rows_per_piece : p->m - first;
        dat_matrix part = p->a;
        dat_real *c = p->c + first * p->c_stride;
        part.data += part.transposed ? first : first * part.stride;
        if (suits_blocks(p)) {
            const dat_real *start_of_c = p->row ? p->row : p->beta != 0 ? c : NULL;
            dat_gemm_blocks(height, p->n, p->k, p->alpha, part, p->b, start_of_c, p->row ? 0 : p->c_stride, c,
                            p->c_stride);
            continue;
        }
        for (int64_t r = 0; p->row && r < height; r++)
            memcpy(c + r * p->c_stride, p->row, (size_t)p->n * sizeof(dat_real));
        blas_gemm(height, p->n, p->k, p->alpha, part, p->b, p->row ? 1 : p->beta, c, p->c_stride);
    }
}

/* One row from some rows of the matrix that B is the transpose of, each of which is read once: a product
 * would pack them first, which takes longer than all of the arithmetic. */
static void multiply_row_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const product *p = context;
    blasint sizes[] = {(blasint)(end - start), (blasint)p->k};
    const dat_real *b = p->b.data + start * p->b.stride;
    dat_real *c = p->c + start;
    if (p->row)
        memcpy(c, p->row + start, (size_t)(end - start) * sizeof(dat_real));
#ifdef DAT_DOUBLE
    cblas_dgemv(
#else
    cblas_sgemv(
#endif
        CblasRowMajor, CblasNoTrans, sizes[0], sizes[1], p->alpha, b, (blasint)p->b.stride, p->a.data,
        p->a.transposed ? (blasint)p->a.stride : 1, p->row ? 1 : p->beta, c, 1);
}

static void multiply(product *p)
{
    if (p->m == 0 || p->n == 0)
        return;
    if (p->m == 1 && p->k > 0 && p->b.transposed) {
        dat_parallel(dat_pieces_of(p->n, dat_min_rows(p->k)), multiply_row_piece, p);
        return;
    }
    p->rows_per_piece = rows_per_piece(p->m, p->k);
    dat_parallel(dat_pieces_of((p->m + p->rows_per_piece - 1) / p->rows_per_piece, 1), multiply_pieces, p);
}

void dat_gemm(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b, dat_real beta,
              dat_real *c, int64_t c_stride)
{
    multiply(&(product){
        .m = m, .n = n, .k = k, .alpha = alpha, .beta = beta, .a = a, .b = b, .c = c, .c_stride = c_stride});
}

void dat_gemm_onto_row(int64_t m, int64_t n, int64_t k, dat_matrix a, dat_matrix b, const dat_real *row,
                       dat_real *c, int64_t c_stride)
{
    multiply(&(product){
        .m = m, .n = n, .k = k, .alpha = 1, .a = a, .b = b, .row = row, .c = c, .c_stride = c_stride});
}

void dat_blas_use_one_thread(void)
{
    openblas_set_num_threads(1);
}

const char *dat_blas_description(void)
{
    return openblas_get_config();
}
