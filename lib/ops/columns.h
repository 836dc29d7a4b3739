/* Sums and additions along the columns of a matrix of rows. */
#ifndef DAT_OPS_COLUMNS_H
#define DAT_OPS_COLUMNS_H

#include "core/tape.h"

/* y[r] += bias for every row of y (rows, width). */
void dat_add_to_rows(dat_real *y, int64_t rows, int64_t width, const dat_real *bias);

/* sums[j] += sum over rows of dy (rows, width). */
void dat_add_column_sums(dat_tape *tape, const dat_real *dy, int64_t rows, int64_t width, dat_real *sums);

#endif
