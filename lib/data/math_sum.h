/* Sums in mathematics problems that are not simplified: their terms are written one after the other as drawn,
 * and any number in them may be replaced by a letter whose value the text tells elsewhere. */
#ifndef DAT_DATA_MATH_SUM_H
#define DAT_DATA_MATH_SUM_H

#include "data/math_draw.h"
#include "data/math_text.h"

/* A number in an expression, written as the letter unless that is 0. */
typedef struct dat_math_constant {
    dat_math_fraction value;
    char letter;
} dat_math_constant;

void dat_math_put_constant(dat_math_text *text, const dat_math_constant *constant);

/* Numbers that an expression shows; they are borrowed from it. */
typedef struct dat_math_constants {
    int n;
    dat_math_constant *items[2 * DAT_MATH_MAX_TERMS];
} dat_math_constants;

void dat_math_constants_add(dat_math_constants *constants, dat_math_constant *constant);

/* coefficient * variable^power with its sign in `minus`; no variable (and then no power) if that is 0. */
typedef struct dat_math_term {
    bool minus;
    char variable;
    dat_math_constant coefficient, power;
} dat_math_term;

typedef struct dat_math_sum {
    int n;
    dat_math_term terms[DAT_MATH_MAX_TERMS];
} dat_math_sum;

/* Appends the term coefficient * variable^power; of power 0 without a variable. */
void dat_math_sum_add(dat_math_sum *sum, dat_math_fraction coefficient, char variable, int power);

/* Shuffles the terms. */
void dat_math_sum_shuffle(dat_math_draw *draw, dat_math_sum *sum);

/* A sum that simplifies to the polynomial with these integer coefficients of the powers 0 to n - 1, of at
 * least `length` terms (0: a number that grows with the entropy), in random order. */
void dat_math_sum_expand(dat_math_draw *draw, const int64_t *coefficients, int n, double entropy, int length,
                         char variable, dat_math_sum *sum);

/* Adds the numbers that the sum shows: coefficients other than 1 or alone, and powers from 2. */
void dat_math_sum_constants(dat_math_sum *sum, dat_math_constants *constants);

/* Appends the sum: "4*x - x**2 + 0". */
void dat_math_put_sum(dat_math_text *text, const dat_math_sum *sum);

#endif
