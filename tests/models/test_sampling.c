/* Which tokens are drawn, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/sampling.h"
#include "support/tokenizing.h"

enum { COUNT = 6, DRAWS = 20000 };

/* Probabilities 0.4, 0.05, 0.25, 0.1, 0.1, 0.1 at temperature 1. */
static const double probabilities[COUNT] = {0.4, 0.05, 0.25, 0.1, 0.1, 0.1};

static void set_logits(dat_real logits[COUNT])
{
    for (int i = 0; i < COUNT; i++)
        logits[i] = (dat_real)(log(probabilities[i]) + 3);
    logits[4] = logits[5] = logits[3]; /* equal in every bit */
}

/* Draws as often as `expected` (not normalised) says: each count within four standard deviations. */
static void expect_frequencies(const dat_sampling *sampling, const double expected[COUNT])
{
    dat_real logits[COUNT];
    int counts[COUNT] = {0};
    double total = 0;
    dat_rng rng = dat_rng_seed(7);
    set_logits(logits);
    for (int i = 0; i < DRAWS; i++)
        counts[dat_sample(sampling, &rng, logits, COUNT)]++;
    for (int i = 0; i < COUNT; i++)
        total += expected[i];
    for (int i = 0; i < COUNT; i++) {
        double p = expected[i] / total, deviation = sqrt(DRAWS * p * (1 - p));
        if (!(fabs(counts[i] - DRAWS * p) <= 4 * deviation))
            fail_msg("token %d was drawn %d times, expected %.0f", i, counts[i], DRAWS * p);
    }
}

static void zero_temperature_is_greedy(void **state)
{
    (void)state;
    const dat_real logits[] = {-3, 2, -1, 2, 1};
    dat_rng rng = dat_rng_seed(0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(dat_sample(&(dat_sampling){.temperature = 0, .top_p = 1}, &rng, logits, 5), 1);
    assert_int_equal(rng.counter, 0);
}

static void tokens_come_with_their_probability(void **state)
{
    (void)state;
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 1}, probabilities);
    double sharper[COUNT], flatter[COUNT];
    for (int i = 0; i < COUNT; i++) {
        sharper[i] = probabilities[i] * probabilities[i];
        flatter[i] = sqrt(probabilities[i]);
    }
    expect_frequencies(&(dat_sampling){.temperature = 0.5, .top_p = 1}, sharper);
    expect_frequencies(&(dat_sampling){.temperature = 2, .top_p = 1}, flatter);
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = COUNT, .top_p = 1}, probabilities);
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = 1000, .top_p = 1}, probabilities);
}

/* The third largest is one of three that are equal: all of them stay, as in the reference. */
static void top_k_keeps_the_largest(void **state)
{
    (void)state;
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = 1, .top_p = 1}, (double[COUNT]){1});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = 2, .top_p = 1},
                       (double[COUNT]){0.4, 0, 0.25});
    for (int k = 3; k <= 5; k++)
        expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = k, .top_p = 1},
                           (double[COUNT]){0.4, 0, 0.25, 0.1, 0.1, 0.1});
}

/* 0.4 + 0.25 = 0.65, + 0.1 = 0.75; of equal ones the first token comes first. */
static void top_p_keeps_the_likeliest(void **state)
{
    (void)state;
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 0.01}, (double[COUNT]){1});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 0.39}, (double[COUNT]){1});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 0.41}, (double[COUNT]){0.4, 0, 0.25});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 0.66}, (double[COUNT]){0.4, 0, 0.25, 0.1});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_p = 0.94},
                       (double[COUNT]){0.4, 0, 0.25, 0.1, 0.1, 0.1});
}

/* Of the two largest, 0.4 / 0.65 = 0.62. */
static void top_p_counts_what_top_k_left(void **state)
{
    (void)state;
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = 2, .top_p = 0.61}, (double[COUNT]){1});
    expect_frequencies(&(dat_sampling){.temperature = 1, .top_k = 2, .top_p = 0.63},
                       (double[COUNT]){0.4, 0, 0.25});
}

/* Logits far apart neither overflow nor give a token that cannot be. */
static void extreme_logits_are_safe(void **state)
{
    (void)state;
    const dat_real logits[] = {-3e38F, 3e38F, -3e38F};
    dat_rng rng = dat_rng_seed(0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(dat_sample(&(dat_sampling){.temperature = 1e-6, .top_p = 1}, &rng, logits, 3), 1);
        assert_int_equal(dat_sample(&(dat_sampling){.temperature = 1, .top_p = 0.5}, &rng, logits, 3), 1);
    }
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    expect_refused(dat_sampling_check(&(dat_sampling){.temperature = -1, .top_p = 1}), "temperature = -1");
    expect_refused(dat_sampling_check(&(dat_sampling){.temperature = NAN, .top_p = 1}), "temperature");
    expect_refused(dat_sampling_check(&(dat_sampling){.temperature = INFINITY, .top_p = 1}), "temperature");
    expect_refused(dat_sampling_check(&(dat_sampling){.top_k = -1, .top_p = 1}), "top_k = -1");
    expect_refused(dat_sampling_check(&(dat_sampling){.top_p = 0}), "top_p = 0");
    expect_refused(dat_sampling_check(&(dat_sampling){.top_p = 1.01}), "top_p = 1.01");
    expect_refused(dat_sampling_check(&(dat_sampling){.top_p = NAN}), "top_p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_temperature_is_greedy),   cmocka_unit_test(tokens_come_with_their_probability),
        cmocka_unit_test(top_k_keeps_the_largest),      cmocka_unit_test(top_p_keeps_the_likeliest),
        cmocka_unit_test(top_p_counts_what_top_k_left), cmocka_unit_test(extreme_logits_are_safe),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
