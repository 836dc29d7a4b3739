#include "data/math_compose.h"

#include "util/status.h"

double dat_math_share_take(dat_math_share *share)
{
    double own = share->entropy / share->n_problems;
    share->entropy -= own;
    return own;
}

void dat_math_put_entity(dat_math_text *text, const dat_math_entity *entity)
{
    if (entity->letter)
        dat_math_put_character(text, entity->letter);
    else
        dat_math_put_fraction(text, entity->number);
}

void dat_math_put_call(dat_math_text *text, char function, char argument)
{
    dat_math_put_character(text, function);
    dat_math_put_character(text, '(');
    dat_math_put_character(text, argument);
    dat_math_put_character(text, ')');
}

void dat_math_define(dat_math_draw *draw, char variable, const dat_math_text *polynomial,
                     dat_math_entity *entity)
{
    entity->letter = dat_math_letter(draw);
    dat_math_put_string(&entity->sentence, "Let ");
    dat_math_put_call(&entity->sentence, entity->letter, variable);
    dat_math_put_string(&entity->sentence, " = ");
    dat_math_put_text(&entity->sentence, polynomial);
    dat_math_put_character(&entity->sentence, '.');
}

void dat_math_put_texts(dat_math_draw *draw, const dat_math_entity *entities, int n, dat_math_text *text)
{
    int64_t order[DAT_MATH_MAX_CHILDREN];
    dat_rng_permutation(&draw->rng, n, order);
    for (int i = 0; i < n; i++) {
        dat_math_put_sentence(text, &entities[order[i]].before);
        dat_math_put_sentence(text, &entities[order[i]].sentence);
    }
}

/* A polynomial as it is: "Let f(x) = 3*x**2 - 1." */
static void write_polynomial(dat_math_draw *draw, const dat_math_polynomial *value, dat_math_entity *entity)
{
    entity->variable = dat_math_letter(draw);
    dat_math_put_polynomial(&entity->expression, value, entity->variable);
    dat_math_define(draw, entity->variable, &entity->expression, entity);
}

static void give_polynomial(dat_math_draw *draw, dat_math_share share, const dat_math_polynomial *value,
                            dat_math_entity *entity)
{
    static dat_math_polynomial_problem *const problems[] = {dat_math_give_derivative, dat_math_give_collected,
                                                            dat_math_give_combination};
    int64_t coefficients[DAT_MATH_MAX_POWERS];
    bool integers = dat_math_polynomial_integers(value, coefficients);
    problems[dat_math_range(draw, 0, integers ? 2 : 1)](draw, share, value, entity);
}

static void give_number(dat_math_draw *draw, dat_math_share share, dat_math_fraction value,
                        dat_math_entity *entity)
{
    static dat_math_number_problem *const problems[] = {dat_math_give_sum, dat_math_give_arithmetic,
                                                        dat_math_give_solution, dat_math_give_solutions,
                                                        dat_math_give_function_value};
    problems[dat_math_range(draw, 0, dat_math_is_integer(value) ? 4 : 1)](draw, share, value, entity);
}

void dat_math_compose(dat_math_draw *draw, dat_math_share share, const dat_math_value *values, int n,
                      dat_math_entity *entities)
{
    int counts[DAT_MATH_MAX_CHILDREN];
    double entropies[DAT_MATH_MAX_CHILDREN];
    DAT_ASSERT(n <= DAT_MATH_MAX_CHILDREN);
    dat_math_split_count(draw, share.n_problems - 1, n, counts);
    dat_math_split_entropy(draw, share.entropy, counts, n, entropies);
    for (int i = 0; i < n; i++) {
        dat_math_share part = {counts[i], entropies[i]};
        entities[i] = (dat_math_entity){.number = values[i].number};
        if (part.n_problems > 0 && values[i].is_polynomial)
            give_polynomial(draw, part, &values[i].polynomial, &entities[i]);
        else if (part.n_problems > 0)
            give_number(draw, part, values[i].number, &entities[i]);
        else if (values[i].is_polynomial)
            write_polynomial(draw, &values[i].polynomial, &entities[i]);
    }
}

void dat_math_replace_constants(dat_math_draw *draw, dat_math_share share, dat_math_constants *constants,
                                dat_math_text *text)
{
    if (share.n_problems <= 1)
        return;
    DAT_ASSERT(constants->n > 0);
    int most = share.n_problems - 1 < constants->n ? share.n_problems - 1 : constants->n;
    int n = (int)dat_math_range(draw, 1, most);
    dat_math_constant *chosen[DAT_MATH_MAX_CHILDREN];
    dat_math_value values[DAT_MATH_MAX_CHILDREN] = {{.is_polynomial = false}};
    for (int i = 0; i < n; i++) {
        int64_t place = dat_math_range(draw, i, constants->n - 1);
        chosen[i] = constants->items[place];
        constants->items[place] = constants->items[i];
        values[i].number = chosen[i]->value;
    }
    dat_math_entity entities[DAT_MATH_MAX_CHILDREN];
    dat_math_compose(draw, share, values, n, entities);
    for (int i = 0; i < n; i++)
        chosen[i]->letter = entities[i].letter;
    dat_math_put_texts(draw, entities, n, text);
}
