/* Sums over rows that several threads contribute to: one partial sum for each piece of work, added in piece
 * order. */
#ifndef DAT_OPS_PARTIAL_SUMS_H
#define DAT_OPS_PARTIAL_SUMS_H

#include "core/tape.h"
#include "util/parallel.h"

/* One row of `width` partial sums for each piece, zeroed; NULL (and the tape's error) when memory is out. */
dat_real *dat_partial_sums(dat_tape *tape, dat_pieces pieces, int64_t width);

/* total[i] += the sum over pieces of sums[piece][i]. */
void dat_add_partial_sums(const dat_real *sums, dat_pieces pieces, int64_t width, dat_real *total);

#endif
