/* What can be counted in mathematics problems: lengths, operators, numbers, templates, kinds of sentences. */
#ifndef TESTS_SUPPORT_MATH_FEATURES_H
#define TESTS_SUPPORT_MATH_FEATURES_H

#include "data/math.h"

enum { MATH_FEATURES = 44, MATH_FEATURE_VALUES = 200 };

/* For each feature and value the number of problems. */
typedef struct math_tally {
    int64_t counts[MATH_FEATURES][MATH_FEATURE_VALUES];
} math_tally;

const char *math_feature_name(int feature);

/* Counts all features of a problem. */
void math_tally_add(math_tally *tally, const dat_math_pair *pair);

/* Adds all counts of another tally. */
void math_tally_join(math_tally *tally, const math_tally *other);

#endif
