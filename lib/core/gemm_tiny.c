/* Blocks of C stay in registers while the sum runs, so that every value of A and B that is loaded is used
 * several times. Block sizes are compile-time constants: the loops over a block unroll completely. */
#include "core/gemm_tiny.h"

#include <string.h>

#include "core/lanes.h"

typedef __typeof__((lanes){0} > (lanes){0}) lane_mask;
typedef dat_real quad __attribute__((vector_size(4 * sizeof(dat_real))));

enum { ROWS = 2, COLUMNS = 4 };

/* Sums of a block of columns: rows times vectors, enough to hide the latency of an addition. */
enum { SUMS = 8 };

typedef struct tiny_product {
    int64_t k;
    dat_real alpha, beta;
    const dat_real *a; /* element (i, l) at i a_row + l a_column */
    int64_t a_row, a_column;
    const dat_real *b;
    int64_t b_stride;
    dat_real *c;
    int64_t c_stride;
} tiny_product;

/* --- B as it is: rows of C are sums of rows of B --- */

/* C[i.., j..] for `height` rows and `vectors` vectors of columns, without the first `skip` columns. */
INLINE void sum_block(const tiny_product *p, int height, int vectors, int64_t i, int64_t j, int64_t skip)
{
    lanes sums[SUMS];
    for (int k = 0; k < height * vectors; k++)
        sums[k] = (lanes){0};
    const dat_real *a = p->a + i * p->a_row, *b = p->b + j;
    for (int64_t l = 0; l < p->k; l++, a += p->a_column, b += p->b_stride)
        for (int v = 0; v < vectors; v++) {
            lanes row = lanes_load(b + v * LANES);
            for (int r = 0; r < height; r++)
                sums[r * vectors + v] += a[r * p->a_row] * row;
        }
    for (int r = 0; r < height; r++)
        for (int v = 0; v < vectors; v++) {
            dat_real *c = p->c + (i + r) * p->c_stride + j + v * LANES;
            lanes sum = p->alpha * sums[r * vectors + v];
            if (p->beta != 0)
                sum += lanes_load(c);
            if (skip == 0)
                lanes_store(c, sum);
            for (int64_t lane = skip; skip && lane < LANES; lane++)
                c[lane] = sum[lane];
        }
}

/* All rows of `vectors` vectors of columns. */
INLINE void sum_columns(const tiny_product *p, int vectors, int64_t m, int64_t j, int64_t skip)
{
    const int height = SUMS / vectors;
    int64_t i = 0;
    for (; i + height <= m; i += height)
        sum_block(p, height, vectors, i, j, skip);
    for (; i + ROWS <= m; i += ROWS)
        sum_block(p, ROWS, vectors, i, j, skip);
    for (; i < m; i++)
        sum_block(p, 1, vectors, i, j, skip);
}

/* One element: for matrices narrower than a vector. */
INLINE void sum_element(const tiny_product *p, int64_t i, int64_t j)
{
    dat_real sum = 0, *c = p->c + i * p->c_stride + j;
    for (int64_t l = 0; l < p->k; l++)
        sum += p->a[i * p->a_row + l * p->a_column] * p->b[l * p->b_stride + j];
    *c = (p->beta != 0 ? *c : 0) + p->alpha * sum;
}

/* What is left after whole vectors of columns is covered by a vector that ends with the row. */
static void tiny_sums(const tiny_product *p, int64_t m, int64_t n)
{
    int64_t j = 0;
    for (; j + 4 * LANES <= n; j += 4 * LANES)
        sum_columns(p, 4, m, j, 0);
    for (; j + 2 * LANES <= n; j += 2 * LANES)
        sum_columns(p, 2, m, j, 0);
    for (; j + LANES <= n; j += LANES)
        sum_columns(p, 1, m, j, 0);
    if (j < n && n >= LANES)
        sum_columns(p, 1, m, n - LANES, LANES - (n - j));
    else
        for (int64_t i = 0; i < m; i++)
            for (int64_t column = j; column < n; column++)
                sum_element(p, i, column);
}

/* --- B transposed: elements of C are dot products of contiguous rows --- */

/* Elements k - LANES..k-1 of a row of k, zero where they are before `start`. */
INLINE lanes load_last(const dat_real *row, int64_t start, int64_t k)
{
    static const dat_real indices[] = {0, 1, 2, 3, 4, 5, 6, 7};
    lane_mask keep = lanes_load(indices) >= (dat_real)(start - (k - LANES));
    return (lanes)((lane_mask)lanes_load(row + k - LANES) & keep);
}

