/* Windows, mirrors and affine maps against where pixels must go. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/image_geometry.h"
#include "support/made_images.h"

enum { FILL = 77 };

/* The byte at a place; outside, `outside`. */
static uint8_t at(const dat_image *image, int channel, int x, int y, uint8_t outside)
{
    bool inside = x >= 0 && x < image->width && y >= 0 && y < image->height;
    return inside ? image->planes[(channel * image->height + y) * image->width + x] : outside;
}

/* Room for an image; the caller frees the planes. */
static dat_image blank(int height, int width)
{
    return (dat_image){height, width, calloc((size_t)(DAT_IMAGE_CHANNELS * height * width), 1)};
}

static void a_crop_is_a_window(void **state)
{
    (void)state;
    dat_images set = made_images(1, 9, 7, 1);
    dat_image from = dat_images_at(&set, 0);
    static const int sizes[][2] = {{9, 7}, {3, 5}, {12, 20}};
    for (int s = 0; s < 3; s++)
        for (int left = -25; left <= 12; left++)
            for (int top = -15; top <= 12; top++) {
                dat_image to = blank(sizes[s][0], sizes[s][1]);
                memset(to.planes, 1, (size_t)(DAT_IMAGE_CHANNELS * to.height * to.width));
                dat_image_window(&from, left, top, &to);
                for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
                    for (int y = 0; y < to.height; y++)
                        for (int x = 0; x < to.width; x++)
                            assert_int_equal(at(&to, channel, x, y, 0),
                                             at(&from, channel, left + x, top + y, 0));
                free(to.planes);
            }
    dat_images_free(&set);
}

static void a_flip_mirrors_and_twice_is_nothing(void **state)
{
    (void)state;
    for (int width = 1; width <= 6; width++) {
        dat_images set = made_images(2, 4, width, 2); /* the second image becomes a copy of the first */
        dat_image image = dat_images_at(&set, 0), before = dat_images_at(&set, 1);
        size_t size = (size_t)dat_images_values(&set);
        memcpy(before.planes, image.planes, size);
        dat_image_flip(&image);
        for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
            for (int y = 0; y < 4; y++)
                for (int x = 0; x < width; x++)
                    assert_int_equal(at(&image, channel, x, y, 0), at(&before, channel, width - 1 - x, y, 0));
        dat_image_flip(&image);
        assert_memory_equal(image.planes, before.planes, size);
        dat_images_free(&set);
    }
}

typedef void map_function(const dat_image *from, const dat_affine *map, uint8_t fill, const dat_image *to);

/* A pixel of an image. */
typedef struct place {
    int x, y;
} place;

/* Checks that every pixel (x, y) of the mapped image is the pixel source(x, y) of the image. */
static void expect_places(map_function *map, dat_affine affine, int height, int width,
                          place (*source)(int x, int y, int height, int width))
{
    dat_images set = made_images(1, height, width, 3);
    dat_image from = dat_images_at(&set, 0), to = blank(height, width);
    map(&from, &affine, FILL, &to);
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                place p = source(x, y, height, width);
                assert_int_equal(at(&to, channel, x, y, 0), at(&from, channel, p.x, p.y, FILL));
            }
    free(to.planes);
    dat_images_free(&set);
}

/* Counter-clockwise: what was at the right comes to the top. */
static place quarter_turn(int x, int y, int height, int width)
{
    (void)height;
    return (place){width - 1 - y, x};
}

static place half_turn(int x, int y, int height, int width)
{
    return (place){width - 1 - x, height - 1 - y};
}

static place quarter_turn_back(int x, int y, int height, int width)
{
    (void)width;
    return (place){y, height - 1 - x};
}

static place same_place(int x, int y, int height, int width)
{
    (void)height, (void)width;
    return (place){x, y};
}

static void turns_by_quarters_are_exact(void **state)
{
    (void)state;
    for (int side = 31; side <= 32; side++) {
        expect_places(dat_image_map_nearest, dat_affine_rotate(0, side, side), side, side, same_place);
        expect_places(dat_image_map_nearest, dat_affine_rotate(90, side, side), side, side, quarter_turn);
        expect_places(dat_image_map_nearest, dat_affine_rotate(180, side, side), side, side, half_turn);
        expect_places(dat_image_map_nearest, dat_affine_rotate(-90, side, side), side, side,
                      quarter_turn_back);
        expect_places(dat_image_map_nearest, dat_affine_rotate(360, side, side), side, side, same_place);
    }
    expect_places(dat_image_map_nearest, dat_affine_rotate(180, 5, 8), 5, 8, half_turn);
}

/* Pixels of a turn by 30 degrees, from polar coordinates about the centre; those whose source lies within the
 * error of 16-bit fractions of a border between pixels may go either way. */
