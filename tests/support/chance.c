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

/* The value that chi-square exceeds with the chance of a normal deviate above `sigmas`. */
static double chi_square_limit(int freedom, double sigmas)
{
    double c = 2.0 / (9.0 * freedom);
    return freedom * pow(1 - c + sigmas * sqrt(c), 3);
}

bool histogram_is(const char *what, const int64_t *counts, const double *probabilities, int n, double sigmas)
{
    int freedom = -1;
    int64_t total = 0;
    for (int i = 0; i < n; i++) {
        freedom += !probabilities || probabilities[i] > 0;
        total += counts[i];
    }
    double limit = chi_square_limit(freedom, sigmas);
    double value = chi_square(counts, probabilities, n);
    if (total > 0 && value <= limit)
        return true;
    fprintf(stderr,
            "%s: chi-square %.1f over %" PRId64 " cases, expected at most %.1f for %d degrees of freedom\n",
            what, value, total, limit, freedom);
    return false;
}

bool histograms_agree(const char *what, const int64_t *first, const int64_t *second, int n, double sigmas)
{
    double totals[2] = {0, 0}, value = 0;
    int groups = 0;
    for (int i = 0; i < n; i++) {
        totals[0] += (double)first[i];
        totals[1] += (double)second[i];
    }
    double ratio = sqrt(totals[1] / totals[0]), group[2] = {0, 0}, seen = 0;
    double fewest = 5 * (totals[0] + totals[1]) / fmin(totals[0], totals[1]);
    for (int i = 0; i < n; i++) {
        group[0] += (double)first[i];
        group[1] += (double)second[i];
        seen += (double)(first[i] + second[i]);
        double left = totals[0] + totals[1] - seen;
        if (group[0] + group[1] < fewest || (left > 0 && left < fewest))
            continue;
        double difference = ratio * group[0] - group[1] / ratio;
        value += difference * difference / (group[0] + group[1]);
        group[0] = group[1] = 0;
        groups++;
    }
    if (groups < 2 || value <= chi_square_limit(groups - 1, sigmas))
        return true;
    fprintf(stderr, "%s: chi-square %.1f of two samples, expected at most %.1f for %d degrees of freedom\n",
            what, value, chi_square_limit(groups - 1, sigmas), groups - 1);
    return false;
}
