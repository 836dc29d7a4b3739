/* The problems whose result is a number, for use in other problems. */
#include <math.h>
#include <stdlib.h>

#include "data/math_arithmetic.h"
#include "data/math_compose.h"
#include "data/math_linear.h"

/* Gives the number a name: "Let y = " or "Let y be ". */
static void begin_sentence(dat_math_draw *draw, const char *verb, dat_math_entity *entity)
{
    entity->letter = dat_math_letter(draw);
    dat_math_put_string(&entity->sentence, "Let ");
    dat_math_put_character(&entity->sentence, entity->letter);
    dat_math_put_string(&entity->sentence, verb);
}

void dat_math_give_sum(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                       dat_math_entity *entity)
{
    bool is_sum = dat_math_coin(draw);
    double entropy = fmax(dat_math_share_take(&share), dat_math_entropy_of(value));
    dat_math_fraction p = dat_math_is_integer(value) ? dat_math_integer(dat_math_draw_signed(draw, entropy))
                                                     : dat_math_draw_fraction(draw, entropy);
    dat_math_fraction q = dat_math_subtract(value, p, &draw->overflow);
    bool swapped = dat_math_coin(draw);
    dat_math_fraction left = swapped ? q : p, right = swapped ? p : q;
    dat_math_value values[2] = {{.number = left}, {.number = is_sum ? right : dat_math_negate(right)}};
    dat_math_entity sides[2];
    dat_math_compose(draw, share, values, 2, sides);
    dat_math_put_texts(draw, sides, 2, &entity->before);
    begin_sentence(draw, " = ", entity);
    dat_math_put_entity(&entity->sentence, &sides[0]);
    dat_math_put_string(&entity->sentence, is_sum ? " + " : " - ");
    dat_math_put_entity(&entity->sentence, &sides[1]);
    dat_math_put_character(&entity->sentence, '.');
}

void dat_math_give_arithmetic(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                              dat_math_entity *entity)
{
    dat_math_arithmetic expression;
    dat_math_constants constants = {.n = 0};
    dat_math_draw_arithmetic(draw, value, dat_math_share_take(&share), &expression);
    dat_math_arithmetic_constants(&expression, &constants);
    dat_math_replace_constants(draw, share, &constants, &entity->before);
    begin_sentence(draw, " be ", entity);
    dat_math_put_arithmetic(&entity->sentence, &expression);
    dat_math_put_character(&entity->sentence, '.');
}

/* n equations with the value and, for two, another solution; the first unknown is the entity. */
static void give_solution(dat_math_draw *draw, dat_math_share share, dat_math_fraction value, int n,
                          dat_math_entity *entity)
{
    double entropy = dat_math_share_take(&share);
    int64_t solutions[DAT_MATH_MAX_EQUATIONS] = {value.numerator};
    if (n == 2) {
        double solution_entropy = fmax(1, entropy / 4);
        solutions[1] = dat_math_draw_signed(draw, solution_entropy);
        entropy -= solution_entropy;
    }
    char unknowns[DAT_MATH_MAX_EQUATIONS];
    for (int i = 0; i < n; i++)
        unknowns[i] = dat_math_letter(draw);
    dat_math_equations equations;
    dat_math_constants constants;
    do {
        constants.n = 0;
        dat_math_draw_equations(draw, n, unknowns, solutions, fmax(1, entropy), &equations);
        dat_math_equations_constants(&equations, &constants);
    } while (share.n_problems > 1 && constants.n == 0);
    dat_math_replace_constants(draw, share, &constants, &entity->before);
    entity->letter = unknowns[0];
    dat_math_put_string(&entity->sentence, "Suppose ");
    dat_math_put_equations(&entity->sentence, &equations);
    dat_math_put_character(&entity->sentence, '.');
}

void dat_math_give_solution(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                            dat_math_entity *entity)
{
    give_solution(draw, share, value, 1, entity);
}

void dat_math_give_solutions(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                             dat_math_entity *entity)
{
    give_solution(draw, share, value, 2, entity);
}

/* A polynomial that is `value` at x, from the highest power down: each coefficient brings the rest close to
 * 0, give or take its entropy, and the constant is what remains. */
static dat_math_polynomial draw_function(dat_math_draw *draw, int64_t value, int64_t x, double entropy)
{
    enum { MAX_DEGREE = 3 };
    static const int weights[MAX_DEGREE] = {1, 2, 3};
    int degree = (int)dat_math_range(draw, 1, MAX_DEGREE);
    double entropies[MAX_DEGREE];
    int64_t coefficients[MAX_DEGREE + 1];
    dat_math_split_entropy(draw, entropy, weights, degree, entropies);
    for (int power = degree; power > 0; power--) {
        int64_t unit = dat_math_power(x, power, &draw->overflow);
        int64_t c = dat_math_draw_signed(draw, entropies[degree - power]);
        if (unit != 0)
            c = dat_math_plus(c, llrint((double)value / (double)unit), &draw->overflow);
        if (power == degree && c == 0)
            c = dat_math_coin(draw) ? 1 : -1;
        coefficients[power] = c;
        value = dat_math_plus(value, -dat_math_times(c, unit, &draw->overflow), &draw->overflow);
    }
    coefficients[0] = value;
    return dat_math_polynomial_of(coefficients, degree + 1);
}

void dat_math_give_function_value(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                                  dat_math_entity *entity)
{
    double entropy = dat_math_share_take(&share);
    double argument_entropy = dat_math_uniform(draw, 1, 1 + entropy / 3);
    int64_t x = dat_math_draw_signed(draw, argument_entropy);
    dat_math_value values[2] = {{.is_polynomial = true}, {.number = dat_math_integer(x)}};
    values[0].polynomial = draw_function(draw, value.numerator, x, fmax(0, entropy - argument_entropy));
    dat_math_entity parts[2];
    dat_math_compose(draw, share, values, 2, parts);
    dat_math_put_texts(draw, parts, 2, &entity->before);
    begin_sentence(draw, " be ", entity);
    dat_math_put_character(&entity->sentence, parts[0].letter);
    dat_math_put_character(&entity->sentence, '(');
    dat_math_put_entity(&entity->sentence, &parts[1]);
    dat_math_put_string(&entity->sentence, ").");
}
