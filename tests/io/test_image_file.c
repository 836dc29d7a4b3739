/* PNG and JPEG files: what was written comes back; every kind of them becomes RGB, but those of inks; damage
 * is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>
#include <turbojpeg.h>

#include "io/image_file.h"
#include "io/png.h"
#include "support/made_images.h"
#include "support/npz_files.h"

enum { WIDTH = 40, HEIGHT = 30, BYTES = WIDTH * HEIGHT * 3 };

static char path[512];

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(path, sizeof path, "%s/image", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

/* Smooth colours: red grows to the right, green to the bottom, blue is their mean. */
static const uint8_t *smooth_pixels(void)
{
    static uint8_t pixels[BYTES];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *p = pixels + (y * WIDTH + x) * 3;
            p[0] = (uint8_t)(6 * x);
            p[1] = (uint8_t)(8 * y);
            p[2] = (uint8_t)((p[0] + p[1]) / 2);
        }
    return pixels;
}

static void expect_picture(const uint8_t *expected, int tolerance)
{
    dat_picture picture;
    dat_status status = dat_image_file_read(path, &picture);
    assert_string_equal(status.message, "");
    assert_int_equal(picture.width, WIDTH);
    assert_int_equal(picture.height, HEIGHT);
    for (int i = 0; i < BYTES; i++)
        if (abs(picture.pixels[i] - expected[i]) > tolerance)
            fail_msg("byte %d is %d, expected %d", i, picture.pixels[i], expected[i]);
    dat_picture_free(&picture);
}

static void expect_refused(const char *part)
{
    dat_picture picture;
    dat_status status = dat_image_file_read(path, &picture);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, path));
    if (!strstr(status.message, part))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
    assert_null(picture.pixels);
}

static void a_png_comes_back_unchanged(void **state)
{
    (void)state;
    assert_string_equal(dat_png_write(path, WIDTH, HEIGHT, smooth_pixels()).message, "");
    expect_picture(smooth_pixels(), 0);
}

/* At quality 100 each coefficient is off by at most half, and each conversion of colours by one. */
static void a_jpeg_comes_back_almost_unchanged(void **state)
{
    (void)state;
    made_jpeg(path, WIDTH, HEIGHT, smooth_pixels());
    expect_picture(smooth_pixels(), 4);
}

static void write_png_as(png_uint_32 format, const void *pixels, const void *colours, int n_colours)
{
    png_image png = {.version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = format};
    png.colormap_entries = (png_uint_32)n_colours;
    assert_true(png_image_write_to_file(&png, path, 0, pixels, 0, colours));
}

/* Every pixel is as bright as its column. */
static void grey_and_palette_images_become_coloured(void **state)
{
    (void)state;
    static uint8_t grey[WIDTH * HEIGHT], colour[BYTES], palette[WIDTH][3];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        grey[i] = (uint8_t)(i % WIDTH);
        memset(colour + 3 * i, grey[i], 3);
    }
    write_png_as(PNG_FORMAT_GRAY, grey, NULL, 0);
    expect_picture(colour, 0);
    for (int i = 0; i < WIDTH; i++) {
        palette[i][0] = (uint8_t)(200 - i);
        palette[i][1] = (uint8_t)(5 * i);
        palette[i][2] = 9;
    }
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        memcpy(colour + 3 * i, palette[grey[i]], 3);
    write_png_as(PNG_FORMAT_RGB_COLORMAP, grey, palette, WIDTH);
    expect_picture(colour, 0);
}

/* Writes the header of a grey PNG without a gamma and its rows of `row_bytes` bytes, or data that are none.
 */
static void write_grey_png(uint32_t width, uint32_t height, int bit_depth, const uint8_t *rows,
                           size_t row_bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_IHDR(png, info, width, height, bit_depth, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; rows && y < height; y++)
        png_write_row(png, rows + y * row_bytes);
    if (rows)
        png_write_end(png, NULL);
    else
        png_write_chunk(png, (png_const_bytep) "IDAT", (png_const_bytep) "none", 4);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

/* 16 bits are the 8 bits 257 times as fine. */
static void sixteen_bits_become_eight(void **state)
{
    (void)state;
    static uint8_t rows[WIDTH * HEIGHT * 2], colour[BYTES];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int grey = i % 256, value = 257 * grey + (grey < 255 ? 60 : 0); /* less than half a step more */
        rows[2 * i] = (uint8_t)(value / 256);
        rows[2 * i + 1] = (uint8_t)(value % 256);
        memset(colour + 3 * i, grey, 3);
    }
    write_grey_png(WIDTH, HEIGHT, 16, rows, 2 * WIDTH);
    expect_picture(colour, 0);
}

static void write_jpeg(const uint8_t *pixels, int format, int subsampling)
{
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle encoder = tjInitCompress();
    assert_int_equal(
        tjCompress2(encoder, pixels, WIDTH, 0, HEIGHT, format, &bytes, &size, subsampling, 100, 0), 0);
    file_write(path, bytes, size);
    tjFree(bytes);
    tjDestroy(encoder);
}

static void a_grey_jpeg_becomes_coloured(void **state)
{
    (void)state;
    static uint8_t grey[WIDTH * HEIGHT], colour[BYTES];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        grey[i] = (uint8_t)(3 * (i % WIDTH) + 4 * (i / WIDTH));
        memset(colour + 3 * i, grey[i], 3);
    }
    write_jpeg(grey, TJPF_GRAY, TJSAMP_GRAY);
    expect_picture(colour, 4);
}

