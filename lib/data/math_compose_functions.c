/* The problems whose result is a polynomial, for use in other problems: derivatives and sums to collect. */
#include <math.h>

#include "data/math_compose.h"

/* A polynomial whose derivative of this order is `value`. */
static dat_math_polynomial draw_antiderivative(dat_math_draw *draw, const dat_math_polynomial *value,
                                               int order, double entropy)
{
    int64_t constants[DAT_MATH_MAX_ORDER];
    dat_math_polynomial p = *value;
    for (int i = 0; i < order; i++)
        p = dat_math_integrate(&p, &draw->overflow);
    dat_math_draw_coefficients(draw, order - 1, entropy, 0, 0, constants);
    for (int power = 0; power < order; power++)
        p.coefficients[power] = dat_math_integer(constants[power]);
    return p;
}

void dat_math_give_derivative(dat_math_draw *draw, dat_math_share share, const dat_math_polynomial *value,
                              dat_math_entity *entity)
{
    int order = (int)dat_math_range(draw, 1, DAT_MATH_MAX_ORDER);
    double entropy = fmax(0, dat_math_share_take(&share) - log10(DAT_MATH_MAX_ORDER));
    dat_math_value integral = {.is_polynomial = true};
    integral.polynomial = draw_antiderivative(draw, value, order, entropy);
    dat_math_entity part;
    dat_math_compose(draw, share, &integral, 1, &part);
    bool written = part.expression.length > 0;
    char variable = written ? part.variable : dat_math_letter(draw);
    dat_math_put_text(&entity->before, &part.before);
    if (!written)
        dat_math_put_sentence(&entity->before, &part.sentence);
    entity->letter = dat_math_letter(draw);
    dat_math_put_string(&entity->sentence, "Let ");
    dat_math_put_call(&entity->sentence, entity->letter, variable);
    dat_math_put_string(&entity->sentence, " be the ");
    dat_math_put_string(&entity->sentence, dat_math_ordinals[order]);
    dat_math_put_string(&entity->sentence, " derivative of ");
    if (written)
        dat_math_put_text(&entity->sentence, &part.expression);
    else
        dat_math_put_call(&entity->sentence, part.letter, variable);
    dat_math_put_character(&entity->sentence, '.');
}

void dat_math_give_collected(dat_math_draw *draw, dat_math_share share, const dat_math_polynomial *value,
                             dat_math_entity *entity)
{
    int64_t coefficients[DAT_MATH_MAX_POWERS];
    double entropy = dat_math_share_take(&share);
    entity->variable = dat_math_letter(draw);
    dat_math_sum sum = {.n = 0};
    if (dat_math_polynomial_integers(value, coefficients)) {
        dat_math_sum_expand(draw, coefficients, value->n, entropy, 0, entity->variable, &sum);
    } else { /* fractions are not split into terms: the entropy is left to others */
        share.entropy += entropy;
        for (int power = 0; power < value->n; power++)
            dat_math_sum_add(&sum, value->coefficients[power], entity->variable, power);
        dat_math_sum_shuffle(draw, &sum);
    }
    dat_math_constants constants = {.n = 0};
    dat_math_sum_constants(&sum, &constants);
    if (constants.n == 0) {
        dat_math_sum_add(&sum, dat_math_integer(0), '\0', 0);
        dat_math_sum_constants(&sum, &constants);
    }
    dat_math_replace_constants(draw, share, &constants, &entity->before);
    dat_math_put_sum(&entity->expression, &sum);
    dat_math_define(draw, entity->variable, &entity->expression, entity);
}
