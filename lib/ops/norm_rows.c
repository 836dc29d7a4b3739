#include "ops/norm_rows.h"

#include <stddef.h>

static const dat_real EPS = (dat_real)1e-5;

dat_moments dat_row_moments(const dat_real *x, int64_t width, bool centred)
{
    dat_real sum = 0, square = 0;
    if (centred) {
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < width; j++)
            sum += x[j];
    }
    dat_real mean = sum / (dat_real)width;
#pragma omp simd reduction(+ : square)
    for (int64_t j = 0; j < width; j++)
        square += (x[j] - mean) * (x[j] - mean);
    return (dat_moments){mean, 1 / DAT_REAL(sqrt)(square / (dat_real)width + EPS)};
}

dat_moments dat_norm_row(const dat_real *x, int64_t width, const dat_real *gain, const dat_real *shift,
                         dat_real *y)
{
    dat_moments m = dat_row_moments(x, width, shift != NULL);
    if (shift) {
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            y[j] = gain[j] * ((x[j] - m.mean) * m.rstd) + shift[j];
    } else {
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            y[j] = gain[j] * (x[j] * m.rstd);
    }
    return m;
}

void dat_norm_row_backward(const dat_real *x, dat_moments moments, int64_t width, const dat_real *gain,
                           bool centred, const dat_real *dy, bool fresh, dat_real *dx, dat_real *dgain,
                           dat_real *dshift)
{
    dat_real sum = 0, dot = 0, mean = moments.mean, rstd = moments.rstd;
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t j = 0; j < width; j++) {
        dat_real normal = (x[j] - mean) * rstd;
        sum += gain[j] * dy[j];
        dot += gain[j] * dy[j] * normal;
        dgain[j] += dy[j] * normal;
        dshift[j] += dy[j];
    }
    sum = centred ? sum / (dat_real)width : 0;
    dot /= (dat_real)width;
    if (!dx)
        return;
    if (fresh)
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            dx[j] = rstd * (gain[j] * dy[j] - sum - (x[j] - mean) * rstd * dot);
    else
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            dx[j] += rstd * (gain[j] * dy[j] - sum - (x[j] - mean) * rstd * dot);
}
