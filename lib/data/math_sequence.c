/* algebra__sequence_next_term: a polynomial of degree 1 to 3 at 1, 2, 3, ... */
#include <math.h>

#include "data/math_problem.h"

enum { MAX_DEGREE = 3 };

static int64_t value_at(const int64_t *coefficients, int degree, int64_t x, bool *overflow)
{
    int64_t value = 0;
    for (int power = degree; power >= 0; power--)
        value = dat_math_plus(dat_math_times(value, x, overflow), coefficients[power], overflow);
    return value;
}

void dat_math_sequence_next_term(dat_math_draw *draw, double entropy, dat_math_problem *problem)
{
    static const char *const templates[3][2] = {
        {"What is next in ", "?"}, {"What comes next: ", "?"}, {"What is the next term in ", "?"}};
    int degree = (int)dat_math_range(draw, 1, MAX_DEGREE);
    int64_t coefficients[MAX_DEGREE + 1];
    double entropies[MAX_DEGREE + 1];
    dat_math_split_entropy(draw, entropy, NULL, degree + 1, entropies);
    for (int power = 0; power <= degree; power++) {
        /* So that all terms of the polynomial are about equally large at x = degree + 2. */
        double extra = 0.5 * (degree - 2 * power) * log10(degree + 2);
        coefficients[power] =
            dat_math_draw_integer(draw, entropies[power] + extra, true, power == degree ? 1 : 0, 1);
    }
    int64_t n = dat_math_range(draw, degree + 2, degree + 5);
    const char *const *template = templates[dat_math_range(draw, 0, 2)];
    dat_math_put_string(&problem->question, template[0]);
    for (int64_t i = 1; i <= n; i++) {
        dat_math_put_integer(&problem->question, value_at(coefficients, degree, i, &draw->overflow));
        if (i < n)
            dat_math_put_string(&problem->question, ", ");
    }
    dat_math_put_string(&problem->question, template[1]);
    dat_math_put_integer(&problem->answer, value_at(coefficients, degree, n + 1, &draw->overflow));
}