/* The sums over the lanes of four vectors. */
INLINE quad four_sums(const lanes v[4])
{
#ifdef DAT_DOUBLE
    lanes low =
        __builtin_shufflevector(v[0], v[1], 0, 4, 2, 6) + __builtin_shufflevector(v[0], v[1], 1, 5, 3, 7);
    lanes high =
        __builtin_shufflevector(v[2], v[3], 0, 4, 2, 6) + __builtin_shufflevector(v[2], v[3], 1, 5, 3, 7);
    return __builtin_shufflevector(low, high, 0, 1, 4, 5) + __builtin_shufflevector(low, high, 2, 3, 6, 7);
#else
    lanes low = __builtin_shufflevector(v[0], v[1], 0, 8, 2, 10, 4, 12, 6, 14) +
                __builtin_shufflevector(v[0], v[1], 1, 9, 3, 11, 5, 13, 7, 15);
    lanes high = __builtin_shufflevector(v[2], v[3], 0, 8, 2, 10, 4, 12, 6, 14) +
                 __builtin_shufflevector(v[2], v[3], 1, 9, 3, 11, 5, 13, 7, 15);
    lanes both = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13) +
                 __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    return __builtin_shufflevector(both, both, 0, 1, 2, 3) + __builtin_shufflevector(both, both, 4, 5, 6, 7);
#endif
}

/* C[i.., j..] for `height` rows and `columns` columns, without the first `skip` columns. */
INLINE void dot_block(const tiny_product *p, int height, int columns, int64_t i, int64_t j, int64_t skip)
{
    lanes sums[ROWS][COLUMNS];
    for (int r = 0; r < height; r++)
        for (int column = 0; column < COLUMNS; column++)
            sums[r][column] = (lanes){0};
    const dat_real *a = p->a + i * p->a_row, *b = p->b + j * p->b_stride;
    int64_t l = 0;
    for (; l + LANES <= p->k; l += LANES)
        for (int column = 0; column < columns; column++) {
            lanes right = lanes_load(b + column * p->b_stride + l);
            for (int r = 0; r < height; r++)
                sums[r][column] += lanes_load(a + r * p->a_row + l) * right;
        }
    for (int column = 0; l < p->k && column < columns; column++) {
        lanes right = load_last(b + column * p->b_stride, l, p->k);
        for (int r = 0; r < height; r++)
            sums[r][column] += load_last(a + r * p->a_row, l, p->k) * right;
    }
    for (int r = 0; r < height; r++) {
        dat_real *c = p->c + (i + r) * p->c_stride + j;
        quad sum = four_sums(sums[r]), before = {0};
        size_t size = (size_t)columns * sizeof *c;
        if (p->beta != 0)
            memcpy(&before, c, size);
        sum = before + p->alpha * sum;
        if (skip == 0)
            memcpy(c, &sum, size);
        for (int64_t column = skip; skip && column < columns; column++)
            c[column] = sum[column];
    }
}

/* One element: for sums shorter than a vector. */
INLINE void dot_element(const tiny_product *p, int64_t i, int64_t j)
{
    dat_real sum = 0, *c = p->c + i * p->c_stride + j;
    for (int64_t l = 0; l < p->k; l++)
        sum += p->a[i * p->a_row + l] * p->b[j * p->b_stride + l];
    *c = (p->beta != 0 ? *c : 0) + p->alpha * sum;
}

INLINE void dot_rows(const tiny_product *p, int height, int64_t i, int64_t n)
{
    if (p->k < LANES) {
        for (int r = 0; r < height; r++)
            for (int64_t j = 0; j < n; j++)
                dot_element(p, i + r, j);
        return;
    }
    int64_t j = 0;
    for (; j + COLUMNS <= n; j += COLUMNS)
        dot_block(p, height, COLUMNS, i, j, 0);
    if (j < n && n > COLUMNS)
        dot_block(p, height, COLUMNS, i, n - COLUMNS, COLUMNS - (n - j));
    else if (n == 3)
        dot_block(p, height, 3, i, 0, 0);
    else if (n == 2)
        dot_block(p, height, 2, i, 0, 0);
    else if (n == 1)
        dot_block(p, height, 1, i, 0, 0);
}

static void tiny_dots(const tiny_product *p, int64_t m, int64_t n)
{
    int64_t i = 0;
    for (; i + ROWS <= m; i += ROWS)
        dot_rows(p, ROWS, i, n);
    for (; i < m; i++)
        dot_rows(p, 1, i, n);
}

void dat_gemm_tiny(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b, dat_real beta,
                   dat_real *c, int64_t c_stride)
{
    tiny_product p = {.k = k,
                      .alpha = alpha,
                      .beta = beta,
                      .a = a.data,
                      .a_row = a.transposed ? 1 : a.stride,
                      .a_column = a.transposed ? a.stride : 1,
                      .b = b.data,
                      .b_stride = b.stride,
                      .c = c,
                      .c_stride = c_stride};
    if (b.transposed)
        tiny_dots(&p, m, n);
    else
        tiny_sums(&p, m, n);
}
