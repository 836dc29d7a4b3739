/* Random streams: known values, uniformity, independence of forks and of neighbouring elements. Seeds are
 * fixed, bounds are five standard errors wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rng.h"
#include "support/chance.h"
#include "support/close.h"

enum { DRAWS = 400000, BINS = 64 };

static const double SIGMAS = 5;

/* SplitMix64 from its published constants: the generator's third value from state 0, and a stream's layout.
 */
static void splitmix_is_as_published(void **state)
{
    (void)state;
    dat_rng rng = {.key = 0};
    assert_true(dat_rng_next(&rng) == 0xe220a8397b1dcdafU);
    assert_true(dat_rng_next(&rng) == 0x6e789e6aa1b965f4U);
    assert_true(dat_rng_next(&rng) == 0x06c45d188009454fU);
    assert_true(rng.counter == 3);
}

static void a_stream_can_be_read_anywhere(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(42);
    uint64_t values[10];
    for (int i = 0; i < 10; i++)
        values[i] = dat_rng_next(&rng);
    dat_rng later = {.key = rng.key, .counter = 7};
    assert_true(dat_rng_next(&later) == values[7]);
    dat_rng again = dat_rng_seed(42);
    assert_true(dat_rng_next(&again) == values[0]);
    dat_rng other = dat_rng_seed(43);
    assert_true(dat_rng_next(&other) != values[0]);
}

static void uniform_values_are_uniform(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(1);
    int64_t counts[BINS] = {0}, pairs[BINS] = {0};
    double sum = 0, previous = 0;
    for (int i = 0; i < DRAWS; i++) {
        double u = dat_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        assert_true(u * 0x1p53 == floor(u * 0x1p53));
        counts[(int)(u * BINS)]++;
        pairs[(int)(u * 8) * 8 + (int)(previous * 8)]++;
        previous = u;
        sum += u;
    }
    assert_true(histogram_is("uniform", counts, NULL, BINS, SIGMAS));
    assert_true(histogram_is("pairs of uniforms", pairs, NULL, BINS, SIGMAS));
    assert_close(sum / DRAWS, 0.5, SIGMAS * sqrt(1.0 / 12 / DRAWS));
}

static void every_bit_is_fair(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(2);
    int64_t ones[64] = {0};
    for (int i = 0; i < DRAWS / 8; i++) {
        uint64_t value = dat_rng_next(&rng);
        for (int bit = 0; bit < 64; bit++)
            ones[bit] += (int64_t)(value >> bit & 1);
    }
    for (int bit = 0; bit < 64; bit++)
        assert_true(share_is("ones in a bit", ones[bit], DRAWS / 8, 0.5, SIGMAS));
}

static void below_is_unbiased(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(3);
    static const uint64_t bounds[] = {1, 2, 3, 7, 10, 64};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        int64_t counts[BINS] = {0};
        for (int i = 0; i < DRAWS / 4; i++) {
            uint64_t value = dat_rng_below(&rng, bounds[b]);
            assert_true(value < bounds[b]);
            counts[value]++;
        }
        if (bounds[b] > 1)
            assert_true(histogram_is("below", counts, NULL, (int)bounds[b], SIGMAS));
    }
}

/* With 3/4 of the 64-bit range as bound, a plain remainder would give the lower third twice as often. */
static void below_has_no_bias_at_huge_bounds(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(4);
    uint64_t bound = 3ULL << 62, third = 1ULL << 62;
    int64_t counts[3] = {0};
    for (int i = 0; i < DRAWS / 4; i++)
        counts[dat_rng_below(&rng, bound) / third]++;
    assert_true(histogram_is("thirds", counts, NULL, 3, SIGMAS));
    assert_true(dat_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
}

static void normal_values_are_normal(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(5);
    enum { EDGES = 9 };
    static const double edges[EDGES] = {-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2};
    int64_t counts[EDGES + 1] = {0};
    double probabilities[EDGES + 1], moments[5] = {0}, below = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = dat_rng_normal(&rng), power = 1;
        assert_true(isfinite(x));
        int bin = 0;
        while (bin < EDGES && x >= edges[bin])
            bin++;
        counts[bin]++;
        for (int m = 1; m <= 4; m++)
            moments[m] += (power *= x) / DRAWS;
    }
    for (int bin = 0; bin <= EDGES; bin++) {
        double up_to = bin < EDGES ? 0.5 * erfc(-edges[bin] / sqrt(2)) : 1;
        probabilities[bin] = up_to - below;
        below = up_to;
    }
    assert_true(histogram_is("normal", counts, probabilities, EDGES + 1, SIGMAS));
    assert_close(moments[1], 0, SIGMAS / sqrt(DRAWS));
    assert_close(moments[2], 1, SIGMAS * sqrt(2.0 / DRAWS));
    assert_close(moments[3], 0, SIGMAS * sqrt(15.0 / DRAWS));
    assert_close(moments[4] / 3, 1, SIGMAS * sqrt(96.0 / DRAWS) / 3);
}

