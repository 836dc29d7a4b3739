/* Systems of one or two linear equations with integer solutions, not simplified. */
#ifndef DAT_DATA_MATH_LINEAR_H
#define DAT_DATA_MATH_LINEAR_H

#include "data/math_sum.h"

enum { DAT_MATH_MAX_EQUATIONS = 2 };

typedef struct dat_math_equations {
    int n;
    dat_math_sum left[DAT_MATH_MAX_EQUATIONS], right[DAT_MATH_MAX_EQUATIONS];
} dat_math_equations;

/* Draws n equations that these values of n unknowns, and no others, solve; none gives an unknown away by
 * having only the first in it, unless n is 1. */
void dat_math_draw_equations(dat_math_draw *draw, int n, const char *unknowns, const int64_t *solutions,
                             double entropy, dat_math_equations *equations);

/* Adds the numbers that the equations show. */
void dat_math_equations_constants(dat_math_equations *equations, dat_math_constants *constants);

/* Appends "0 = 3*x - 6, 2*y = x + 4". */
void dat_math_put_equations(dat_math_text *text, const dat_math_equations *equations);

#endif
