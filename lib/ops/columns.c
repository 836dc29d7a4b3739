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

typedef struct column_sums {
    const dat_real *rows;
    int64_t width;
    dat_real *sums; /* of each piece */
} column_sums;

static void sum_columns_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const column_sums *v = context;
    dat_real *sums = v->sums + piece * v->width;
    for (int64_t r = start; r < end; r++)
#pragma omp simd
        for (int64_t j = 0; j < v->width; j++)
            sums[j] += v->rows[r * v->width + j];
}

void dat_add_column_sums(dat_tape *tape, const dat_real *dy, int64_t rows, int64_t width, dat_real *sums)
{
    dat_pieces pieces = dat_pieces_of(rows, dat_min_rows(width));
    column_sums v = {dy, width, dat_partial_sums(tape, pieces, width)};
    if (!v.sums)
        return;
    dat_parallel(pieces, sum_columns_piece, &v);
    dat_add_partial_sums(v.sums, pieces, width, sums);
}