static void inks_are_refused(void **state)
{
    (void)state;
    static uint8_t inks[WIDTH * HEIGHT * 4];
    write_jpeg(inks, TJPF_CMYK, TJSAMP_444);
    expect_refused("is a JPEG image of inks (CMYK), expected grey or colours");
}

static void one_pixel_is_enough(void **state)
{
    (void)state;
    static const uint8_t orange[] = {250, 120, 10};
    dat_picture picture;
    assert_string_equal(dat_png_write(path, 1, 1, orange).message, "");
    assert_string_equal(dat_image_file_read(path, &picture).message, "");
    assert_int_equal(picture.width * picture.height, 1);
    assert_memory_equal(picture.pixels, orange, 3);
    dat_picture_free(&picture);
}

static void what_is_transparent_is_black(void **state)
{
    (void)state;
    static uint8_t rgba[WIDTH * HEIGHT * 4], colour[BYTES];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        memcpy(rgba + 4 * i, smooth_pixels() + 3 * i, 3);
        rgba[4 * i + 3] = i % 3 ? 255 : 0;
        for (int channel = 0; channel < 3; channel++)
            colour[3 * i + channel] = i % 3 ? smooth_pixels()[3 * i + channel] : 0;
    }
    write_png_as(PNG_FORMAT_RGBA, rgba, NULL, 0);
    expect_picture(colour, 0);
}

/* Without the end marker of a JPEG and the end chunk of a PNG all pixels are there. */
static void files_that_are_cut_short_are_refused(void **state)
{
    (void)state;
    for (int jpeg = 0; jpeg < 2; jpeg++) {
        size_t size;
        if (jpeg)
            made_jpeg(path, WIDTH, HEIGHT, smooth_pixels());
        else
            dat_png_write(path, WIDTH, HEIGHT, smooth_pixels());
        uint8_t *bytes = file_read(path, &size);
        for (size_t cut = 0; cut < size - (jpeg ? 2 : 12); cut++) {
            file_write(path, bytes, cut);
            expect_refused(cut < 4 ? "image" : jpeg ? "is no whole JPEG" : "is no whole PNG");
        }
        free(bytes);
    }
}

/* Signature, header and pixel data of a PNG have checksums that cover every bit. */
static void changed_bits_of_a_png_are_refused(void **state)
{
    (void)state;
    enum { HEADER_END = 33, END_CHUNK = 12 };
    size_t size, data = HEADER_END;
    dat_png_write(path, WIDTH, HEIGHT, smooth_pixels());
    uint8_t *bytes = file_read(path, &size);
    while (memcmp(bytes + data + 4, "IDAT", 4) != 0)
        assert_true(++data < size - END_CHUNK);
    for (size_t i = 0; i < size - END_CHUNK; i++) {
        if (i >= HEADER_END && i < data)
            continue;
        bytes[i] ^= 0x10;
        file_write(path, bytes, size);
        expect_refused("PNG");
        bytes[i] ^= 0x10;
    }
    free(bytes);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    file_write(path, "GIF89a and so on", 16);
    expect_refused("does not begin as PNG or JPEG");
    file_write(path, "", 0);
    expect_refused("does not begin as PNG or JPEG");
    remove(path);
    expect_refused("No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refused("is not a file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refused("is not a file");
    remove(path);
}

/* A header of 65500 x 65500 pixels must be refused before memory is taken. */
static void images_of_too_many_pixels_are_refused(void **state)
{
    (void)state;
    size_t size;
    made_jpeg(path, WIDTH, HEIGHT, smooth_pixels());
    uint8_t *bytes = file_read(path, &size);
    static const uint8_t start_of_frame[] = {0xff, 0xc0, 0, 17, 8, 0, HEIGHT, 0, WIDTH};
    size_t at = 0;
    while (memcmp(bytes + at, start_of_frame, sizeof start_of_frame) != 0)
        assert_true(++at + sizeof start_of_frame < size);
    memcpy(bytes + at + 5, (const uint8_t[]){0xff, 0xdc, 0xff, 0xdc}, 4);
    file_write(path, bytes, size);
    expect_refused("is 65500 x 65500 pixels, expected 1..67108864 in all");
    free(bytes);
    write_grey_png(65500, 65500, 8, NULL, 0);
    expect_refused("is 65500 x 65500 pixels, expected 1..67108864 in all");
    write_grey_png(0x7fffffff, 1, 8, NULL, 0);
    expect_refused("is no whole PNG image: Invalid IHDR data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_comes_back_unchanged),
        cmocka_unit_test(a_jpeg_comes_back_almost_unchanged),
        cmocka_unit_test(grey_and_palette_images_become_coloured),
        cmocka_unit_test(sixteen_bits_become_eight),
        cmocka_unit_test(a_grey_jpeg_becomes_coloured),
        cmocka_unit_test(inks_are_refused),
        cmocka_unit_test(one_pixel_is_enough),
        cmocka_unit_test(what_is_transparent_is_black),
        cmocka_unit_test(files_that_are_cut_short_are_refused),
        cmocka_unit_test(changed_bits_of_a_png_are_refused),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(images_of_too_many_pixels_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
