#include "support/math_algebra.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/status.h"

static wide absolute(wide a)
{
    return a < 0 ? -a : a;
}

static ratio reduced(wide n, wide d)
{
    DAT_ASSERT(d != 0);
    wide a = absolute(n), b = absolute(d);
    while (b != 0) {
        wide rest = a % b;
        a = b;
        b = rest;
    }
    if (d < 0)
        a = -a;
    return (ratio){n / a, d / a};
}

poly poly_constant(wide n, wide d)
{
    poly p = {.n = n != 0};
    p.terms[0].c = reduced(n, d);
    return p;
}

poly poly_letter(int letter)
{
    poly p = poly_constant(1, 1);
    p.terms[0].powers[letter] = 1;
    return p;
}

/* Adds a term to the one of the same powers. */
static void accumulate(poly *p, const poly_term *term)
{
    int i = 0;
    while (i < p->n && memcmp(p->terms[i].powers, term->powers, N_LETTERS) != 0)
        i++;
    if (i == p->n) {
        DAT_ASSERT(p->n < MOST_TERMS);
        p->terms[p->n++] = *term;
        return;
    }
    ratio a = p->terms[i].c, b = term->c;
    p->terms[i].c = reduced(a.n * b.d + b.n * a.d, a.d * b.d);
    if (p->terms[i].c.n == 0)
        p->terms[i] = p->terms[--p->n];
}

poly poly_add(const poly *a, const poly *b)
{
    poly sum = *a;
    for (int i = 0; i < b->n; i++)
        accumulate(&sum, &b->terms[i]);
    return sum;
}

poly poly_multiply(const poly *a, const poly *b)
{
    poly product = {.n = 0};
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++) {
            poly_term term = a->terms[i];
            for (int letter = 0; letter < N_LETTERS; letter++)
                term.powers[letter] = (unsigned char)(term.powers[letter] + b->terms[j].powers[letter]);
            term.c = reduced(term.c.n * b->terms[j].c.n, term.c.d * b->terms[j].c.d);
            accumulate(&product, &term);
        }
    return product;
}

poly poly_power(const poly *a, int exponent)
{
    poly power = poly_constant(1, 1);
    for (int i = 0; i < exponent; i++)
        power = poly_multiply(&power, a);
    return power;
}

poly poly_derivative(const poly *a, int letter, int order)
{
    if (order == 0)
        return *a;
    poly derivative = {.n = 0};
    for (int i = 0; i < a->n; i++) {
        poly_term term = a->terms[i];
        if (term.powers[letter] == 0)
            continue;
        term.c = reduced(term.c.n * term.powers[letter], term.c.d);
        term.powers[letter]--;
        accumulate(&derivative, &term);
    }
    return poly_derivative(&derivative, letter, order - 1);
}

poly poly_substitute(const poly *a, int letter, const poly *value)
{
    poly result = {.n = 0};
    for (int i = 0; i < a->n; i++) {
        poly term = {.n = 1, .terms = {a->terms[i]}}, power = poly_power(value, a->terms[i].powers[letter]);
        term.terms[0].powers[letter] = 0;
        term = poly_multiply(&term, &power);
        result = poly_add(&result, &term);
    }
    return result;
}

ratio poly_coefficient(const poly *a, int letter)
{
    unsigned char powers[N_LETTERS] = {0};
    if (letter >= 0)
        powers[letter] = 1;
    for (int i = 0; i < a->n; i++)
        if (memcmp(a->terms[i].powers, powers, N_LETTERS) == 0)
            return a->terms[i].c;
    return (ratio){0, 1};
}

bool poly_has(const poly *a, int letter)
{
    for (int i = 0; i < a->n; i++)
        if (a->terms[i].powers[letter] > 0)
            return true;
    return false;
}

bool poly_is_number(const poly *a)
{
    for (int letter = 0; letter < N_LETTERS; letter++)
        if (poly_has(a, letter))
            return false;
    return true;
}

static int by_powers(const void *a, const void *b)
{
    return memcmp(((const poly_term *)b)->powers, ((const poly_term *)a)->powers, N_LETTERS);
}

