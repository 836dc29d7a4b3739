/* Operations on colours against values worked out by hand from their definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/image_colours.h"

/* An image of one row. */
enum { MAX_WIDTH = 4096, PLANES = DAT_IMAGE_CHANNELS };

typedef struct strip {
    dat_image image;
    uint8_t bytes[PLANES * MAX_WIDTH];
} strip;

/* All three planes hold the values. */
static dat_image *grey_strip(strip *s, const uint8_t *values, int width)
{
    s->image = (dat_image){1, width, s->bytes};
    for (int channel = 0; channel < PLANES; channel++)
        memcpy(s->bytes + channel * width, values, (size_t)width);
    return &s->image;
}

static dat_image *pixel(strip *s, uint8_t red, uint8_t green, uint8_t blue)
{
    s->image = (dat_image){1, 1, s->bytes};
    s->bytes[0] = red;
    s->bytes[1] = green;
    s->bytes[2] = blue;
    return &s->image;
}

static void expect_grey(const strip *s, const uint8_t *values)
{
    for (int channel = 0; channel < PLANES; channel++)
        assert_memory_equal(s->bytes + channel * s->image.width, values, (size_t)s->image.width);
}

static void expect_pixel(const strip *s, uint8_t red, uint8_t green, uint8_t blue)
{
    assert_int_equal(s->bytes[0], red);
    assert_int_equal(s->bytes[1], green);
    assert_int_equal(s->bytes[2], blue);
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

static void functions_of_one_value(void **state)
{
    (void)state;
    strip s;
    dat_image_invert(grey_strip(&s, BYTES(0, 1, 100, 255), 4));
    expect_grey(&s, BYTES(255, 254, 155, 0));

    dat_image_posterize(grey_strip(&s, BYTES(255, 63, 32, 31), 4), 3);
    expect_grey(&s, BYTES(224, 32, 32, 0));
    dat_image_posterize(grey_strip(&s, BYTES(255, 63, 33, 7), 4), 5); /* level 7 of the policy */
    expect_grey(&s, BYTES(248, 56, 32, 0));
    dat_image_posterize(grey_strip(&s, BYTES(255, 63, 33, 7), 4), 8);
    expect_grey(&s, BYTES(255, 63, 33, 7));

    dat_image_solarize(grey_strip(&s, BYTES(0, 127, 128, 200), 4), 128);
    expect_grey(&s, BYTES(0, 127, 127, 55));
    dat_image_solarize(grey_strip(&s, BYTES(198, 199, 200, 255), 4), 255 - 255 * 2 / 9.0); /* 198.33 */
    expect_grey(&s, BYTES(198, 56, 55, 0));
    dat_image_solarize(grey_strip(&s, BYTES(198, 199, 200, 255), 4), 256 - 256 * 2 / 9.0); /* 199.11 */
    expect_grey(&s, BYTES(198, 199, 55, 0));
    dat_image_solarize(grey_strip(&s, BYTES(0, 1, 254, 255), 4), 256);
    expect_grey(&s, BYTES(0, 1, 254, 255));
}

static void brightness_scales_and_cuts(void **state)
{
    (void)state;
    strip s;
    dat_image_brightness(grey_strip(&s, BYTES(0, 100, 170, 200), 4), 1.5);
    expect_grey(&s, BYTES(0, 150, 255, 255));
    dat_image_brightness(grey_strip(&s, BYTES(0, 101, 170, 255), 4), 0.5); /* 50.5 and 127.5 go down */
    expect_grey(&s, BYTES(0, 50, 85, 127));
    dat_image_brightness(grey_strip(&s, BYTES(0, 101, 170, 255), 4), 1);
    expect_grey(&s, BYTES(0, 101, 170, 255));
    dat_image_brightness(grey_strip(&s, BYTES(0, 101, 170, 255), 4), 0);
    expect_grey(&s, BYTES(0, 0, 0, 0));
}

/* The mean of 50 and 151 is 100.5, which rounds to 101. */
static void contrast_is_about_the_mean_brightness(void **state)
{
    (void)state;
    strip s;
    dat_image_contrast(grey_strip(&s, BYTES(50, 151), 2), 0);
    expect_grey(&s, BYTES(101, 101));
    dat_image_contrast(grey_strip(&s, BYTES(50, 151), 2), 0.5); /* 75.5 and 126 */
    expect_grey(&s, BYTES(75, 126));
    dat_image_contrast(grey_strip(&s, BYTES(50, 151), 2), 2); /* -1 and 201 */
    expect_grey(&s, BYTES(0, 201));
    dat_image_contrast(pixel(&s, 255, 0, 0), 0); /* 0.299 * 255 = 76.2, by 16-bit weights 76 */
    expect_pixel(&s, 76, 76, 76);
}

/* Brightness of pure red, green and blue: 76, 150 and 29. */
static void colour_is_about_the_brightness_of_the_pixel(void **state)
{
    (void)state;
    strip s;
    dat_image_colour(pixel(&s, 255, 0, 0), 0);
    expect_pixel(&s, 76, 76, 76);
    dat_image_colour(pixel(&s, 0, 255, 0), 0);
    expect_pixel(&s, 150, 150, 150);
    dat_image_colour(pixel(&s, 0, 0, 255), 0);
    expect_pixel(&s, 29, 29, 29);
    dat_image_colour(pixel(&s, 255, 0, 0), 0.5); /* 76 + 179 / 2 and 76 / 2 */
    expect_pixel(&s, 165, 38, 38);
    dat_image_colour(pixel(&s, 0, 0, 200), 1.5); /* brightness 23: -11.5, -11.5 and 288.5 */
    expect_pixel(&s, 0, 0, 255);
    dat_image_colour(pixel(&s, 100, 120, 90), 1.5); /* brightness 111: 94.5, 124.5 and 79.5 */
    expect_pixel(&s, 94, 124, 79);
    dat_image_colour(pixel(&s, 90, 90, 90), 1.9);
    expect_pixel(&s, 90, 90, 90);
}

/* Sharpens 3x3 pixels of 0 but for the given ones; the other planes stay 0. */
static uint8_t sharpened_centre(uint8_t centre, uint8_t corner, double factor)
{
    uint8_t bytes[PLANES * 9] = {[0] = corner, [4] = centre}, scratch[9];
    dat_image image = {3, 3, bytes};
    dat_image_sharpness(&image, factor, scratch);
    assert_int_equal(bytes[0], corner);
    for (int i = 1; i < PLANES * 9; i++)
        if (i != 4)
            assert_int_equal(bytes[i], 0); /* borders and other planes stay */
    return bytes[4];
}

static void sharpness_is_about_the_smoothed_image(void **state)
{
    (void)state;
    assert_int_equal(sharpened_centre(130, 0, 0), 50); /* 130 * 5 / 13 */
    assert_int_equal(sharpened_centre(130, 0, 0.5), 90);
    assert_int_equal(sharpened_centre(130, 0, 1), 130);
    assert_int_equal(sharpened_centre(130, 0, 1.5), 170);
    assert_int_equal(sharpened_centre(130, 0, 3), 255);
    assert_int_equal(sharpened_centre(130, 26, 0), 52);
    assert_int_equal(sharpened_centre(100, 0, 0), 38); /* 38.46 */
    assert_int_equal(sharpened_centre(101, 0, 0), 39); /* 38.85 */
    assert_int_equal(sharpened_centre(0, 255, 2), 0);  /* 20 - 2 * 20 */
}

/* With neighbours that change as well, the kernel must read the image as it was. */
static void sharpness_reads_what_was_there_before(void **state)
{
    (void)state;
    uint8_t bytes[PLANES * 12] = {[5] = 130, [6] = 130}, scratch[12]; /* 3 rows of 4 */
    dat_image image = {3, 4, bytes};
    dat_image_sharpness(&image, 0, scratch);
    assert_int_equal(bytes[5], 60); /* (5 + 1) * 130 / 13 */
    assert_int_equal(bytes[6], 60);
}

static void autocontrast_stretches_each_channel(void **state)
{
    (void)state;
    strip s;
    dat_image_autocontrast(grey_strip(&s, BYTES(0, 1, 68, 102), 4));
    expect_grey(&s, BYTES(0, 2, 170, 255)); /* times 2.5 */
    dat_image_autocontrast(grey_strip(&s, BYTES(50, 75, 100, 51), 4));
    /* (v - 50) * 5.1, as v * 5.1 - 255: of 100 double arithmetic makes 254.99..., and so does Pillow. */
    expect_grey(&s, BYTES(0, 127, 254, 5));
    dat_image_autocontrast(grey_strip(&s, BYTES(90, 90, 90, 90), 4));
    expect_grey(&s, BYTES(90, 90, 90, 90));
    dat_image_autocontrast(grey_strip(&s, BYTES(0, 20, 255, 3), 4));
    expect_grey(&s, BYTES(0, 20, 255, 3));

    grey_strip(&s, BYTES(10, 20), 2);
    memcpy(s.bytes + 2, BYTES(7, 7, 30, 40), 4); /* green alike, blue with a range of its own */
    dat_image_autocontrast(&s.image);
    assert_memory_equal(s.bytes, BYTES(0, 255, 7, 7, 0, 255), 6);
}

/* 16 neighbouring values, 256 pixels each: of the 16 intervals of 16 values, each gets one of them. */
static void equalize_makes_the_histogram_flat(void **state)
{
    (void)state;
    strip s;
    uint8_t values[MAX_WIDTH];
    int counts[16] = {0};
    for (int i = 0; i < MAX_WIDTH; i++)
        values[i] = (uint8_t)(100 + i % 16);
    dat_image_equalize(grey_strip(&s, values, MAX_WIDTH));
    for (int i = 0; i < PLANES * MAX_WIDTH; i++)
        counts[s.bytes[i] / 16]++;
    for (int i = 0; i < 16; i++)
        assert_int_equal(counts[i], PLANES * MAX_WIDTH / 16);
    /* (step / 2 + pixels below) / step with step (4096 - 256) / 255 = 15; the last would be 256. */
    static const uint8_t expected[16] = {0,   17,  34,  51,  68,  85,  102, 119,
                                         137, 154, 171, 188, 205, 222, 239, 255};
    assert_memory_equal(s.bytes, expected, 16);
}

static void equalize_leaves_what_is_flat_and_what_is_too_small(void **state)
{
    (void)state;
    strip s;
    uint8_t values[256];
    for (int i = 0; i < 256; i++)
        values[i] = (uint8_t)(i * 37); /* each value once */
    dat_image_equalize(grey_strip(&s, values, 256));
    expect_grey(&s, values);
    memset(values, 77, sizeof values);
    dat_image_equalize(grey_strip(&s, values, 256));
    expect_grey(&s, values);
    dat_image_equalize(grey_strip(&s, BYTES(3, 4, 200, 4), 4)); /* fewer than 255 pixels */
    expect_grey(&s, BYTES(3, 4, 200, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_one_value),
        cmocka_unit_test(brightness_scales_and_cuts),
        cmocka_unit_test(contrast_is_about_the_mean_brightness),
        cmocka_unit_test(colour_is_about_the_brightness_of_the_pixel),
        cmocka_unit_test(sharpness_is_about_the_smoothed_image),
        cmocka_unit_test(sharpness_reads_what_was_there_before),
        cmocka_unit_test(autocontrast_stretches_each_channel),
        cmocka_unit_test(equalize_makes_the_histogram_flat),
        cmocka_unit_test(equalize_leaves_what_is_flat_and_what_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
