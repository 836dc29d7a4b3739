/* Resizing against weights worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rng.h"
#include "data/image_resize.h"

enum { MOST = 64 };

/* Resizes one row of n grey pixels to a row of `to` and compares all channels; then the same as a column. */
static void expect_line(const uint8_t *values, int n, const uint8_t *expected, int to)
{
    for (int column = 0; column < 2; column++) {
        uint8_t pixels[3 * MOST], planes[3 * MOST];
        for (int i = 0; i < n; i++)
            memset(pixels + 3 * i, values[i], 3);
        dat_picture picture = {column ? 1 : n, column ? n : 1, pixels};
        dat_image image = {column ? to : 1, column ? 1 : to, planes};
        dat_image_resize(&picture, &image);
        for (int i = 0; i < 3 * to; i++)
            if (planes[i] != expected[i % to])
                fail_msg("value %d of %d from %d is %d, expected %d", i, to, n, planes[i], expected[i % to]);
    }
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

static void lines_are_resized_by_known_weights(void **state)
{
    (void)state;
    expect_line(BYTES(3, 200, 17, 255), 4, BYTES(3, 200, 17, 255), 4);
    /* Twice as long: centres at -1/4 (cut to the border), 1/4, 3/4 and 5/4 between the pixels. */
    expect_line(BYTES(0, 100), 2, BYTES(0, 25, 75, 100), 4);
    /* Half as long: 1/8, 3/8, 3/8, 1/8, at the borders without the first or last and divided by 7/8. */
    expect_line(BYTES(0, 0, 80, 160, 0, 0), 6, BYTES(11, 90, 23), 3); /* 80/7, 90 and 160/7 */
    expect_line(BYTES(0, 255, 0, 255, 0, 255, 0, 255), 8, BYTES(109, 128, 128, 146), 4);
    /* To one pixel: a triangle over the whole line, 1/8 3/8 3/8 1/8 as well but for the scale. */
    expect_line(BYTES(0, 0, 0, 120), 4, BYTES(25), 1); /* weights 5/8, 7/8, 7/8, 5/8: 120 * 5 / 24 */
    expect_line(BYTES(9), 1, BYTES(9, 9, 9), 3);
}

static void channels_are_taken_apart(void **state)
{
    (void)state;
    uint8_t pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, planes[12]; /* two rows of two */
    dat_picture picture = {2, 2, pixels};
    dat_image image = {2, 2, planes};
    dat_image_resize(&picture, &image);
    assert_memory_equal(planes, BYTES(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12), 12);
}

/* One colour stays that colour at any size: weights sum to 1. */
static void a_plain_picture_stays_plain(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(1);
    for (int i = 0; i < 300; i++) {
        int width = 1 + (int)dat_rng_below(&rng, 90), height = 1 + (int)dat_rng_below(&rng, 90);
        int to_width = 1 + (int)dat_rng_below(&rng, 40), to_height = 1 + (int)dat_rng_below(&rng, 40);
        uint8_t value = (uint8_t)dat_rng_below(&rng, 256);
        uint8_t *pixels = malloc((size_t)(3 * width * height)),
                *planes = malloc((size_t)(3 * to_width * to_height));
        memset(pixels, value, (size_t)(3 * width * height));
        dat_picture picture = {width, height, pixels};
        dat_image image = {to_height, to_width, planes};
        dat_image_resize(&picture, &image);
        for (int k = 0; k < 3 * to_width * to_height; k++)
            assert_int_equal(planes[k], value);
        free(pixels);
        free(planes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_resized_by_known_weights),
        cmocka_unit_test(channels_are_taken_apart),
        cmocka_unit_test(a_plain_picture_stays_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
