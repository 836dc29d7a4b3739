/* The few statistics that a table or a learning curve needs. */
#ifndef DAT_CORE_STATISTICS_H
#define DAT_CORE_STATISTICS_H

#include <stdint.h>

#include "core/rng.h"

enum { DAT_BOOTSTRAP_RESAMPLES = 2000 };

typedef struct dat_interval {
    double low, high;
} dat_interval;

/* The arithmetic mean of n values; NAN without any. */
double dat_mean(const double *values, int64_t n);

/* The standard deviation of a sample (divisor n - 1) and the standard error of its mean, deviation / sqrt(n).
 * NAN for fewer than two values. */
double dat_standard_deviation(const double *values, int64_t n);
double dat_standard_error(const double *values, int64_t n);

/* The percentile bootstrap 95% interval of the mean: DAT_BOOTSTRAP_RESAMPLES resamples of n values with
 * replacement, the 2.5% and 97.5% quantiles of their means (linear between order statistics). The same
 * generator and values give the same interval. NAN for fewer than two values. */
dat_interval dat_bootstrap_mean(const double *values, int64_t n, dat_rng rng);

/* (mean_a - mean_b) / sqrt(error_a^2 + error_b^2): how many standard errors two independent means are apart.
 * NAN when an error is unknown or both are 0. */
double dat_difference_in_errors(double mean_a, double error_a, double mean_b, double error_b);

/* y = coefficient x^-exponent, or (c / x)^exponent with c = coefficient^(1 / exponent): how losses fall with
 * data and parameters (Kaplan et al., "Scaling Laws for Neural Language Models", 2020, arXiv 2001.08361). */
typedef struct dat_power_law {
    double coefficient, exponent;
} dat_power_law;

/* The power law through n points: the straight line on logarithmic axes with the least squares. NAN where
 * fewer than two places differ or a number is not positive. */
dat_power_law dat_fit_power_law(const double *x, const double *y, int64_t n);

double dat_power_law_at(const dat_power_law *law, double x);

#endif
