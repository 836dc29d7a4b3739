/* Plain sums of vectors, and of the rows of a matrix. */
#ifndef DAT_OPS_COLUMNS_H
#define DAT_OPS_COLUMNS_H

#include "core/tape.h"

/* sum[i] += x[i]. */
void dat_accumulate(dat_real *sum, const dat_real *x, int64_t count);

/* The same, or sum[i] = x[i] where `fresh`. */
void dat_accumulate_first(dat_real *sum, const dat_real *x, int64_t count, bool fresh);

/* sums[j] += sum over rows of dy (rows, width). */
void dat_add_column_sums(dat_tape *tape, const dat_real *dy, int64_t rows, int64_t width, dat_real *sums);

#endif
