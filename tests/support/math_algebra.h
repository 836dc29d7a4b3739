/* Exact algebra for checking mathematics problems, written without a look at how they are generated:
 * polynomials in all letters with 128-bit fractions as coefficients, and a parser of the problems' notation.
 */
#ifndef TESTS_SUPPORT_MATH_ALGEBRA_H
#define TESTS_SUPPORT_MATH_ALGEBRA_H

#include <stdbool.h>

__extension__ typedef __int128 wide;

enum { N_LETTERS = 26, MOST_TERMS = 64 };

/* Denominator above 0, lowest terms. */
typedef struct ratio {
    wide n, d;
} ratio;

typedef struct poly_term {
    unsigned char powers[N_LETTERS];
    ratio c; /* not 0 */
} poly_term;

/* Terms with different powers. */
typedef struct poly {
    int n;
    poly_term terms[MOST_TERMS];
} poly;

poly poly_constant(wide n, wide d);
poly poly_letter(int letter);
poly poly_add(const poly *a, const poly *b);
poly poly_multiply(const poly *a, const poly *b);
poly poly_power(const poly *a, int exponent);

/* The derivative with respect to a letter, `order` times. */
poly poly_derivative(const poly *a, int letter, int order);

/* a with `value` in place of a letter. */
poly poly_substitute(const poly *a, int letter, const poly *value);

/* The coefficient of a letter alone, or of 1 for letter -1. */
ratio poly_coefficient(const poly *a, int letter);

/* Whether a letter is in it; whether it is a number. */
bool poly_has(const poly *a, int letter);
bool poly_is_number(const poly *a);

/* Prints in descending lexicographic order of the powers: "2*x**2*y - x/3 + 1". Returns text. */
char *poly_print(const poly *a, char *text);

/* What is known while a problem is read. */
typedef struct knowledge {
    bool has_value[N_LETTERS], is_function[N_LETTERS];
    poly values[N_LETTERS];   /* of letters, or of functions in their variable */
    int variables[N_LETTERS]; /* of functions */
} knowledge;

/* Reads an expression from *text on and moves *text behind it. Known letters and functions are replaced.
 * False when it cannot be read. */
bool poly_parse(const knowledge *known, const char **text, poly *result);

#endif
