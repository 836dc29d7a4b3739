/* The policy: how often what is drawn, magnitudes as published, and what a draw does to an image. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/autoaugment.h"
#include "support/chance.h"
#include "support/close.h"
#include "support/made_images.h"

enum { DRAWS = 200000, SIDE = 32, N_OPERATIONS = DAT_IMAGE_INVERT + 1 };

#define SIGMAS 4.5 /* of a few hundred comparisons none should fail by chance */

static const dat_autoaugment kinds[] = {DAT_AUTOAUGMENT_REFERENCE, DAT_AUTOAUGMENT_TORCHVISION};

/* The policy in the notation of the appendix of the paper: operation, probability, magnitude, twice. */
static void the_table_is_the_published_one(void **state)
{
    (void)state;
    static const char *const published[DAT_AUTOAUGMENT_SUBPOLICIES] = {
        "Invert 0.1 7 Contrast 0.2 6",         "Rotate 0.7 2 TranslateX 0.3 9",
        "Sharpness 0.8 1 Sharpness 0.9 3",     "ShearY 0.5 8 TranslateY 0.7 9",
        "AutoContrast 0.5 8 Equalize 0.9 2",   "ShearY 0.2 7 Posterize 0.3 7",
        "Color 0.4 3 Brightness 0.6 7",        "Sharpness 0.3 9 Brightness 0.7 9",
        "Equalize 0.6 5 Equalize 0.5 1",       "Contrast 0.6 7 Sharpness 0.6 5",
        "Color 0.7 7 TranslateX 0.5 8",        "Equalize 0.3 7 AutoContrast 0.4 8",
        "TranslateY 0.4 3 Sharpness 0.2 6",    "Brightness 0.9 6 Color 0.2 8",
        "Solarize 0.5 2 Invert 0.0 3",         "Equalize 0.2 0 AutoContrast 0.6 0",
        "Equalize 0.2 8 Equalize 0.6 4",       "Color 0.9 9 Equalize 0.6 6",
        "AutoContrast 0.8 4 Solarize 0.2 8",   "Brightness 0.1 3 Color 0.7 0",
        "Solarize 0.4 5 AutoContrast 0.9 3",   "TranslateY 0.9 9 TranslateY 0.7 9",
        "AutoContrast 0.9 2 Solarize 0.8 3",   "Equalize 0.8 8 Invert 0.1 3",
        "TranslateY 0.7 9 AutoContrast 0.9 1",
    };
    static const char *const names[N_OPERATIONS] = {
        [DAT_IMAGE_SHEAR_X] = "ShearX",         [DAT_IMAGE_SHEAR_Y] = "ShearY",
        [DAT_IMAGE_TRANSLATE_X] = "TranslateX", [DAT_IMAGE_TRANSLATE_Y] = "TranslateY",
        [DAT_IMAGE_ROTATE] = "Rotate",          [DAT_IMAGE_BRIGHTNESS] = "Brightness",
        [DAT_IMAGE_COLOUR] = "Color",           [DAT_IMAGE_CONTRAST] = "Contrast",
        [DAT_IMAGE_SHARPNESS] = "Sharpness",    [DAT_IMAGE_POSTERIZE] = "Posterize",
        [DAT_IMAGE_SOLARIZE] = "Solarize",      [DAT_IMAGE_AUTOCONTRAST] = "AutoContrast",
        [DAT_IMAGE_EQUALIZE] = "Equalize",      [DAT_IMAGE_INVERT] = "Invert",
    };
    for (int s = 0; s < DAT_AUTOAUGMENT_SUBPOLICIES; s++) {
        const dat_autoaugment_step *step = dat_autoaugment_cifar10[s];
        char text[64];
        snprintf(text, sizeof text, "%s %.1f %d %s %.1f %d", names[step[0].operation], step[0].tenths / 10.0,
                 step[0].level, names[step[1].operation], step[1].tenths / 10.0, step[1].level);
        assert_string_equal(text, published[s]);
    }
}

/* How often sub-policies were drawn, their steps happened, and negative magnitudes came. */
typedef struct counts {
    int64_t subpolicies[DAT_AUTOAUGMENT_SUBPOLICIES];
    int64_t happened[DAT_AUTOAUGMENT_SUBPOLICIES][4]; /* by the set of steps: none, first, second, both */
    int64_t operations[N_OPERATIONS], negative[N_OPERATIONS];
} counts;

