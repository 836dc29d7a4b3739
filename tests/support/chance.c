#include "support/chance.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

bool share_is(const char *what, int64_t count, int64_t n, double p, double sigmas)
{
    if (n <= 0) {
        fprintf(stderr, "%s: no cases\n", what);
        return false;
    }
    double share = (double)count / (double)n;
    double error = sqrt(p * (1 - p) / (double)n);
    if (fabs(share - p) <= sigmas * error)
        return true;
    fprintf(stderr, "%s: %" PRId64 " of %" PRId64 " is %.4f, expected %.4f +- %.1f x %.4f\n", what, count, n,
            share, p, sigmas, error);
    return false;
}

double chi_square(const int64_t *counts, const double *probabilities, int n)
{
    int64_t total = 0;
    double sum = 0;
    for (int i = 0; i < n; i++)
        total += counts[i];
    for (int i = 0; i < n; i++) {
        double expected = (double)total * (probabilities ? probabilities[i] : 1.0 / n);
        double difference = (double)counts[i] - expected;
        if (expected > 0)
            sum += difference * difference / expected;
        else if (counts[i] > 0)
            return INFINITY;
    }
    return sum;
}

bool histogram_is(const char *what, const int64_t *counts, const double *probabilities, int n, double sigmas)
{
    int freedom = -1;
    int64_t total = 0;
    for (int i = 0; i < n; i++) {
        freedom += !probabilities || probabilities[i] > 0;
        total += counts[i];
    }
    double c = 2.0 / (9.0 * freedom);
    double limit = freedom * pow(1 - c + sigmas * sqrt(c), 3);
    double value = chi_square(counts, probabilities, n);
    if (total > 0 && value <= limit)
        return true;
    fprintf(stderr,
            "%s: chi-square %.1f over %" PRId64 " cases, expected at most %.1f for %d degrees of freedom\n",
            what, value, total, limit, freedom);
    return false;
}
