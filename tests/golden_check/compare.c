#include "golden_check/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void record(golden_report *report, const char *group, const char *name, double error, double tolerance)
{
    bool good = error <= tolerance; /* false for NaN */
    bool worst = !(error / tolerance <= report->worst_error / report->worst_tolerance);
    if (report->compared++ == 0 || (worst && !isnan(report->worst_error))) {
        report->worst_error = error;
        report->worst_tolerance = tolerance;
        snprintf(report->worst_name, sizeof report->worst_name, "%s/%s", group, name);
    }
    report->failed |= !good;
    if (report->verbose)
        printf("  %s %s/%s  %.2e (allowed %.0e)\n", good ? "ok  " : "BAD ", group, name, error, tolerance);
}

void golden_compare(golden_report *report, const char *group, const char *name, int64_t count,
                    const dat_real *ours, const double *theirs, double floor, double tolerance)
{
    double difference = 0, size = 0;
    for (int64_t i = 0; i < count; i++) {
        double delta = (ours ? (double)ours[i] : 0) - theirs[i];
        difference += delta * delta;
        size += theirs[i] * theirs[i];
    }
    double scale = sqrt(size) > floor ? sqrt(size) : floor;
    record(report, group, name, sqrt(difference) / scale, tolerance);
}

void golden_compare_each(golden_report *report, const char *group, const char *name, int64_t count,
                         const double *ours, const double *theirs, double tolerance)
{
    double worst = 0;
    for (int64_t i = 0; i < count; i++) {
        double error = ours[i] == theirs[i] ? 0 : fabs(ours[i] - theirs[i]) / fabs(theirs[i]);
        if (!(error <= worst) && !isnan(worst))
            worst = error;
    }
    record(report, group, name, worst, tolerance);
}