static void count_draws(dat_autoaugment kind, counts *c)
{
    dat_rng rng = dat_rng_seed(7);
    *c = (counts){0};
    for (int i = 0; i < DRAWS; i++) {
        dat_autoaugment_draw draw = dat_autoaugment_choose(kind, &rng, SIDE, SIDE);
        const dat_autoaugment_step *steps = dat_autoaugment_cifar10[draw.subpolicy];
        c->subpolicies[draw.subpolicy]++;
        for (int k = 0; k < draw.n; k++) {
            c->operations[draw.steps[k].operation]++;
            c->negative[draw.steps[k].operation] += draw.steps[k].magnitude < 0;
        }
        /* Where both steps are alike, one of them happening counts as the first. */
        int set = draw.n == 2 ? 3 : draw.n == 0 ? 0 : draw.steps[0].operation == steps[0].operation ? 1 : 2;
        c->happened[draw.subpolicy][set]++;
    }
}

static void subpolicies_are_drawn_uniformly_and_steps_by_their_probabilities(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        counts c;
        count_draws(kinds[k], &c);
        assert_true(histogram_is("sub-policies", c.subpolicies, NULL, DAT_AUTOAUGMENT_SUBPOLICIES, SIGMAS));
        for (int s = 0; s < DAT_AUTOAUGMENT_SUBPOLICIES; s++) {
            const dat_autoaugment_step *steps = dat_autoaugment_cifar10[s];
            double p = steps[0].tenths / 10.0, q = steps[1].tenths / 10.0;
            double sets[4] = {(1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q};
            if (steps[0].operation == steps[1].operation) {
                sets[1] += sets[2];
                sets[2] = 0;
            }
            assert_true(histogram_is("steps", c.happened[s], sets, 4, SIGMAS));
        }
    }
}

static void signs_are_even_where_there_are_any(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        counts c;
        count_draws(kinds[k], &c);
        for (int operation = 0; operation < N_OPERATIONS; operation++) {
            bool is_signed = operation < DAT_IMAGE_POSTERIZE &&
                             (operation != DAT_IMAGE_ROTATE || kinds[k] == DAT_AUTOAUGMENT_TORCHVISION);
            bool in_policy = operation != DAT_IMAGE_SHEAR_X;
            assert_int_equal(c.operations[operation] > 0, in_policy);
            if (is_signed && in_policy &&
                operation != DAT_IMAGE_COLOUR) /* colour has a level without effect */
                assert_true(
                    share_is("negative", c.negative[operation], c.operations[operation], 0.5, SIGMAS));
            if (!is_signed)
                assert_int_equal(c.negative[operation], 0);
        }
    }
}

/* Some magnitudes at the levels of the policy, from the ranges of both implementations. */
static void magnitudes_are_as_published(void **state)
{
    (void)state;
    static const struct {
        int subpolicy, step;
        double reference, torchvision;
    } known[] = {
        {0, 1, 0.6, 0.6},                        /* contrast 6: 0.9 * 6 / 9 */
        {1, 0, 20 / 3.0, 20 / 3.0},              /* rotate 2: 30 * 2 / 9 */
        {1, 1, 150.0 / 331 * SIDE, 14},          /* translate 9 */
        {10, 1, 150.0 / 331 * SIDE * 8 / 9, 12}, /* translate 8: 12.89 */
        {12, 0, 150.0 / 331 * SIDE / 3, 4},      /* translate 3: 4.83 */
        {3, 0, 0.3 * 8 / 9, 0.3 * 8 / 9},        /* shear 8 */
        {5, 1, 5, 5},                            /* posterize 7: 8 - 4 * 7 / 9 = 4.89 */
        {14, 0, 256 * 7 / 9.0, 255 * 7 / 9.0},   /* solarize 2 */
        {20, 0, 256 * 4 / 9.0, 255 * 4 / 9.0},   /* solarize 5 */
        {19, 1, 0, 0},                           /* colour 0 */
        {17, 0, 0.9, 0.9},                       /* colour 9 */
        {23, 0, 0, 0},                           /* equalize */
    };
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        for (size_t j = 0; j < sizeof kinds / sizeof kinds[0]; j++) {
            double expected =
                kinds[j] == DAT_AUTOAUGMENT_REFERENCE ? known[k].reference : known[k].torchvision;
            dat_rng rng = dat_rng_seed(k);
            int seen = 0;
            while (seen < 20) {
                dat_autoaugment_draw draw = dat_autoaugment_choose(kinds[j], &rng, SIDE, SIDE);
                const dat_autoaugment_step *wanted =
                    &dat_autoaugment_cifar10[known[k].subpolicy][known[k].step];
                int last = draw.n - 1, step = known[k].step < last ? known[k].step : last;
                if (draw.subpolicy != known[k].subpolicy || draw.n == 0 ||
                    draw.steps[step].operation != wanted->operation)
                    continue;
                seen++;
                assert_close(fabs(draw.steps[step].magnitude), expected, 1e-12);
            }
        }
}

