/* What mathematics problems are drawn from: number theory, and random numbers, splits and polynomials against
 * their definitions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/math_draw.h"
#include "support/chance.h"
#include "support/close.h"

enum { N = 20000 };

static const double SIGMAS = 4;

static dat_math_draw start(uint64_t seed)
{
    return dat_math_draw_start(dat_rng_seed(seed));
}

static void number_theory_is_exact(void **state)
{
    (void)state;
    assert_int_equal(dat_math_gcd(-12, 18), 6);
    assert_int_equal(dat_math_gcd(0, -5), 5);
    assert_int_equal(dat_math_floor_divide(-7, 2), -4);
    assert_int_equal(dat_math_floor_divide(-8, 2), -4);
    assert_int_equal(dat_math_floor_divide(7, 2), 3);
    dat_math_factors f = dat_math_factorise(-2 * 2 * 2 * 3 * 49 * 1000003LL);
    assert_int_equal(f.sign, -1);
    assert_int_equal(f.count, 4);
    static const int64_t primes[] = {2, 3, 7, 1000003};
    static const int powers[] = {3, 1, 2, 1};
    assert_memory_equal(f.primes, primes, sizeof primes);
    assert_memory_equal(f.powers, powers, sizeof powers);
    assert_int_equal(dat_math_factorise(1).count, 0);
    assert_close(dat_math_coprime_density(12), 1.0 / 3, 1e-12);
    for (int64_t a = 1; a < 40; a++)
        for (int64_t b = 1; b < 40; b++) {
            int64_t x, y;
            dat_math_bezout(a, b, &x, &y);
            assert_int_equal(a * x + b * y, dat_math_gcd(a, b));
        }
}

static void fractions_are_exact_or_say_that_they_are_not(void **state)
{
    (void)state;
    bool overflow = false;
    dat_math_fraction sum = dat_math_add((dat_math_fraction){1, 6}, (dat_math_fraction){-5, 12}, &overflow);
    assert_int_equal(sum.numerator, -1);
    assert_int_equal(sum.denominator, 4);
    dat_math_fraction ratio = dat_math_ratio(6, -4, &overflow);
    assert_int_equal(ratio.numerator, -3);
    assert_int_equal(ratio.denominator, 2);
    assert_int_equal(dat_math_power(-3, 3, &overflow), -27);
    assert_int_equal(dat_math_times(INT64_MAX, -1, &overflow), -INT64_MAX);
    assert_false(overflow);
    dat_math_times(INT64_MAX / 2, 3, &overflow);
    assert_true(overflow);
    overflow = false;
    dat_math_plus(-INT64_MAX, -1, &overflow);
    assert_true(overflow);
    overflow = false;
    dat_math_ratio(1, 0, &overflow);
    assert_true(overflow);
}

/* Entropy 1: -5..5 if signed, since 10 / 2 = 5; 0..10 if not. */
static void integers_are_uniform_in_their_sets(void **state)
{
    (void)state;
    dat_math_draw draw = start(1);
    int64_t around[11] = {0}, above[11] = {0}, nonzero[13] = {0}, odd[26] = {0};
    for (int i = 0; i < N; i++) {
        around[dat_math_draw_signed(&draw, 1) + 5]++;
        above[dat_math_draw_integer(&draw, 1, false, 0, 1)]++;
        nonzero[dat_math_draw_integer(&draw, 1, true, 1, 1) + 6]++; /* (10 + 1) / 2 rounded up */
        odd[dat_math_draw_integer(&draw, 1, false, 2, 2)]++;        /* up to 12 / (1/2) + 1 = 25 */
    }
    assert_true(histogram_is("signed", around, NULL, 11, SIGMAS));
    assert_true(histogram_is("unsigned", above, NULL, 11, SIGMAS));
    double without_zero[13];
    for (int i = 0; i < 13; i++)
        without_zero[i] = i == 6 ? 0 : 1.0 / 12;
    assert_true(histogram_is("not 0", nonzero, without_zero, 13, SIGMAS));
    for (int i = 0; i < 26; i++)
        assert_true(i >= 3 && i % 2 == 1 ? odd[i] > 0 : odd[i] == 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(dat_math_draw_integer(&draw, 5, false, 1, 0), 1);
        assert_int_equal(llabs(dat_math_draw_integer(&draw, 5, true, 1, 0)), 1);
        assert_in_range(dat_math_draw_signed(&draw, -3) + 1, 0, 2);
    }
    assert_false(draw.overflow);
    dat_math_draw_signed(&draw, 30);
    assert_true(draw.overflow);
}

