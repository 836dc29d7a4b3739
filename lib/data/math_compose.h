/* Composed problems: a value in one problem is given by the text of another, "Let y = 3 + 4. What is
 * y*f(x) - g(x)?". Several problems share one entropy. */
#ifndef DAT_DATA_MATH_COMPOSE_H
#define DAT_DATA_MATH_COMPOSE_H

#include "data/math_polynomial.h"
#include "data/math_sum.h"

/* What a problem may use for itself and those in it. */
typedef struct dat_math_share {
    int n_problems;
    double entropy;
} dat_math_share;

/* Takes the entropy of one problem out of the share. */
double dat_math_share_take(dat_math_share *share);

/* Something that a text can give: a number or, if is_polynomial, a function. */
typedef struct dat_math_value {
    bool is_polynomial;
    dat_math_fraction number;
    dat_math_polynomial polynomial;
} dat_math_value;

/* How a text gives a value. */
typedef struct dat_math_entity {
    char letter;              /* its name; 0 for a number that is written where it is used */
    dat_math_fraction number; /* that number */
    char variable;            /* of `expression` */
    dat_math_text before;     /* the sentences that it depends on */
    dat_math_text sentence;   /* its own */
    dat_math_text expression; /* a polynomial that may be written where it is used, instead of `sentence` */
} dat_math_entity;

/* Appends the number or its name. */
void dat_math_put_entity(dat_math_text *text, const dat_math_entity *entity);

/* Appends "f(x)". */
void dat_math_put_call(dat_math_text *text, char function, char argument);

/* Names a polynomial in this variable: "Let f(x) = 3*x + 1." */
void dat_math_define(dat_math_draw *draw, char variable, const dat_math_text *polynomial,
                     dat_math_entity *entity);

/* Appends the texts of the entities in random order. */
void dat_math_put_texts(dat_math_draw *draw, const dat_math_entity *entities, int n, dat_math_text *text);

enum { DAT_MATH_MAX_CHILDREN = 4 };

/* Gives n values in ways that use up the rest of the share: each is written as it is or is the result of
 * problems of its own. */
void dat_math_compose(dat_math_draw *draw, dat_math_share share, const dat_math_value *values, int n,
                      dat_math_entity *entities);

/* Replaces some of the constants by what other problems give, unless the share is for one problem, and
 * appends the texts of those. There must be a constant. */
void dat_math_replace_constants(dat_math_draw *draw, dat_math_share share, dat_math_constants *constants,
                                dat_math_text *text);

/* The problems that give numbers, integers only for the last three. Each fills `entity`, which starts as {0}.
 */
typedef void dat_math_number_problem(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                                     dat_math_entity *entity);
dat_math_number_problem dat_math_give_sum;            /* Let y = 3 + -5. */
dat_math_number_problem dat_math_give_arithmetic;     /* Let y be 3*(-4)/6 + 5. */
dat_math_number_problem dat_math_give_solution;       /* Suppose 3*y = 6. */
dat_math_number_problem dat_math_give_solutions;      /* Suppose 3*y + z = 6, z - y = 2. */
dat_math_number_problem dat_math_give_function_value; /* Let y be f(-3). */

/* The problems that give polynomials, with integer coefficients only for the last. */
typedef void dat_math_polynomial_problem(dat_math_draw *draw, dat_math_share share,
                                         const dat_math_polynomial *value, dat_math_entity *entity);
dat_math_polynomial_problem dat_math_give_derivative;  /* Let f(x) be the first derivative of 3*x**2. */
dat_math_polynomial_problem dat_math_give_collected;   /* Let f(x) = 3*x - 4*x + 0. */
dat_math_polynomial_problem dat_math_give_combination; /* Let f(x) = 3*g(x) - h(x). */

#endif
