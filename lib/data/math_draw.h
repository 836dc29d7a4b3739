/* The random choices that mathematics problems are made of. Difficulty is an entropy: numbers, counts and
 * lengths are drawn so that a problem of entropy h is one of about 10^h. */
#ifndef DAT_DATA_MATH_DRAW_H
#define DAT_DATA_MATH_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "data/math_number.h"

enum {
    DAT_MATH_N_LETTERS = 25,  /* a to z without e, which reads as a number */
    DAT_MATH_MAX_TERMS = 32,  /* of a sum; the longest has 20 */
    DAT_MATH_MAX_POWERS = 16, /* coefficients of a polynomial in one variable; the longest has 13 */
};

/* What the choices of one problem share. */
typedef struct dat_math_draw {
    dat_rng rng;
    char letters[DAT_MATH_N_LETTERS]; /* the first n_used are in the problem */
    int n_used;
    bool overflow; /* a number left 64 bits, or something its array: throw the problem away */
} dat_math_draw;

/* Choices for a new problem, with all letters free. */
dat_math_draw dat_math_draw_start(dat_rng rng);

/* Uniform in [low, high); uniform integer from low to high, both included; either with probability 1/2. */
double dat_math_uniform(dat_math_draw *draw, double low, double high);
int64_t dat_math_range(dat_math_draw *draw, int64_t low, int64_t high);
bool dat_math_coin(dat_math_draw *draw);

/* A letter that the problem does not use yet. */
char dat_math_letter(dat_math_draw *draw);

/* Cuts `total` into n parts in Dirichlet proportions: with these integer weights (a part of weight 0 gets
 * nothing; not all may be 0), or all 1 when `weights` is NULL. */
void dat_math_split_entropy(dat_math_draw *draw, double total, const int *weights, int n, double *parts);

/* n numbers from 0 up with this sum, all such lists being equally likely. */
void dat_math_split_count(dat_math_draw *draw, int sum, int n, int *parts);

/* An integer from a set of about 10^entropy, uniform: signed ones lie around 0, others above `minimum`. Its
 * absolute value is at least `minimum`, and it has no factor in common with `coprime_to` (1 for any; the set
 * is widened for those left out; only 1 and -1 are coprime to 0). */
int64_t dat_math_draw_integer(dat_math_draw *draw, double entropy, bool is_signed, int64_t minimum,
                              int64_t coprime_to);

/* Any signed integer of this entropy. */
int64_t dat_math_draw_signed(dat_math_draw *draw, double entropy);

/* A signed integer or, with probability 1/2, a fraction that is not one. */
dat_math_fraction dat_math_draw_fraction(dat_math_draw *draw, double entropy);

/* The entropy that makes numbers of this size: log10(5 |value| + 1), summed over numerator and denominator.
 */
double dat_math_entropy_of(dat_math_fraction value);

/* log10 of the number of binary trees with n inner nodes. */
double dat_math_entropy_of_trees(int n);

/* Coefficients written as several terms each: first counts[0] values that add up to the first, and so on. */
typedef struct dat_math_terms {
    int counts[DAT_MATH_MAX_POWERS];
    int64_t values[DAT_MATH_MAX_TERMS];
} dat_math_terms;

/* Writes n coefficients as `length` terms of this entropy: none or at least two for a coefficient of 0, at
 * least one for any other. `length` must be above the number of those. */
void dat_math_draw_terms(dat_math_draw *draw, const int64_t *coefficients, int n, int length, double entropy,
                         dat_math_terms *terms);

/* One term of a polynomial in up to four variables: the power of variable i is byte 3 - i of `powers`, so
 * that powers compare as numbers in the order in which terms are printed. */
typedef struct dat_math_monomial {
    uint32_t powers;
    dat_math_fraction coefficient;
} dat_math_monomial;

enum { DAT_MATH_MAX_VARIABLES = 4, DAT_MATH_MAX_MONOMIALS = 32 };

/* The power of a variable, as a number to add to `powers`. */
uint32_t dat_math_powers(int variable, int power);

/* A polynomial with integer coefficients other than 0, at least `fewest` and at most `most` of them (0: a
 * number that grows with the entropy), in which variable i has the degree degrees[i]. Returns the number of
 * terms. */
int dat_math_draw_polynomial(dat_math_draw *draw, const int *degrees, int n_variables, double entropy,
                             int fewest, int most, dat_math_monomial *terms);

/* The same in one variable, as coefficients of the powers 0 to degree. */
void dat_math_draw_coefficients(dat_math_draw *draw, int degree, double entropy, int fewest, int most,
                                int64_t *coefficients);

#endif
