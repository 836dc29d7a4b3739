#include "data/math_polynomial.h"

#include <stdlib.h>

#include "util/status.h"

const char *const dat_math_ordinals[] = {"", "first", "second", "third"};

dat_math_polynomial dat_math_polynomial_of(const int64_t *coefficients, int n)
{
    DAT_ASSERT(n <= DAT_MATH_MAX_POWERS);
    dat_math_polynomial p = {.n = 0};
    for (int i = 0; i < n; i++) {
        p.coefficients[i] = dat_math_integer(coefficients[i]);
        if (coefficients[i] != 0)
            p.n = i + 1;
    }
    return p;
}

bool dat_math_polynomial_integers(const dat_math_polynomial *p, int64_t *coefficients)
{
    for (int i = 0; i < p->n; i++) {
        if (!dat_math_is_integer(p->coefficients[i]))
            return false;
        coefficients[i] = p->coefficients[i].numerator;
    }
    return true;
}

dat_math_polynomial dat_math_integrate(const dat_math_polynomial *p, bool *overflow)
{
    DAT_ASSERT(p->n < DAT_MATH_MAX_POWERS);
    dat_math_polynomial integral = {.n = p->n + 1, .coefficients = {{0, 1}}};
    for (int i = 0; i < p->n; i++) {
        dat_math_fraction c = p->coefficients[i];
        int64_t denominator = dat_math_times(c.denominator, i + 1, overflow);
        integral.coefficients[i + 1] = dat_math_ratio(c.numerator, denominator, overflow);
    }
    return integral;
}

/* The powers of a term joined by "*"; nothing for a constant. */
static void put_powers(dat_math_text *text, uint32_t powers, const char *letters)
{
    bool first = true;
    for (int variable = 0; variable < DAT_MATH_MAX_VARIABLES; variable++) {
        uint32_t power = powers / dat_math_powers(variable, 1) & UINT8_MAX;
        if (power == 0)
            continue;
        if (!first)
            dat_math_put_character(text, '*');
        first = false;
        dat_math_put_character(text, letters[variable]);
        if (power > 1) {
            dat_math_put_string(text, "**");
            dat_math_put_integer(text, power);
        }
    }
}

/* A term without its sign: "5*x/6", "x/3", "1/2". */
static void put_monomial(dat_math_text *text, dat_math_monomial term, const char *letters)
{
    int64_t numerator = llabs(term.coefficient.numerator);
    if (numerator != 1 || term.powers == 0)
        dat_math_put_integer(text, numerator);
    if (numerator != 1 && term.powers != 0)
        dat_math_put_character(text, '*');
    put_powers(text, term.powers, letters);
    if (term.coefficient.denominator != 1) {
        dat_math_put_character(text, '/');
        dat_math_put_integer(text, term.coefficient.denominator);
    }
}

static int higher_powers_first(const void *a, const void *b)
{
    uint32_t left = ((const dat_math_monomial *)a)->powers, right = ((const dat_math_monomial *)b)->powers;
    return (left < right) - (left > right);
}

void dat_math_put_monomials(dat_math_text *text, const dat_math_monomial *terms, int n, const char *letters)
{
    dat_math_monomial sorted[DAT_MATH_MAX_MONOMIALS];
    DAT_ASSERT(n <= DAT_MATH_MAX_MONOMIALS);
    for (int i = 0; i < n; i++)
        sorted[i] = terms[i];
    qsort(sorted, (size_t)n, sizeof *sorted, higher_powers_first);
    for (int i = 0; i < n; i++) {
        dat_math_put_sign(text, sorted[i].coefficient.numerator < 0, i == 0);
        put_monomial(text, sorted[i], letters);
    }
}

void dat_math_put_polynomial(dat_math_text *text, const dat_math_polynomial *p, char letter)
{
    dat_math_monomial terms[DAT_MATH_MAX_POWERS];
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (p->coefficients[i].numerator != 0)
            terms[n++] = (dat_math_monomial){dat_math_powers(0, i), p->coefficients[i]};
    dat_math_put_monomials(text, terms, n, &letter);
}
