/* Softmax of one row, for the ops that contain one. */
#ifndef DAT_OPS_SOFTMAX_H
#define DAT_OPS_SOFTMAX_H

#include <stdint.h>

#include "core/real.h"

/* row[0..count-1] becomes its softmax. Entries of -INFINITY become 0; a row of nothing else becomes all 0. */
void dat_softmax_row(dat_real *row, int64_t count);

/* dx = p (dp - sum(p dp)) for one row, in place in dp. */
void dat_softmax_row_backward(const dat_real *p, dat_real *dp, int64_t count);

#endif
