/* Numbers of the library against numbers of the reference. */
#ifndef TESTS_GOLDEN_CHECK_COMPARE_H
#define TESTS_GOLDEN_CHECK_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/real.h"

enum { GOLDEN_NAME_SIZE = 224 };

/* The comparisons of one file. */
typedef struct golden_report {
    bool verbose; /* a line on stdout for every tensor */
    bool failed;  /* an error above its tolerance, or NaN */
    int64_t compared;
    double worst_error; /* of the comparison nearest to (or furthest beyond) its tolerance */
    double worst_tolerance;
    char worst_name[GOLDEN_NAME_SIZE];
} golden_report;

/* Norm-wise: ||ours - theirs|| / max(||theirs||, floor) <= tolerance. NULL for ours means zeros. */
void golden_compare(golden_report *report, const char *group, const char *name, int64_t count,
                    const dat_real *ours, const double *theirs, double floor, double tolerance);

/* Value by value: |ours - theirs| / |theirs| <= tolerance. */
void golden_compare_each(golden_report *report, const char *group, const char *name, int64_t count,
                         const double *ours, const double *theirs, double tolerance);

#endif
