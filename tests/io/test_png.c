/* PNG files read back with libpng. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "io/png.h"
#include "support/npz_files.h"

static int set_up(void **state)
{
    *state = file_make_folder();
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

static void check_round_trip(const char *path, int64_t width, int64_t height)
{
    size_t size = (size_t)(width * height * 3);
    uint8_t *pixels = malloc(size), *again = malloc(size);
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)(i * i * 31 + i);
    dat_status status = dat_png_write(path, width, height, pixels);
    assert_string_equal(status.message, "");

    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    assert_int_equal(image.format, PNG_FORMAT_RGB); /* 8 bits, no alpha, no palette, no grey */
    assert_true(png_image_finish_read(&image, NULL, again, 0, NULL));
    assert_memory_equal(pixels, again, size);
    free(pixels);
    free(again);
}

static void images_come_back_unchanged(void **state)
{
    char path[512];
    snprintf(path, sizeof path, "%s/image.png", (char *)*state);
    check_round_trip(path, 36, 36);
    check_round_trip(path, 1, 1);
    check_round_trip(path, 613, 7); /* and a larger file is replaced by a smaller one */
    check_round_trip(path, 2, 999);
}

static void failures_name_the_file(void **state)
{
    char path[512];
    uint8_t pixels[3] = {0};
    snprintf(path, sizeof path, "%s/missing/image.png", (char *)*state);
    dat_status status = dat_png_write(path, 1, 1, pixels);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, path));
    assert_non_null(strstr(status.message, "No such file"));

    snprintf(path, sizeof path, "%s/empty.png", (char *)*state);
    static const int64_t sides[][2] = {{0, 1}, {1, 0}, {-1, 1}, {32768, 1}, {1, INT64_MAX}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        status = dat_png_write(path, sides[i][0], sides[i][1], pixels);
        assert_int_equal(status.code, DAT_CODE_FAILURE);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    static uint8_t pixels[300 * 300 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i >> 3);
    static const int64_t sides[] = {1, 300}; /* noticed on closing, and while writing */
    for (int i = 0; i < 2; i++) {
        dat_status status = dat_png_write("/dev/full", sides[i], sides[i], pixels);
        assert_int_equal(status.code, DAT_CODE_FAILURE);
        assert_non_null(strstr(status.message, "/dev/full"));
    }
    assert_int_equal(access("/dev/full", W_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_come_back_unchanged),
        cmocka_unit_test(failures_name_the_file),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