/* The factors of a term, "3", "x**2", in one product. */
static char *print_term(const poly_term *term, char *text)
{
    const char *star = "";
    long long n = (long long)absolute(term->c.n), d = (long long)term->c.d;
    static const unsigned char constant[N_LETTERS];
    if (n != 1 || memcmp(term->powers, constant, N_LETTERS) == 0) {
        text += sprintf(text, "%lld", n);
        star = "*";
    }
    for (int letter = 0; letter < N_LETTERS; letter++) {
        if (term->powers[letter] == 0)
            continue;
        text += sprintf(text, "%s%c", star, 'a' + letter);
        if (term->powers[letter] > 1)
            text += sprintf(text, "**%d", term->powers[letter]);
        star = "*";
    }
    if (d != 1)
        text += sprintf(text, "/%lld", d);
    return text;
}

char *poly_print(const poly *a, char *text)
{
    poly sorted = *a;
    qsort(sorted.terms, (size_t)sorted.n, sizeof sorted.terms[0], by_powers);
    char *end = text + sprintf(text, "%s", a->n == 0 ? "0" : "");
    for (int i = 0; i < sorted.n; i++) {
        bool minus = sorted.terms[i].c.n < 0;
        if (i > 0)
            end += sprintf(end, " %c ", minus ? '-' : '+');
        else if (minus)
            *end++ = '-';
        end = print_term(&sorted.terms[i], end);
    }
    return text;
}

static bool parse_bracket(const knowledge *known, const char **text, poly *result)
{
    ++*text;
    return poly_parse(known, text, result) && *(*text)++ == ')';
}

/* A letter, known or not, or a function of something. */
static bool parse_letter(const knowledge *known, const char **text, poly *result)
{
    int letter = *(*text)++ - 'a';
    if (**text == '(') {
        poly argument;
        if (!known->is_function[letter] || !parse_bracket(known, text, &argument))
            return false;
        *result = poly_substitute(&known->values[letter], known->variables[letter], &argument);
        return true;
    }
    *result = known->has_value[letter] ? known->values[letter] : poly_letter(letter);
    return !known->is_function[letter];
}

static bool parse_atom(const knowledge *known, const char **text, poly *result)
{
    if (islower((unsigned char)**text))
        return parse_letter(known, text, result);
    if (**text == '(')
        return parse_bracket(known, text, result);
    if (!isdigit((unsigned char)**text))
        return false;
    wide value = 0;
    for (; isdigit((unsigned char)**text); ++*text)
        value = value * 10 + (**text - '0');
    *result = poly_constant(value, 1);
    return true;
}

/* An atom, its power, or minus that. */
static bool parse_factor(const knowledge *known, const char **text, poly *result)
{
    if (**text == '-') {
        ++*text;
        poly minus = poly_constant(-1, 1);
        if (!parse_factor(known, text, result))
            return false;
        *result = poly_multiply(&minus, result);
        return true;
    }
    if (!parse_atom(known, text, result))
        return false;
    if (strncmp(*text, "**", 2) != 0)
        return true;
    *text += 2;
    poly exponent;
    if (!parse_factor(known, text, &exponent) || !poly_is_number(&exponent))
        return false;
    ratio value = poly_coefficient(&exponent, -1);
    if (value.d != 1 || value.n < 0 || value.n > 20)
        return false;
    *result = poly_power(result, (int)value.n);
    return true;
}

static bool parse_product(const knowledge *known, const char **text, poly *result)
{
    if (!parse_factor(known, text, result))
        return false;
    while (**text == '*' || **text == '/') {
        bool divides = *(*text)++ == '/';
        poly factor;
        if (!parse_factor(known, text, &factor) || (divides && (!poly_is_number(&factor) || factor.n == 0)))
            return false;
        if (divides)
            factor = poly_constant(factor.terms[0].c.d, factor.terms[0].c.n);
        *result = poly_multiply(result, &factor);
    }
    return true;
}

bool poly_parse(const knowledge *known, const char **text, poly *result)
{
    if (!parse_product(known, text, result))
        return false;
    while (strncmp(*text, " + ", 3) == 0 || strncmp(*text, " - ", 3) == 0) {
        poly sign = poly_constant((*text)[1] == '-' ? -1 : 1, 1), term;
        *text += 3;
        if (!parse_product(known, text, &term))
            return false;
        term = poly_multiply(&sign, &term);
        *result = poly_add(result, &term);
    }
    return true;
}
