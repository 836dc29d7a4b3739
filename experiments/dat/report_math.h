/* The tables of the mathematics report. */
#ifndef DAT_REPORT_MATH_H
#define DAT_REPORT_MATH_H

#include "report_curves.h"

/* What is measured, as splits of the report's curves. */
typedef enum math_split {
    MATH_INTERPOLATE,
    MATH_HARD,
    MATH_MEDIUM,
    MATH_EASY,
    MATH_ANSWERS_INTERPOLATE,
    MATH_ANSWERS_HARD,
    MATH_N_SPLITS,
} math_split;

/* Writes <figure>: accuracies beside the paper's Table 2; <figure>_difficulty: by level, and of whole
 * answers; <figure>_predictions: what a run of each model answered. */
dat_status math_write_tables(const dat_report *report, const curves_figure *figure);

#endif
