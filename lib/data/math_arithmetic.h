/* Arithmetic expressions of integers with a given value: "(-6)/(-4) + 2*-3". */
#ifndef DAT_DATA_MATH_ARITHMETIC_H
#define DAT_DATA_MATH_ARITHMETIC_H

#include "data/math_sum.h"

enum { DAT_MATH_MAX_OPERATIONS = 8 };

typedef struct dat_math_node {
    char operation; /* + - * / or 0 for a number */
    dat_math_constant number;
    int left, right; /* indices */
} dat_math_node;

/* A binary tree; node 0 is the root. */
typedef struct dat_math_arithmetic {
    int n;
    dat_math_node nodes[2 * DAT_MATH_MAX_OPERATIONS + 1];
} dat_math_arithmetic;

/* Draws an expression with this value of three or more operations, growing with the entropy. */
void dat_math_draw_arithmetic(dat_math_draw *draw, dat_math_fraction value, double entropy,
                              dat_math_arithmetic *expression);

/* Adds the numbers. */
void dat_math_arithmetic_constants(dat_math_arithmetic *expression, dat_math_constants *constants);

/* Appends the expression with the brackets it needs. */
void dat_math_put_arithmetic(dat_math_text *text, const dat_math_arithmetic *expression);

#endif
