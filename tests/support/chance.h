/* Whether counts are what chance allows. Seeds are fixed, so that a test gives the same verdict every time.
 */
#ifndef TESTS_SUPPORT_CHANCE_H
#define TESTS_SUPPORT_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether `count` of `n` lies within `sigmas` standard errors of probability p; prints both when not. */
bool share_is(const char *what, int64_t count, int64_t n, double p, double sigmas);

/* Pearson's chi-square of n counts against probabilities that sum to 1 (NULL: uniform). */
double chi_square(const int64_t *counts, const double *probabilities, int n);

/* Whether chi_square stays below its quantile for a chance of `sigmas` standard normal deviations above the
 * mean, with n - 1 degrees of freedom (Wilson and Hilferty's approximation); prints it when not. Every count
 * with probability 0 must be 0. */
bool histogram_is(const char *what, const int64_t *counts, const double *probabilities, int n, double sigmas);

/* Whether two samples can come from one distribution: the chi-square of n counts of each, where neighbouring
 * counts are taken together until 5 are expected in the smaller sample. True for less than two such groups;
 * prints the chi-square when not. */
bool histograms_agree(const char *what, const int64_t *first, const int64_t *second, int n, double sigmas);

#endif
