/* Less usual PNG and JPEG files: deep, grey and tiny ones are read; CMYK and sizes that cannot be are
 * refused. */
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
#include "support/npz_files.h"

enum { SIDE = 16 };

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

static dat_picture expect_read(int64_t width, int64_t height)
{
    dat_picture picture;
    assert_string_equal(dat_image_file_read(path, &picture).message, "");
    assert_int_equal(picture.width, width);
    assert_int_equal(picture.height, height);
    return picture;
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

/* Writes the header of a grey PNG and, as its only data, some rows of `row_bytes` bytes. */
static void write_grey_png(uint32_t width, uint32_t height, int bit_depth, const uint8_t *rows, int n_rows,
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
    for (int i = 0; i < n_rows; i++)
        png_write_row(png, rows + (size_t)i * row_bytes);
    if (n_rows == 0)
        png_write_chunk(png, (png_const_bytep) "IDAT", (png_const_bytep) "none", 4);
    else
        png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

/* As other programs write them, without a gamma: 16 bits are the 8 bits 257 times as fine. */
static void sixteen_bits_become_eight(void **state)
{
    (void)state;
    uint8_t rows[SIDE * SIDE * 2];
    for (int i = 0; i < SIDE * SIDE; i++) {
        rows[2 * i] = (uint8_t)i;
        rows[2 * i + 1] = (uint8_t)(i + 60 > 255 ? 255 : i + 60); /* less than half a step more */
    }
    write_grey_png(SIDE, SIDE, 16, rows, SIDE, 2 * SIDE);
    dat_picture picture = expect_read(SIDE, SIDE);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        assert_int_equal(picture.pixels[i], i / 3);
    dat_picture_free(&picture);
}

static void write_jpeg(const uint8_t *pixels, int format, int subsampling)
{
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle encoder = tjInitCompress();
    assert_int_equal(tjCompress2(encoder, pixels, SIDE, 0, SIDE, format, &bytes, &size, subsampling, 100, 0),
                     0);
    file_write(path, bytes, size);
    tjFree(bytes);
    tjDestroy(encoder);
}

static void a_grey_jpeg_becomes_coloured(void **state)
{
    (void)state;
    uint8_t grey[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        grey[i] = (uint8_t)(8 * (i % SIDE) + 4 * (i / SIDE));
    write_jpeg(grey, TJPF_GRAY, TJSAMP_GRAY);
    dat_picture picture = expect_read(SIDE, SIDE);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        assert_true(abs(picture.pixels[i] - grey[i / 3]) <= 4);
    dat_picture_free(&picture);
}

static void inks_are_refused(void **state)
{
    (void)state;
    uint8_t inks[SIDE * SIDE * 4];
    memset(inks, 100, sizeof inks);
    write_jpeg(inks, TJPF_CMYK, TJSAMP_444);
    expect_refused("is a JPEG image of inks (CMYK), expected grey or colours");
}

static void one_pixel_is_enough(void **state)
{
    (void)state;
    static const uint8_t orange[] = {250, 120, 10};
    assert_string_equal(dat_png_write(path, 1, 1, orange).message, "");
    dat_picture picture = expect_read(1, 1);
    assert_memory_equal(picture.pixels, orange, 3);
    dat_picture_free(&picture);
}

/* Refused by the header, before memory is taken. */
static void pngs_of_too_many_pixels_are_refused(void **state)
{
    (void)state;
    write_grey_png(65500, 65500, 8, NULL, 0, 0);
    expect_refused("is 65500 x 65500 pixels, expected 1..67108864 in all");
    write_grey_png(0x7fffffff, 1, 8, NULL, 0, 0);
    expect_refused("is no whole PNG image: Invalid IHDR data");
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refused("is not a file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refused("is not a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bits_become_eight),
        cmocka_unit_test(a_grey_jpeg_becomes_coloured),
        cmocka_unit_test(inks_are_refused),
        cmocka_unit_test(one_pixel_is_enough),
        cmocka_unit_test(pngs_of_too_many_pixels_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
