#include "ops/columns.h"

#include <string.h>

#include "ops/partial_sums.h"

typedef struct vector_sum {
    dat_real *sum;
    const dat_real *x;
    bool fresh;
} vector_sum;

static void accumulate_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const vector_sum *v = context;
    if (v->fresh) {
        memcpy(v->sum + start, v->x + start, (size_t)(end - start) * sizeof(dat_real));
        return;
    }
#pragma omp simd
    for (int64_t i = start; i < end; i++)
        v->sum[i] += v->x[i];
}

void dat_accumulate_first(dat_real *sum, const dat_real *x, int64_t count, bool fresh)
{
    vector_sum v = {sum, x, fresh};
    dat_parallel(dat_pieces_of(count, dat_min_rows(1)), accumulate_piece, &v);
}

void dat_accumulate(dat_real *sum, const dat_real *x, int64_t count)
{
    dat_accumulate_first(sum, x, count, false);
}

/* Rows of `width` values with one value a column beside them: a bias, or its gradient's partial sums. */
typedef struct column_values {
    dat_real *rows;
    const dat_real *gradient_rows;
    int64_t width;
    const dat_real *bias;
    dat_real *sums;
} column_values;

static void add_bias_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const column_values *v = context;
    for (int64_t r = start; r < end; r++)
#pragma omp simd
        for (int64_t j = 0; j < v->width; j++)
            v->rows[r * v->width + j] += v->bias[j];
}

void dat_add_to_rows(dat_real *y, int64_t rows, int64_t width, const dat_real *bias)
{
    column_values v = {.rows = y, .width = width, .bias = bias};
    dat_parallel(dat_pieces_of(rows, dat_min_rows(width)), add_bias_piece, &v);
}

static void sum_columns_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const column_values *v = context;
    dat_real *sums = v->sums + piece * v->width;
    for (int64_t r = start; r < end; r++)
#pragma omp simd
        for (int64_t j = 0; j < v->width; j++)
            sums[j] += v->gradient_rows[r * v->width + j];
}

void dat_add_column_sums(dat_tape *tape, const dat_real *dy, int64_t rows, int64_t width, dat_real *sums)
{
    dat_pieces pieces = dat_pieces_of(rows, dat_min_rows(width));
    column_values v = {.gradient_rows = dy, .width = width, .sums = dat_partial_sums(tape, pieces, width)};
    if (!v.sums)
        return;
    dat_parallel(pieces, sum_columns_piece, &v);
    dat_add_partial_sums(v.sums, pieces, width, sums);
}