static void permutations_are_permutations(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(6);
    enum { MOST = 1000 };
    int64_t order[MOST];
    for (int64_t n = 0; n <= MOST; n += n < 5 ? 1 : 199) {
        bool seen[MOST] = {false};
        dat_rng_permutation(&rng, n, order);
        for (int64_t i = 0; i < n; i++) {
            assert_true(order[i] >= 0 && order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

static void permutations_of_four_are_uniform(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(7);
    int64_t counts[256] = {0}, order[4], found[24];
    for (int i = 0; i < 24000; i++) {
        dat_rng_permutation(&rng, 4, order);
        counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
    }
    int kinds = 0;
    for (int code = 0; code < 256; code++) {
        if (!counts[code])
            continue;
        assert_true(kinds < 24);
        found[kinds++] = counts[code];
    }
    assert_int_equal(kinds, 24);
    assert_true(histogram_is("permutations of 4", found, NULL, 24, SIGMAS));
}

static void forks_are_different_streams(void **state)
{
    (void)state;
    enum { STREAMS = 1000 };
    dat_rng parent = dat_rng_seed(8), copy = parent;
    uint64_t first[STREAMS];
    for (int s = 0; s < STREAMS; s++) {
        dat_rng stream = dat_rng_fork(&parent, (uint64_t)s);
        first[s] = dat_rng_next(&stream);
        for (int t = 0; t < s; t++)
            assert_true(first[s] != first[t]);
    }
    assert_memory_equal(&parent, &copy, sizeof parent);
    dat_rng again = dat_rng_fork(&parent, 5), nested = dat_rng_fork(&again, 5);
    assert_true(dat_rng_next(&again) == first[5]);
    assert_true(dat_rng_next(&nested) != first[5]);
    dat_rng other_parent = dat_rng_seed(9), other = dat_rng_fork(&other_parent, 5);
    assert_true(dat_rng_next(&other) != first[5]);
}

/* The first values of forks 0, 1, 2, ... are uniform too: their low bits would show a weak key derivation. */
static void forks_are_uniform_across_streams(void **state)
{
    (void)state;
    dat_rng parent = dat_rng_seed(10);
    int64_t low[BINS] = {0}, high[BINS] = {0};
    for (int s = 0; s < DRAWS / 4; s++) {
        dat_rng stream = dat_rng_fork(&parent, (uint64_t)s);
        uint64_t value = dat_rng_next(&stream);
        low[value % BINS]++;
        high[value >> 58]++;
    }
    assert_true(histogram_is("low bits of forks", low, NULL, BINS, SIGMAS));
    assert_true(histogram_is("high bits of forks", high, NULL, BINS, SIGMAS));
}

static void elements_are_uniform_and_unrelated(void **state)
{
    (void)state;
    dat_rng key = dat_rng_seed(11);
    uint64_t a = dat_rng_next(&key), b = dat_rng_next(&key);
    int64_t counts[BINS] = {0}, neighbours[BINS] = {0}, keys[BINS] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t value = dat_rng_element(a, i);
        counts[value >> 26]++;
        neighbours[(value >> 29) * 8 + (dat_rng_element(a, i + 1) >> 29)]++;
        keys[(value >> 29) * 8 + (dat_rng_element(b, i) >> 29)]++;
    }
    assert_true(histogram_is("elements", counts, NULL, BINS, SIGMAS));
    assert_true(histogram_is("neighbouring elements", neighbours, NULL, BINS, SIGMAS));
    assert_true(histogram_is("elements of two keys", keys, NULL, BINS, SIGMAS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix_is_as_published),
        cmocka_unit_test(a_stream_can_be_read_anywhere),
        cmocka_unit_test(uniform_values_are_uniform),
        cmocka_unit_test(every_bit_is_fair),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(below_has_no_bias_at_huge_bounds),
        cmocka_unit_test(normal_values_are_normal),
        cmocka_unit_test(permutations_are_permutations),
        cmocka_unit_test(permutations_of_four_are_uniform),
        cmocka_unit_test(forks_are_different_streams),
        cmocka_unit_test(forks_are_uniform_across_streams),
        cmocka_unit_test(elements_are_uniform_and_unrelated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
