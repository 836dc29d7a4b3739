/* polynomials__add: a*f(x) + b*g(x), as the question and inside of it. */
#include <math.h>
#include <stdlib.h>

#include "data/math_compose.h"
#include "data/math_problem.h"
#include "util/status.h"

/* a * f + b * g, which is some polynomial. */
typedef struct combination {
    int64_t a, b;
    int n; /* coefficients of f and g */
    int64_t f[DAT_MATH_MAX_POWERS], g[DAT_MATH_MAX_POWERS];
} combination;

/* A random divisor of value >= 1. */
static int64_t draw_divisor(dat_math_draw *draw, int64_t value)
{
    dat_math_factors factors = dat_math_factorise(value);
    int64_t divisor = 1;
    for (int i = 0; i < factors.count; i++)
        divisor *= dat_math_power(factors.primes[i], (int)dat_math_range(draw, 0, factors.powers[i]),
                                  &draw->overflow);
    return divisor;
}

static int64_t sign_of(int64_t value)
{
    return (value > 0) - (value < 0);
}

/* The solution number t of a x + b y = value, whose gcd(a, b) divides value. */
static void solve(int64_t a, int64_t b, int64_t value, int64_t t, int64_t *x, int64_t *y, bool *overflow)
{
    int64_t divisor = dat_math_gcd(dat_math_gcd(a, b), value), x0, y0;
    a /= divisor;
    b /= divisor;
    value /= divisor;
    dat_math_bezout(llabs(a), llabs(b), &x0, &y0);
    t = b < 0 ? -t : t;
    x0 = dat_math_times(value, x0 * sign_of(a), overflow);
    y0 = dat_math_times(value, y0 * sign_of(b), overflow);
    *x = dat_math_plus(x0, dat_math_times(b, t, overflow), overflow);
    *y = dat_math_plus(y0, -dat_math_times(a, t, overflow), overflow);
}

