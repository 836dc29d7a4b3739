/* Means, standard errors and bootstrap intervals against values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/statistics.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}

static void mean_and_errors_of_known_values(void **state)
{
    (void)state;
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9}; /* squared deviations from 5 sum to 32 */
    assert_near(dat_mean(values, 8), 5, 0);
    assert_near(dat_standard_deviation(values, 8), sqrt(32.0 / 7), 1e-15);
    assert_near(dat_standard_error(values, 8), sqrt(32.0 / 7 / 8), 1e-15);
    assert_true(isnan(dat_mean(values, 0)));
    assert_near(dat_mean(values, 1), 2, 0);
    assert_true(isnan(dat_standard_deviation(values, 1)));
    assert_true(isnan(dat_standard_error(values, 1)));
}

static void interval_of_two_values_is_their_range(void **state)
{
    (void)state;
    /* A resample's mean is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4: both tails reach the ends. */
    const double values[] = {0, 1};
    dat_interval interval = dat_bootstrap_mean(values, 2, dat_rng_seed(3));
    assert_near(interval.low, 0, 0);
    assert_near(interval.high, 1, 0);
}

static void interval_matches_the_normal_one_for_many_values(void **state)
{
    (void)state;
    /* 0..99: the mean of resamples is nearly normal about 49.5 with deviation sqrt((100^2 - 1) / 12 / 100).
     * The 2.5% quantile of 2000 draws has itself a standard error of 0.06 deviations: 0.2 is above 3 of them.
     */
    double values[100], deviation = sqrt((100.0 * 100 - 1) / 12 / 100);
    for (int i = 0; i < 100; i++)
        values[i] = i;
    dat_interval interval = dat_bootstrap_mean(values, 100, dat_rng_seed(11));
    assert_near(interval.low, 49.5 - 1.96 * deviation, 0.2 * deviation);
    assert_near(interval.high, 49.5 + 1.96 * deviation, 0.2 * deviation);
}

static void interval_depends_on_generator_only(void **state)
{
    (void)state;
    const double values[] = {0.61, 0.64, 0.58, 0.71, 0.69};
    dat_interval first = dat_bootstrap_mean(values, 5, dat_rng_seed(1));
    dat_interval again = dat_bootstrap_mean(values, 5, dat_rng_seed(1));
    assert_near(again.low, first.low, 0);
    assert_near(again.high, first.high, 0);
    assert_true(first.low > 0.58 && first.low < dat_mean(values, 5));
    assert_true(first.high < 0.71 && first.high > dat_mean(values, 5));
    assert_true(isnan(dat_bootstrap_mean(values, 1, dat_rng_seed(1)).low));
    const double equal[] = {0.5, 0.5, 0.5};
    assert_near(dat_bootstrap_mean(equal, 3, dat_rng_seed(1)).low, 0.5, 0);
    assert_near(dat_bootstrap_mean(equal, 3, dat_rng_seed(1)).high, 0.5, 0);
}

static void difference_in_standard_errors(void **state)
{
    (void)state;
    assert_near(dat_difference_in_errors(0.9, 0.03, 0.8, 0.04), 2, 1e-12);
    assert_near(dat_difference_in_errors(0.8, 0.03, 0.9, 0.04), -2, 1e-12);
    assert_true(isnan(dat_difference_in_errors(0.8, NAN, 0.9, 0.04)));
    assert_true(isnan(dat_difference_in_errors(0.8, 0, 0.9, 0)));
}

static void power_laws_are_recovered(void **state)
{
    (void)state;
    /* 12 x^(-1/2) at squares, and the line between two points: from (1, 8) to (8, 2) is 8 x^(-2/3). */
    const double x[] = {1, 4, 9, 16, 144}, y[] = {12, 6, 4, 3, 1}, two_x[] = {1, 8}, two_y[] = {8, 2};
    dat_power_law law = dat_fit_power_law(x, y, 5);
    assert_near(law.exponent, 0.5, 1e-14);
    assert_near(law.coefficient, 12, 1e-12);
    assert_near(dat_power_law_at(&law, 36), 2, 1e-13);
    law = dat_fit_power_law(two_x, two_y, 2);
    assert_near(law.exponent, 2.0 / 3, 1e-14);
    assert_near(law.coefficient, 8, 1e-13);
}

/* Errors by a factor e^+-d in the pattern + - - + at 1, e, e^2, e^3 have no slope and the mean 0. */
static void power_laws_go_through_the_middle(void **state)
{
    (void)state;
    double x[4], y[4];
    const double errors[] = {0.1, -0.1, -0.1, 0.1};
    for (int i = 0; i < 4; i++) {
        x[i] = exp(i);
        y[i] = exp(1 - 0.25 * i + errors[i]);
    }
    dat_power_law law = dat_fit_power_law(x, y, 4);
    assert_near(law.exponent, 0.25, 1e-14);
    assert_near(law.coefficient, exp(1), 1e-13);
}

static void power_laws_need_two_positive_points(void **state)
{
    (void)state;
    const double x[] = {3, 3, 5}, y[] = {1, 2, -1};
    assert_true(isnan(dat_fit_power_law(x, y, 0).exponent));
    assert_true(isnan(dat_fit_power_law(x, y, 1).exponent));
    assert_true(isnan(dat_fit_power_law(x, y, 2).exponent));
    assert_true(isnan(dat_fit_power_law(x, y, 3).exponent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_errors_of_known_values),
        cmocka_unit_test(interval_of_two_values_is_their_range),
        cmocka_unit_test(interval_matches_the_normal_one_for_many_values),
        cmocka_unit_test(interval_depends_on_generator_only),
        cmocka_unit_test(difference_in_standard_errors),
        cmocka_unit_test(power_laws_are_recovered),
        cmocka_unit_test(power_laws_go_through_the_middle),
        cmocka_unit_test(power_laws_need_two_positive_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