/* Dirichlet(a): part i has the mean a_i / sum and the variance m (1 - m) / (sum + 1). */
static void entropy_is_split_in_dirichlet_proportions(void **state)
{
    (void)state;
    static const int weights[3] = {1, 0, 3};
    dat_math_draw draw = start(2);
    double sum = 0, squares = 0, parts[3], flat_squares = 0;
    for (int i = 0; i < N; i++) {
        dat_math_split_entropy(&draw, 8, weights, 3, parts);
        assert_close(parts[0] + parts[1] + parts[2], 8, 1e-12);
        assert_true(parts[1] == 0);
        sum += parts[0] / 8;
        squares += parts[0] * parts[0] / 64;
        dat_math_split_entropy(&draw, 1, NULL, 2, parts);
        flat_squares += parts[0] * parts[0];
    }
    double variance = 0.25 * 0.75 / 5;
    assert_close(sum / N, 0.25, SIGMAS * sqrt(variance / N));
    assert_close(squares / N, 0.0625 + variance, 0.005);
    assert_close(flat_squares / N, 1.0 / 3, 0.01); /* uniform in [0, 1) */
}

/* 4 in 3 parts: 15 lists, by 5 * first + second. */
static void counts_are_split_uniformly(void **state)
{
    (void)state;
    dat_math_draw draw = start(3);
    int64_t seen[25] = {0};
    double probabilities[25] = {0};
    for (int i = 0; i < N; i++) {
        int parts[3];
        dat_math_split_count(&draw, 4, 3, parts);
        assert_int_equal(parts[0] + parts[1] + parts[2], 4);
        seen[5 * parts[0] + parts[1]]++;
    }
    for (int first = 0; first <= 4; first++)
        for (int second = 0; first + second <= 4; second++)
            probabilities[5 * first + second] = 1.0 / 15;
    assert_true(histogram_is("lists", seen, probabilities, 25, SIGMAS));
}

static void terms_add_up(void **state)
{
    (void)state;
    static const int64_t coefficients[4] = {-17, 0, 5, 0};
    dat_math_draw draw = start(4);
    for (int i = 0; i < N; i++) {
        dat_math_terms terms;
        int length = 3 + i % 6;
        dat_math_draw_terms(&draw, coefficients, 4, length, 5, &terms);
        const int64_t *value = terms.values;
        for (int k = 0; k < 4; k++) {
            int64_t sum = 0;
            assert_true(coefficients[k] == 0 ? terms.counts[k] != 1 : terms.counts[k] >= 1);
            for (int j = 0; j < terms.counts[k]; j++)
                sum += *value++;
            assert_int_equal(sum, coefficients[k]);
        }
        assert_int_equal(value - terms.values, length);
    }
    assert_false(draw.overflow);
}

/* Two variables of degrees 2 and 1: six terms are possible. */
static void polynomials_have_their_degrees(void **state)
{
    (void)state;
    static const int degrees[2] = {2, 1};
    dat_math_draw draw = start(5);
    for (int i = 0; i < N; i++) {
        dat_math_monomial terms[DAT_MATH_MAX_MONOMIALS];
        int n = dat_math_draw_polynomial(&draw, degrees, 2, 4, 3, 9, terms), highest[2] = {0, 0};
        assert_in_range(n, 3, 6);
        for (int k = 0; k < n; k++) {
            int x = (int)(terms[k].powers / dat_math_powers(0, 1));
            int y = (int)(terms[k].powers % dat_math_powers(0, 1) / dat_math_powers(1, 1));
            assert_true(terms[k].coefficient.numerator != 0);
            highest[0] = x > highest[0] ? x : highest[0];
            highest[1] = y > highest[1] ? y : highest[1];
            for (int j = 0; j < k; j++)
                assert_true(terms[j].powers != terms[k].powers);
        }
        assert_memory_equal(highest, degrees, sizeof degrees);
    }
}

static void letters_are_uniform_and_distinct(void **state)
{
    (void)state;
    int64_t seen[26] = {0};
    double probabilities[26];
    for (int i = 0; i < 26; i++)
        probabilities[i] = i == 'e' - 'a' ? 0 : 1.0 / 25;
    for (uint64_t i = 0; i < N; i++) {
        dat_math_draw draw = start(i);
        char first = dat_math_letter(&draw), second = dat_math_letter(&draw);
        assert_true(first != second);
        seen[second - 'a']++;
    }
    assert_true(histogram_is("letters", seen, probabilities, 26, SIGMAS));
}

static void entropies_of_values_and_trees(void **state)
{
    (void)state;
    assert_close(dat_math_entropy_of((dat_math_fraction){-20, 1}), log10(101), 1e-12);
    assert_close(dat_math_entropy_of((dat_math_fraction){1, 2}), log10(6) + log10(11), 1e-12);
    assert_close(dat_math_entropy_of_trees(1), 0, 1e-12);
    assert_close(dat_math_entropy_of_trees(5), log10(42), 1e-12); /* Catalan: 1 2 5 14 42 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_theory_is_exact),
        cmocka_unit_test(fractions_are_exact_or_say_that_they_are_not),
        cmocka_unit_test(integers_are_uniform_in_their_sets),
        cmocka_unit_test(entropy_is_split_in_dirichlet_proportions),
        cmocka_unit_test(counts_are_split_uniformly),
        cmocka_unit_test(terms_add_up),
        cmocka_unit_test(polynomials_have_their_degrees),
        cmocka_unit_test(letters_are_uniform_and_distinct),
        cmocka_unit_test(entropies_of_values_and_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
