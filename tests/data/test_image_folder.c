/* Folders of images: order and labels, and what is left out or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "data/image_folder.h"
#include "io/png.h"
#include "support/made_images.h"
#include "support/npz_files.h"
#include "support/run_file_sample.h"

enum { SIDE = 4, PIXELS = 12 * 10, MOST_MESSAGES = 8 };

/* What was reported. */
typedef struct messages {
    int n;
    char text[MOST_MESSAGES][512];
} messages;

static void keep_message(void *sink, const char *message)
{
    messages *m = sink;
    assert_true(m->n < MOST_MESSAGES);
    snprintf(m->text[m->n++], sizeof m->text[0], "%s", message);
}

static void make_class(void *const *state, const char *name)
{
    assert_int_equal(mkdir(sample_path_in(state, name).text, 0777), 0);
}

/* A file of 12 x 10 pixels of one grey. */
static void write_image(void *const *state, const char *name, uint8_t grey)
{
    uint8_t pixels[3 * PIXELS];
    memset(pixels, grey, sizeof pixels);
    sample_path path = sample_path_in(state, name);
    if (strstr(name, "png") || strstr(name, "PNG"))
        assert_int_equal(dat_png_write(path.text, 12, 10, pixels).code, DAT_CODE_OK);
    else
        made_jpeg(path.text, 12, 10, pixels);
}

static void write_text(void *const *state, const char *name)
{
    file_write(sample_path_in(state, name).text, "no image", 8);
}

/* Two classes, of three images and of one, with files that are none beside them. */
static void write_sample(void *const *state)
{
    make_class(state, "cat");
    make_class(state, "bird");
    make_class(state, ".cache");
    write_image(state, "cat/b.jpg", 20);
    write_image(state, "cat/a.PNG", 10);
    write_image(state, "cat/c.JPEG", 30);
    write_image(state, "bird/z.png", 40);
    write_text(state, "cat/notes.txt");
    write_text(state, "cat/.hidden.png");
    write_text(state, "README.png");
}

static void expect_sample(const dat_images *images)
{
    static const int labels[] = {0, 1, 1, 1}, greys[] = {40, 10, 20, 30};
    assert_int_equal(images->size, 4);
    assert_int_equal(images->n_classes, 2);
    assert_string_equal(images->class_names[0], "bird");
    assert_string_equal(images->class_names[1], "cat");
    for (int i = 0; i < 4; i++) {
        dat_image image = dat_images_at(images, i);
        assert_int_equal(images->labels[i], labels[i]);
        for (int k = 0; k < 3 * SIDE * SIDE; k++)
            assert_int_equal(image.planes[k], greys[i]);
    }
}

static dat_status read_sample(void *const *state, bool skip_damaged, messages *m, dat_images *images)
{
    dat_image_folder_config config = {.height = SIDE,
                                      .width = SIDE,
                                      .normalisation = dat_imagenet_normalisation,
                                      .skip_damaged = skip_damaged,
                                      .report = keep_message,
                                      .sink = m};
    *m = (messages){0};
    return dat_image_folder_read(sample_path_in(state, "").text, &config, images);
}

static void expect_refused(void *const *state, bool skip_damaged, const char *part)
{
    messages m;
    dat_images images;
    dat_status status = read_sample(state, skip_damaged, &m, &images);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    if (!strstr(status.message, part))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
    assert_int_equal(images.size, 0);
    assert_null(images.pixels);
}

static void classes_and_files_are_in_the_order_of_their_names(void **state)
{
    messages m;
    dat_images images;
    write_sample(state);
    assert_string_equal(read_sample(state, false, &m, &images).message, "");
    expect_sample(&images);
    assert_int_equal(m.n, 0);
    dat_images_free(&images);
}

static void damaged_files_are_refused_or_left_out(void **state)
{
    size_t size;
    messages m;
    dat_images images;
    write_sample(state);
    write_text(state, "cat/aa.png");
    unsigned char *bytes = file_read(sample_path_in(state, "cat/b.jpg").text, &size);
    file_write(sample_path_in(state, "bird/cut.jpg").text, bytes, size - 40);
    free(bytes);

    expect_refused(state, false, "bird/cut.jpg");
    assert_string_equal(read_sample(state, true, &m, &images).message, "");
    expect_sample(&images);
    assert_int_equal(m.n, 2);
    assert_non_null(strstr(m.text[0], "bird/cut.jpg: is no whole JPEG"));
    assert_non_null(strstr(m.text[1], "cat/aa.png: does not begin as"));
    dat_images_free(&images);
}

static void folders_without_images_are_refused(void **state)
{
    expect_refused(state, true, "holds no folder");
    write_sample(state);
    make_class(state, "ant");
    expect_refused(state, true, "ant: holds no image");
    write_text(state, "ant/1.png");
    expect_refused(state, true, "ant: holds no image that can be read");
    dat_images images;
    dat_image_folder_config config = {.height = SIDE, .width = SIDE};
    dat_status status = dat_image_folder_read(sample_path_in(state, "none").text, &config, &images);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, "cannot be listed: No such file"));
}

/* More images than the first allocation holds. */
static void many_images_are_read(void **state)
{
    enum { N = 2500 };
    messages m;
    dat_images images;
    make_class(state, "all");
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "all/%04d.png", i);
        write_image(state, name, (uint8_t)i);
    }
    assert_string_equal(read_sample(state, false, &m, &images).message, "");
    assert_int_equal(images.size, N);
    for (int i = 0; i < N; i++)
        assert_int_equal(dat_images_at(&images, i).planes[7], (uint8_t)i);
    dat_images_free(&images);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_folder_create, sample_folder_delete)
    const struct CMUnitTest tests[] = {
        TEST(classes_and_files_are_in_the_order_of_their_names),
        TEST(damaged_files_are_refused_or_left_out),
        TEST(folders_without_images_are_refused),
        TEST(many_images_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
