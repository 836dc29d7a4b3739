/* `dat data images` end to end: the sheet shows the images of the sample, and mistakes are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "data/cifar.h"
#include "io/image_file.h"
#include "io/png.h"
#include "support/launch.h"
#include "support/npz_files.h"
#include "support/run_file_sample.h"

#define SAMPLE DAT_SOURCE_DIR "/datasets/cifar10-sample"

enum { AREA = 32 * 32, SCALE = 3, TOP = 9, PITCH = 106 }; /* of the sheet: margin and frame, then a row */

/* Runs the command with two pairs of arguments; what it prints must hold the fragments. */
static void expect(int status, const char *out, const char *err, const char *const arguments[4])
{
    const char *argv[] = {DAT_BINARY_DIR "/bin/dat",
                          "data",
                          "images",
                          arguments[0],
                          arguments[1],
                          arguments[2],
                          arguments[3],
                          NULL};
    launch process = launch_program(argv, NULL);
    launch_end *end = launch_wait(&process);
    if (end->status != status || !strstr(end->out, out) || !strstr(end->err, err))
        fail_msg("status %d, printed \"%s\" and \"%s\"", end->status, end->out, end->err);
    free(end);
}

#define EXPECT(status, out, err, ...) expect(status, out, err, (const char *const[4]){__VA_ARGS__})

/* Whether the picture of 32 x 32 squares at (x, y) of the sheet is an image of the set. */
static bool shows(const dat_picture *sheet, int64_t x, int64_t y, const dat_images *images, int64_t index)
{
    const uint8_t *planes = dat_images_at(images, index).planes;
    for (int i = 0; i < AREA; i++) {
        const uint8_t *square =
            sheet->pixels + ((y + i / 32 * SCALE) * sheet->width + x + i % 32 * SCALE) * 3;
        for (int channel = 0; channel < 3; channel++)
            if (square[channel] != planes[channel * AREA + i])
                return false;
    }
    return true;
}

/* Where the first pictures of the rows begin: after the longest class name, "automobile". */
static const int64_t left_of_pictures = 2 * 8 + 10 * 6 + 1;

static void the_sheet_shows_images_of_the_sample(void **state)
{
    sample_path out = sample_path_in(state, "sheet.png");
    dat_picture sheet;
    dat_images images;
    assert_int_equal(dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TRAIN, SAMPLE, &images).code, DAT_CODE_OK);
    EXPECT(0, "automobile                            200", "", "--data", SAMPLE, "--out", out.text);
    assert_string_equal(dat_image_file_read(out.text, &sheet).message, "");
    for (int row = 0; row < 10; row++) {
        int found = 0;
        for (int64_t i = 0; i < images.size; i++)
            found += shows(&sheet, left_of_pictures, TOP + row * PITCH, &images, i);
        assert_true(found > 0);
    }
    dat_picture_free(&sheet);
    dat_images_free(&images);
}

static void folders_of_classes_are_shown_without_what_is_damaged(void **state)
{
    uint8_t pixels[5 * 5 * 3] = {0};
    assert_int_equal(mkdir(sample_path_in(state, "cat").text, 0777), 0);
    dat_png_write(sample_path_in(state, "cat/1.png").text, 5, 5, pixels);
    file_write(sample_path_in(state, "cat/2.png").text, "none", 4);
    EXPECT(0, "cat                                     1", "left out: ", "--data", *state, "--out",
           sample_path_in(state, "sheet.png").text);
}

static void mistakes_are_refused(void **state)
{
    sample_path out = sample_path_in(state, "sheet.png");
    EXPECT(2, "", "'twirl' is unknown, expected none, crop", "--augment", "flip,twirl", "--out", out.text);
    EXPECT(2, "", "--count", "--count", "0", "--out", out.text);
    EXPECT(2, "", "unexpected argument 'cats'", "cats");
    EXPECT(1, "", "none: cannot be listed", "--data", sample_path_in(state, "none").text, "--out", out.text);
    EXPECT(1, "", "No such file", "--data", SAMPLE, "--out", sample_path_in(state, "no/where.png").text);
    EXPECT(0, "Usage: dat data images", "", "--help");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_folder_create, sample_folder_delete)
    const struct CMUnitTest tests[] = {
        TEST(the_sheet_shows_images_of_the_sample),
        TEST(folders_of_classes_are_shown_without_what_is_damaged),
        TEST(mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