/* A draw of one step with a magnitude, applied to random bytes of side 32. */
static void apply(dat_autoaugment kind, dat_image_operation operation, double magnitude, dat_images *set)
{
    *set = made_images(2, SIDE, SIDE, 5);
    size_t size = (size_t)dat_images_values(set);
    memcpy(set->pixels + size, set->pixels, size);
    dat_image image = dat_images_at(set, 1);
    dat_autoaugment_draw draw = {.n = 1, .steps = {{operation, magnitude}}};
    uint8_t *scratch = malloc(size);
    dat_autoaugment_apply(kind, &draw, &image, scratch);
    free(scratch);
}

/* Columns of image 1 that are all `fill`, at the right; and that the others are those of image 0, shifted. */
static int filled_columns(const dat_images *set, uint8_t fill)
{
    int filled = 0;
    while (filled < SIDE && set->pixels[dat_images_values(set) + SIDE - 1 - filled] == fill)
        filled++;
    for (int row = 0; row < DAT_IMAGE_CHANNELS * SIDE; row++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *before = set->pixels + row * SIDE, *after = before + dat_images_values(set);
            assert_int_equal(after[x], x < SIDE - filled ? before[x + filled] : fill);
        }
    return filled;
}

static void the_implementations_differ_in_translations(void **state)
{
    (void)state;
    dat_images set;
    apply(DAT_AUTOAUGMENT_REFERENCE, DAT_IMAGE_TRANSLATE_X, 150.0 / 331 * SIDE, &set);
    assert_int_equal(filled_columns(&set, 128), 15);
    dat_images_free(&set);
    apply(DAT_AUTOAUGMENT_TORCHVISION, DAT_IMAGE_TRANSLATE_X, 14, &set);
    assert_int_equal(filled_columns(&set, 0), 14);
    dat_images_free(&set);
}

/* Each operation does to pixel 5 of the first row what its definition says, so none is taken for another. */
static void every_operation_is_applied(void **state)
{
    (void)state;
    static const dat_image_operation all[] = {
        DAT_IMAGE_SHEAR_X,   DAT_IMAGE_SHEAR_Y,    DAT_IMAGE_TRANSLATE_X, DAT_IMAGE_TRANSLATE_Y,
        DAT_IMAGE_ROTATE,    DAT_IMAGE_BRIGHTNESS, DAT_IMAGE_COLOUR,      DAT_IMAGE_CONTRAST,
        DAT_IMAGE_SHARPNESS, DAT_IMAGE_POSTERIZE,  DAT_IMAGE_SOLARIZE,    DAT_IMAGE_INVERT,
    };
    enum { N = sizeof all / sizeof all[0] };
    dat_images results[N];
    size_t size = 0;
    for (int i = 0; i < N; i++) {
        apply(DAT_AUTOAUGMENT_TORCHVISION, all[i], i < 9 ? 0.5 + 2 * (i > 1 && i < 5) : 4, &results[i]);
        size = (size_t)dat_images_values(&results[i]);
        for (int j = 0; j < i; j++) /* no two results are alike */
            assert_memory_not_equal(results[i].pixels + size, results[j].pixels + size, size);
        assert_memory_not_equal(results[i].pixels + size, results[i].pixels, size);
    }
    const uint8_t *before = results[N - 1].pixels, *inverted = before + size;
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(inverted[i], 255 - before[i]);
        assert_int_equal(results[9].pixels[size + i], before[i] & 0xf0);
    }
    for (int i = 0; i < N; i++)
        dat_images_free(&results[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_the_published_one),
        cmocka_unit_test(subpolicies_are_drawn_uniformly_and_steps_by_their_probabilities),
        cmocka_unit_test(signs_are_even_where_there_are_any),
        cmocka_unit_test(magnitudes_are_as_published),
        cmocka_unit_test(the_implementations_differ_in_translations),
        cmocka_unit_test(every_operation_is_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
