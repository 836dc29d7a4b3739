#include "data/math_sum.h"

#include <math.h>

#include "util/status.h"

void dat_math_put_constant(dat_math_text *text, const dat_math_constant *constant)
{
    if (constant->letter)
        dat_math_put_character(text, constant->letter);
    else
        dat_math_put_fraction(text, constant->value);
}

void dat_math_constants_add(dat_math_constants *constants, dat_math_constant *constant)
{
    DAT_ASSERT(constants->n < (int)(sizeof constants->items / sizeof constants->items[0]));
    constants->items[constants->n++] = constant;
}

void dat_math_sum_add(dat_math_sum *sum, dat_math_fraction coefficient, char variable, int power)
{
    DAT_ASSERT(sum->n < DAT_MATH_MAX_TERMS);
    bool minus = coefficient.numerator < 0;
    sum->terms[sum->n++] = (dat_math_term){
        .minus = minus,
        .variable = power == 0 ? '\0' : variable,
        .coefficient.value = minus ? dat_math_negate(coefficient) : coefficient,
        .power.value = dat_math_integer(power),
    };
}

void dat_math_sum_shuffle(dat_math_draw *draw, dat_math_sum *sum)
{
    for (int i = sum->n - 1; i > 0; i--) {
        int64_t other = dat_math_range(draw, 0, i);
        dat_math_term term = sum->terms[i];
        sum->terms[i] = sum->terms[other];
        sum->terms[other] = term;
    }
}

void dat_math_sum_expand(dat_math_draw *draw, const int64_t *coefficients, int n, double entropy, int length,
                         char variable, dat_math_sum *sum)
{
    int shortest = 2;
    for (int power = 0; power < n; power++)
        shortest += coefficients[power] != 0;
    if (length == 0)
        length = (int)dat_math_range(draw, shortest, shortest + (int)(ceil(entropy) / 2));
    dat_math_terms terms;
    dat_math_draw_terms(draw, coefficients, n, length > shortest ? length : shortest, entropy, &terms);
    const int64_t *value = terms.values;
    sum->n = 0;
    for (int power = 0; power < n; power++)
        for (int i = 0; i < terms.counts[power]; i++)
            dat_math_sum_add(sum, dat_math_integer(*value++), variable, power);
    dat_math_sum_shuffle(draw, sum);
}

static bool shows_coefficient(const dat_math_term *term)
{
    dat_math_fraction value = term->coefficient.value;
    return term->coefficient.letter || !term->variable || value.numerator != 1 || value.denominator != 1;
}

static bool shows_power(const dat_math_term *term)
{
    return term->variable && term->power.value.numerator > 1;
}

void dat_math_sum_constants(dat_math_sum *sum, dat_math_constants *constants)
{
    for (int i = 0; i < sum->n; i++) {
        if (shows_coefficient(&sum->terms[i]))
            dat_math_constants_add(constants, &sum->terms[i].coefficient);
        if (shows_power(&sum->terms[i]))
            dat_math_constants_add(constants, &sum->terms[i].power);
    }
}

static void put_term(dat_math_text *text, const dat_math_term *term)
{
    if (shows_coefficient(term))
        dat_math_put_constant(text, &term->coefficient);
    if (!term->variable)
        return;
    if (shows_coefficient(term))
        dat_math_put_character(text, '*');
    dat_math_put_character(text, term->variable);
    if (shows_power(term)) {
        dat_math_put_string(text, "**");
        dat_math_put_constant(text, &term->power);
    }
}

void dat_math_put_sum(dat_math_text *text, const dat_math_sum *sum)
{
    for (int i = 0; i < sum->n; i++) {
        dat_math_put_sign(text, sum->terms[i].minus, i == 0);
        put_term(text, &sum->terms[i]);
    }
}