static bool all_zero(const int64_t *values, int n)
{
    for (int i = 0; i < n; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Multipliers without common factors but those of the polynomial. */
static void draw_multipliers(dat_math_draw *draw, const int64_t *value, int n, const double *entropies,
                             combination *c)
{
    int64_t divisor = 0;
    for (int i = 0; i < n; i++)
        divisor = dat_math_gcd(divisor, value[i]);
    int64_t a = dat_math_draw_integer(draw, entropies[0], true, 1, 1);
    int64_t b = dat_math_draw_integer(draw, entropies[1], true, 1, a);
    b = dat_math_times(b, draw_divisor(draw, divisor), &draw->overflow);
    bool swapped = dat_math_coin(draw);
    c->a = swapped ? b : a;
    c->b = swapped ? a : b;
}

/* Writes the polynomial with these coefficients as a combination of two that are not 0. */
static void draw_combination(dat_math_draw *draw, const int64_t *value, int n, double entropy, combination *c)
{
    double multipliers[2], entropies[DAT_MATH_MAX_POWERS];
    multipliers[0] = fmax(1, dat_math_uniform(draw, 0, entropy / 3));
    multipliers[1] = fmax(1, dat_math_uniform(draw, 0, entropy / 3));
    entropy -= multipliers[0] + multipliers[1];
    dat_math_split_entropy(draw, entropy, NULL, n, entropies);
    draw_multipliers(draw, value, n, multipliers, c);
    c->n = n;
    for (int i = 0; i < n; i++)
        solve(c->a, c->b, value[i], dat_math_draw_signed(draw, entropies[i]), &c->f[i], &c->g[i],
              &draw->overflow);
    while (all_zero(c->f, n) || all_zero(c->g, n)) {
        int64_t i = dat_math_range(draw, 0, n - 1);
        int64_t sign = dat_math_coin(draw) ? 1 : -1;
        c->f[i] = dat_math_plus(c->f[i], sign * c->b, &draw->overflow);
        c->g[i] = dat_math_plus(c->g[i], -sign * c->a, &draw->overflow);
    }
}

/* Appends a term m*f(x); multipliers 1 and -1 are not written. */
static void put_term(dat_math_text *text, const dat_math_entity *multiplier, char function, char variable,
                     bool first)
{
    int64_t number = multiplier->number.numerator;
    dat_math_put_sign(text, !multiplier->letter && number < 0, first);
    if (multiplier->letter)
        dat_math_put_character(text, multiplier->letter);
    else if (llabs(number) != 1)
        dat_math_put_integer(text, llabs(number));
    if (multiplier->letter || llabs(number) != 1)
        dat_math_put_character(text, '*');
    dat_math_put_call(text, function, variable);
}

/* Whether the first term a*f comes before the second b*g: letters before numbers, then the alphabet. */
static bool in_order(const dat_math_entity *a, const dat_math_entity *f, const dat_math_entity *b,
                     const dat_math_entity *g)
{
    if (a->letter && b->letter)
        return a->letter < b->letter;
    if (a->letter || b->letter)
        return a->letter != 0;
    return f->letter < g->letter;
}

/* Draws a combination, writes the texts that it depends on to `before` and itself to `text`; returns its
 * variable. */
static char compose_combination(dat_math_draw *draw, dat_math_share share, const int64_t *value, int n,
                                double entropy, dat_math_text *before, dat_math_text *text)
{
    combination c;
    draw_combination(draw, value, n, entropy, &c);
    dat_math_value values[4] = {
        {.number = dat_math_integer(c.a)},
        {.number = dat_math_integer(c.b)},
        {.is_polynomial = true, .polynomial = dat_math_polynomial_of(c.f, n)},
        {.is_polynomial = true, .polynomial = dat_math_polynomial_of(c.g, n)},
    };
    dat_math_entity parts[4];
    dat_math_compose(draw, share, values, 4, parts);
    dat_math_put_texts(draw, parts, 4, before);
    const dat_math_entity *a = &parts[0], *b = &parts[1], *f = &parts[2], *g = &parts[3];
    char variable = dat_math_letter(draw);
    bool ordered = in_order(a, f, b, g);
    put_term(text, ordered ? a : b, (ordered ? f : g)->letter, variable, true);
    put_term(text, ordered ? b : a, (ordered ? g : f)->letter, variable, false);
    return variable;
}

void dat_math_give_combination(dat_math_draw *draw, dat_math_share share, const dat_math_polynomial *value,
                               dat_math_entity *entity)
{
    int64_t coefficients[DAT_MATH_MAX_POWERS];
    bool integers = dat_math_polynomial_integers(value, coefficients);
    DAT_ASSERT(integers);
    double entropy = dat_math_share_take(&share);
    dat_math_text sum = {0};
    char variable = compose_combination(draw, share, coefficients, value->n, entropy, &entity->before, &sum);
    dat_math_define(draw, variable, &sum, entity);
}

void dat_math_polynomials_add(dat_math_draw *draw, double entropy, dat_math_problem *problem)
{
    enum { MAX_PROBLEMS = 4, MAX_DEGREE = 3, N_TEMPLATES = 4 };
    static const char *const templates[N_TEMPLATES][2] = {
        {"What is ", "?"}, {"Calculate ", "."}, {"Give ", "."}, {"Determine ", "."}};
    dat_math_share share = {(int)dat_math_range(draw, 1, MAX_PROBLEMS), entropy};
    int degree = (int)dat_math_range(draw, 1, MAX_DEGREE);
    double half = (dat_math_share_take(&share) - log10(MAX_DEGREE)) / 2;
    int64_t coefficients[MAX_DEGREE + 1];
    dat_math_draw_coefficients(draw, degree, half, (int)dat_math_range(draw, 1, 3), 0, coefficients);

    dat_math_text sum = {0}, ending = {0};
    char variable =
        compose_combination(draw, share, coefficients, degree + 1, half, &problem->question, &sum);
    const char *const *template = templates[dat_math_range(draw, 0, N_TEMPLATES - 1)];
    dat_math_put_string(&ending, template[0]);
    dat_math_put_text(&ending, &sum);
    dat_math_put_string(&ending, template[1]);
    dat_math_put_sentence(&problem->question, &ending);
    dat_math_polynomial answer = dat_math_polynomial_of(coefficients, degree + 1);
    dat_math_put_polynomial(&problem->answer, &answer, variable);
}
