/* Polynomials of the mathematics problems and their simplified form. */
#ifndef DAT_DATA_MATH_POLYNOMIAL_H
#define DAT_DATA_MATH_POLYNOMIAL_H

#include "data/math_draw.h"
#include "data/math_text.h"

enum { DAT_MATH_MAX_ORDER = 3 };

/* Derivatives by their order: "first" at 1, "second", "third". */
extern const char *const dat_math_ordinals[];

/* A polynomial in one variable: the coefficients of the powers 0 to n - 1, the last not 0. */
typedef struct dat_math_polynomial {
    int n;
    dat_math_fraction coefficients[DAT_MATH_MAX_POWERS];
} dat_math_polynomial;

/* From n integers, the last of which may be 0. */
dat_math_polynomial dat_math_polynomial_of(const int64_t *coefficients, int n);

/* Writes the coefficients as integers; false if one is not an integer. */
bool dat_math_polynomial_integers(const dat_math_polynomial *p, int64_t *coefficients);

/* The antiderivative of p that is 0 at 0. */
dat_math_polynomial dat_math_integrate(const dat_math_polynomial *p, bool *overflow);

/* Appends n terms with powers that differ and coefficients other than 0 in their printed order, highest
 * powers of the first variable first: "3*x**2*y - x/2 + 1". `letters` names the variables. */
void dat_math_put_monomials(dat_math_text *text, const dat_math_monomial *terms, int n, const char *letters);

/* The same for a polynomial in one variable. */
void dat_math_put_polynomial(dat_math_text *text, const dat_math_polynomial *p, char letter);

#endif
