#include "core/statistics.h"

#include <math.h>
#include <stdlib.h>

double dat_mean(const double *values, int64_t n)
{
    if (n < 1)
        return NAN;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

double dat_standard_deviation(const double *values, int64_t n)
{
    if (n < 2)
        return NAN;
    double mean = dat_mean(values, n);
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

double dat_standard_error(const double *values, int64_t n)
{
    return n < 2 ? NAN : dat_standard_deviation(values, n) / sqrt((double)n);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quantile of sorted values, linear between neighbours. */
static double quantile(const double *sorted, int64_t n, double probability)
{
    double place = probability * (double)(n - 1);
    int64_t below = (int64_t)place;
    if (below >= n - 1)
        return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

dat_interval dat_bootstrap_mean(const double *values, int64_t n, dat_rng rng)
{
    if (n < 2)
        return (dat_interval){NAN, NAN};
    double means[DAT_BOOTSTRAP_RESAMPLES];
    for (int resample = 0; resample < DAT_BOOTSTRAP_RESAMPLES; resample++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += values[dat_rng_below(&rng, (uint64_t)n)];
        means[resample] = sum / (double)n;
    }
    qsort(means, DAT_BOOTSTRAP_RESAMPLES, sizeof *means, compare_doubles);
    return (dat_interval){quantile(means, DAT_BOOTSTRAP_RESAMPLES, 0.025),
                          quantile(means, DAT_BOOTSTRAP_RESAMPLES, 0.975)};
}

double dat_difference_in_errors(double mean_a, double error_a, double mean_b, double error_b)
{
    double error = sqrt(error_a * error_a + error_b * error_b);
    return error > 0 ? (mean_a - mean_b) / error : NAN;
}

dat_power_law dat_fit_power_law(const double *x, const double *y, int64_t n)
{
    double mean_x = 0, mean_y = 0, product = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        mean_x += log(x[i]) / (double)n;
        mean_y += log(y[i]) / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        product += (log(x[i]) - mean_x) * (log(y[i]) - mean_y);
        square += (log(x[i]) - mean_x) * (log(x[i]) - mean_x);
    }
    double slope = square > 0 ? product / square : NAN;
    return (dat_power_law){.coefficient = exp(mean_y - slope * mean_x), .exponent = -slope};
}

double dat_power_law_at(const dat_power_law *law, double x)
{
    return law->coefficient * pow(x, -law->exponent);
}