static void a_slanted_turn_reads_the_nearest_pixels(void **state)
{
    (void)state;
    enum { SIDE = 32 };
    const double turn = acos(-1) / 6, margin = 1e-3;
    dat_images set = made_images(1, SIDE, SIDE, 4);
    dat_image from = dat_images_at(&set, 0), to = blank(SIDE, SIDE);
    dat_affine affine = dat_affine_rotate(30, SIDE, SIDE);
    int checked = 0;
    dat_image_map_nearest(&from, &affine, FILL, &to);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double right = x + 0.5 - SIDE / 2.0, up = SIDE / 2.0 - y - 0.5;
            double radius = hypot(right, up), angle = atan2(up, right) - turn;
            double source_x = SIDE / 2.0 + radius * cos(angle), source_y = SIDE / 2.0 - radius * sin(angle);
            if (fabs(source_x - round(source_x)) < margin || fabs(source_y - round(source_y)) < margin)
                continue;
            checked++;
            for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
                assert_int_equal(at(&to, channel, x, y, 0),
                                 at(&from, channel, (int)floor(source_x), (int)floor(source_y), FILL));
        }
    assert_true(checked > SIDE * SIDE * 9 / 10);
    free(to.planes);
    dat_images_free(&set);
}

static place three_right_two_up(int x, int y, int height, int width)
{
    (void)height, (void)width;
    return (place){x - 3, y + 2};
}

static place fifteen_down(int x, int y, int height, int width)
{
    (void)height, (void)width;
    return (place){x, y - 15};
}

/* Every fourth column one pixel further: column x is read (x + 1/2) / 4 pixels further down. */
static place sheared_down(int x, int y, int height, int width)
{
    static const int further[8] = {0, 0, 1, 1, 1, 1, 2, 2}; /* floor(1/2 + 0.125), floor(1/2 + 0.375), ... */
    (void)height, (void)width;
    return (place){x, y + further[x]};
}

static place sheared_right(int x, int y, int height, int width)
{
    place down = sheared_down(y, x, width, height);
    return (place){down.y, down.x};
}

static void translations_and_shears_move_pixels(void **state)
{
    (void)state;
    expect_places(dat_image_map_nearest, dat_affine_translate(-3, 2), 8, 9, three_right_two_up);
    expect_places(dat_image_map_bicubic, dat_affine_translate(-3, 2), 8, 9, three_right_two_up);
    /* Level 9 of the policy at 32 pixels, 14.50 up: the nearest pixel is 15 away. */
    expect_places(dat_image_map_nearest, dat_affine_translate(0, -150.0 / 331 * 32), 32, 32, fifteen_down);
    expect_places(dat_image_map_nearest, dat_affine_shear_y(0.25), 6, 8, sheared_down);
    expect_places(dat_image_map_nearest, dat_affine_shear_x(0.25), 8, 6, sheared_right);
}

/* The middle value of the cubic at `by` right of the second of four pixels, far from the border above and
 * below. */
static uint8_t between(const uint8_t row[4], double by)
{
    enum { ROWS = 5 };
    dat_image from = blank(ROWS, 4), to = blank(ROWS, 4);
    for (int i = 0; i < DAT_IMAGE_CHANNELS * ROWS; i++)
        memcpy(from.planes + i * 4, row, 4);
    dat_affine affine = dat_affine_translate(by, 0);
    dat_image_map_bicubic(&from, &affine, FILL, &to);
    uint8_t value = at(&to, 1, 1, 2, 0);
    free(from.planes);
    free(to.planes);
    return value;
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

/* v1 + d (v2 - v0) + d^2 (2 v0 - 2 v1 + v2 - v3) + d^3 (v1 - v0 - v2 + v3), cut and rounded down. */
static void the_cubic_has_known_values(void **state)
{
    (void)state;
    assert_int_equal(between(BYTES(0, 64, 128, 192), 0), 64);
    assert_int_equal(between(BYTES(0, 64, 128, 192), 0.25), 86); /* 64 (1 + 2/4 - 3/16 + 2/64) */
    assert_int_equal(between(BYTES(0, 64, 128, 192), 0.5), 96);
    assert_int_equal(between(BYTES(0, 0, 100, 0), 0.5), 62); /* 100 (1/2 + 1/4 - 1/8) */
    assert_int_equal(between(BYTES(0, 255, 255, 0), 0.5), 255);
    assert_int_equal(between(BYTES(255, 0, 0, 255), 0.5), 0);
    assert_int_equal(between(BYTES(9, 9, 9, 9), 0.3), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crop_is_a_window),
        cmocka_unit_test(a_flip_mirrors_and_twice_is_nothing),
        cmocka_unit_test(turns_by_quarters_are_exact),
        cmocka_unit_test(a_slanted_turn_reads_the_nearest_pixels),
        cmocka_unit_test(translations_and_shears_move_pixels),
        cmocka_unit_test(the_cubic_has_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
