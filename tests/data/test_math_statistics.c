/* Generated mathematics problems have the statistics of the official generator's: of every module and level,
 * histograms of what can be counted are compared with those of the sample, and the share of problems that are
 * thrown away with the measured one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/math_problem.h"
#include "support/chance.h"
#include "support/math_features.h"
#include "support/math_sample.h"

/* Enough generated problems that their own sampling error hardly counts. */
enum { TIMES = 5 };

/* Of 1,100 histograms of the true generator one would be beyond with a chance of 3%. */
static const double SIGMAS = 4;

/* A sample and problems that should be like it; large, so kept in one place. */
typedef struct comparison {
    math_tally sample, generated;
} comparison;

static int start_comparison(void **state)
{
    *state = calloc(2, sizeof(comparison));
    return *state ? 0 : -1;
}

static int end_comparison(void **state)
{
    free(*state);
    return 0;
}

static void add_all(math_tally *tally, dat_math_dataset *dataset)
{
    for (int64_t i = 0; i < dat_math_size(dataset); i++) {
        dat_math_pair pair;
        dat_math_pair_at(dataset, i, &pair);
        math_tally_add(tally, &pair);
    }
    dat_math_free(dataset);
}

/* Counts the sample of a level and problems generated at some level. */
static void count(dat_math_module module, dat_math_level level, dat_math_level generated_level, comparison *c)
{
    dat_math_dataset *dataset = math_sample(module, level);
    int64_t size = dat_math_size(dataset);
    *c = (comparison){.sample = {{{0}}}};
    add_all(&c->sample, dataset);
    add_all(&c->generated, dat_math_generate(module, &generated_level, 1, 1, TIMES * size));
}

/* The number of features in which the two differ. */
static int differences(const char *what, const comparison *c)
{
    int n = 0;
    for (int i = 0; i < MATH_FEATURES; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s, %s", what, math_feature_name(i));
        n +=
            !histograms_agree(text, c->sample.counts[i], c->generated.counts[i], MATH_FEATURE_VALUES, SIGMAS);
    }
    return n;
}

/* Each level alone, and all of a module together, which shows what is rare. */
static void generated_problems_are_like_the_sample(void **state)
{
    comparison *one = *state, *all = one + 1;
    for (int module = 0; module < DAT_MATH_N_MODULES; module++) {
        *all = (comparison){.sample = {{{0}}}};
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++) {
            char what[64];
            snprintf(what, sizeof what, "%s %s", dat_math_module_names[module], dat_math_level_names[level]);
            count((dat_math_module)module, (dat_math_level)level, (dat_math_level)level, one);
            assert_int_equal(differences(what, one), 0);
            math_tally_join(&all->sample, &one->sample);
            math_tally_join(&all->generated, &one->generated);
        }
        assert_int_equal(differences(dat_math_module_names[module], all), 0);
    }
}

/* The comparison sees a difference of one level in every module. */
static void problems_of_another_level_are_not(void **state)
{
    comparison *one = *state;
    for (int module = 0; module < DAT_MATH_N_MODULES; module++) {
        count((dat_math_module)module, DAT_MATH_EASY, DAT_MATH_MEDIUM, one);
        assert_true(differences("expected, of two levels", one) >= 2);
    }
}

/* Shares of problems that are too long, measured on the official generator with 4,000 accepted problems a
 * level (1,000 for interpolate) and printed with two digits. */
static void as_many_problems_are_thrown_away(void **state)
{
    (void)state;
    static const double rejected[DAT_MATH_N_MODULES][DAT_MATH_N_LEVELS] = {
        [DAT_MATH_DIFFERENTIATE] = {.46, .53, .60, .58},
        [DAT_MATH_ADD] = {.23, .24, .27, .26},
        [DAT_MATH_EXPAND] = {.07, .09, .13, .11},
    };
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++) {
            enum { N = 40000 };
            int n_rejected = 0;
            dat_rng root = dat_rng_seed(2);
            for (uint64_t i = 0; i < N; i++) {
                dat_math_pair pair;
                dat_math_draw draw = dat_math_draw_start(dat_rng_fork(&root, i));
                n_rejected +=
                    !dat_math_draw_pair(&draw, (dat_math_module)module, (dat_math_level)level, &pair);
                assert_false(draw.overflow);
            }
            double share = (double)n_rejected / N, expected = rejected[module][level];
            double n = (level == DAT_MATH_INTERPOLATE ? 1000 : 4000) / (1 - expected);
            double error = sqrt(expected * (1 - expected) * (1 / n + 1.0 / N));
            if (!(fabs(share - expected) <= 0.005 + 3 * error))
                fail_msg("%s %s: %.4f are thrown away, expected %.2f", dat_math_module_names[module],
                         dat_math_level_names[level], share, expected);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(generated_problems_are_like_the_sample, start_comparison,
                                        end_comparison),
        cmocka_unit_test_setup_teardown(problems_of_another_level_are_not, start_comparison, end_comparison),
        cmocka_unit_test(as_many_problems_are_thrown_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
