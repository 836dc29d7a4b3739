/* The vectorised exp, tanh and sigmoid of the float build, measured in units in the last place over a dense
 * sweep of all exponents. The double build calls the C library, so only the limits are checked there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/vector_math.h"
#include "support/close.h"

static void limits_are_right(void **state)
{
    (void)state;
    const dat_real infinity = (dat_real)INFINITY;
    assert_close(dat_exp(0), 1, 0);
    assert_close(dat_tanh(0), 0, 0);
    assert_close(dat_sigmoid(0), 0.5, 0);
    assert_true(dat_exp(-infinity) >= 0 && dat_exp(-infinity) < (dat_real)1e-37);
    assert_true(dat_exp(-1000) >= 0 && dat_exp(-1000) < (dat_real)1e-37);
    assert_true(dat_exp(infinity) > (dat_real)1e38);
    assert_close(dat_tanh(infinity), 1, 0);
    assert_close(dat_tanh(-infinity), -1, 0);
    assert_close(dat_tanh(1000), 1, 0);
    assert_close(dat_sigmoid(1000), 1, 0);
    assert_true(dat_sigmoid(-1000) >= 0 && dat_sigmoid(-1000) < (dat_real)1e-37);
}

static void nan_passes_through(void **state)
{
    (void)state;
    assert_true(isnan(dat_exp((dat_real)NAN)));
    assert_true(isnan(dat_tanh((dat_real)NAN)));
    assert_true(isnan(dat_sigmoid((dat_real)NAN)));
}

#ifndef DAT_DOUBLE

/* Distance of y from the exact value, in units of the float spacing there. */
static double error_in_ulps(float y, double exact)
{
    float near = fabsf((float)exact);
    double spacing = (double)nextafterf(near, INFINITY) - (double)near;
    return fabs((double)y - exact) / spacing;
}

typedef struct sweep {
    float (*function)(float x);
    double (*exact)(double x);
    float low, high; /* |x| between 2^-30 and the bounds */
    double allowed;
} sweep;

static float exp_of(float x)
{
    return dat_exp(x);
}

static float tanh_of(float x)
{
    return dat_tanh(x);
}

static float sigmoid_of(float x)
{
    return dat_sigmoid(x);
}

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* Every 501st float of both signs: about 3 * 10^5 values a sign. */
static double worst_error(const sweep *s, float *where)
{
    double worst = 0;
    for (int sign = 0; sign < 2; sign++) {
        float limit = sign ? -s->low : s->high, x;
        uint32_t first, last;
        memcpy(&first, &(float){0x1p-30f}, sizeof first);
        memcpy(&last, &limit, sizeof last);
        for (uint32_t bits = first; bits <= last; bits += 501) {
            memcpy(&x, &bits, sizeof x);
            x = sign ? -x : x;
            double error = error_in_ulps(s->function(x), s->exact((double)x));
            if (!(error <= worst)) {
                worst = error;
                *where = x;
            }
        }
    }
    return worst;
}

static void check_sweep(const char *name, const sweep *s)
{
    float where = 0;
    double worst = worst_error(s, &where);
    if (!(worst <= s->allowed))
        fail_msg("%s(%.9g) is wrong by %.3f units in the last place, allowed %.1f", name, (double)where,
                 worst, s->allowed);
}

static void exp_is_within_two_ulps(void **state)
{
    (void)state;
    check_sweep("exp", &(sweep){exp_of, exp, -87, 88, 2});
}

static void tanh_is_within_three_ulps(void **state)
{
    (void)state;
    check_sweep("tanh", &(sweep){tanh_of, tanh, -50, 50, 3});
}

/* 1 / (1 + exp(-x)): the error of exp counts in full for negative x, plus one rounding each of the sum and
 * quotient. */
static void sigmoid_is_within_four_ulps(void **state)
{
    (void)state;
    check_sweep("sigmoid", &(sweep){sigmoid_of, exact_sigmoid, -86, 86, 4});
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_right),
        cmocka_unit_test(nan_passes_through),
#ifndef DAT_DOUBLE
        cmocka_unit_test(exp_is_within_two_ulps),
        cmocka_unit_test(tanh_is_within_three_ulps),
        cmocka_unit_test(sigmoid_is_within_four_ulps),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
