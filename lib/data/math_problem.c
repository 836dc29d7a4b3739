#include "data/math_problem.h"

const char *const dat_math_module_names[] = {"algebra__linear_1d",      "algebra__sequence_next_term",
                                             "calculus__differentiate", "polynomials__add",
                                             "polynomials__expand",     NULL};
const char *const dat_math_level_names[] = {"easy", "medium", "hard", "interpolate", NULL};

bool dat_math_draw_pair(dat_math_draw *draw, dat_math_module module, dat_math_level level,
                        dat_math_pair *pair)
{
    static void (*const draw_problem[DAT_MATH_N_MODULES])(dat_math_draw *, double, dat_math_problem *) = {
        [DAT_MATH_LINEAR_1D] = dat_math_linear_1d,
        [DAT_MATH_SEQUENCE_NEXT_TERM] = dat_math_sequence_next_term,
        [DAT_MATH_DIFFERENTIATE] = dat_math_differentiate,
        [DAT_MATH_ADD] = dat_math_polynomials_add,
        [DAT_MATH_EXPAND] = dat_math_expand,
    };
    static const double entropies[DAT_MATH_N_LEVELS][2] = {
        [DAT_MATH_EASY] = {3, 3 + 7.0 / 3},
        [DAT_MATH_MEDIUM] = {3 + 7.0 / 3, 3 + 14.0 / 3},
        [DAT_MATH_HARD] = {3 + 14.0 / 3, 10},
        [DAT_MATH_INTERPOLATE] = {8, 8},
    };
    dat_math_problem problem = {.question = {0}};
    double entropy = dat_math_uniform(draw, entropies[level][0], entropies[level][1]);
    draw_problem[module](draw, entropy, &problem);
    return !draw->overflow && dat_math_text_copy(&problem.question, DAT_MATH_MAX_QUESTION, pair->question) &&
           dat_math_text_copy(&problem.answer, DAT_MATH_MAX_ANSWER, pair->answer);
}

void dat_math_example(dat_math_module module, dat_math_level level, uint64_t seed, uint64_t index,
                      dat_math_pair *pair)
{
    dat_rng root = dat_rng_seed(seed);
    dat_rng stream = dat_rng_fork(&root, (uint64_t)module * DAT_MATH_N_LEVELS + level);
    dat_math_draw draw = dat_math_draw_start(dat_rng_fork(&stream, index));
    while (!dat_math_draw_pair(&draw, module, level, pair))
        draw = dat_math_draw_start(draw.rng);
}
