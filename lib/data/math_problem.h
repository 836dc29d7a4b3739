/* A problem of any module, and the modules. */
#ifndef DAT_DATA_MATH_PROBLEM_H
#define DAT_DATA_MATH_PROBLEM_H

#include "data/math_draw.h"
#include "data/math_text.h"

typedef struct dat_math_problem {
    dat_math_text question, answer;
} dat_math_problem;

/* Draws one problem of a level and copies it; false if it is one to throw away, too long mostly. */
bool dat_math_draw_pair(dat_math_draw *draw, dat_math_module module, dat_math_level level,
                        dat_math_pair *pair);

/* The modules: each draws a problem of this entropy, whatever its length; `problem` starts as {0}. */
void dat_math_linear_1d(dat_math_draw *draw, double entropy, dat_math_problem *problem);
void dat_math_sequence_next_term(dat_math_draw *draw, double entropy, dat_math_problem *problem);
void dat_math_differentiate(dat_math_draw *draw, double entropy, dat_math_problem *problem);
void dat_math_polynomials_add(dat_math_draw *draw, double entropy, dat_math_problem *problem);
void dat_math_expand(dat_math_draw *draw, double entropy, dat_math_problem *problem);

#endif
