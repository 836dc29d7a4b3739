/* One row of a normalisation, forward and backward, for the ops that normalise.
 * layer norm: n = (x - mean) rstd, rstd = 1 / sqrt(var + eps), y = gain n + shift.
 *   With g = gain dy:  dx = rstd (g - mean(g) - n mean(g n)),  dgain = sum dy n,  dshift = sum dy.
 * RMS norm, which has no shift: n = x rstd, rstd = 1 / sqrt(mean(x^2) + eps), y = gain n;  dx = rstd (g - n
 * mean(g n)). */
#ifndef DAT_OPS_NORM_ROWS_H
#define DAT_OPS_NORM_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/real.h"

/* The mean of a row (0 for RMS norm) and the reciprocal of its deviation from it. */
typedef struct dat_moments {
    dat_real mean, rstd;
} dat_moments;

dat_moments dat_row_moments(const dat_real *x, int64_t width, bool centred);

/* y = the norm of x; shift NULL: RMS norm. */
dat_moments dat_norm_row(const dat_real *x, int64_t width, const dat_real *gain, const dat_real *shift,
                         dat_real *y);

/* dx = (fresh ? 0 : dx) + the gradient, unless dx is NULL; dgain and dshift get theirs added. dx may be dy.
 */
void dat_norm_row_backward(const dat_real *x, dat_moments moments, int64_t width, const dat_real *gain,
                           bool centred, const dat_real *dy, bool fresh, dat_real *dx, dat_real *dgain,
                           dat_real *dshift);

#endif
