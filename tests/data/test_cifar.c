/* CIFAR files: the sample that ships, files made here byte by byte, and files that must be refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/cifar.h"
#include "support/close.h"
#include "support/npz_files.h"

#define SAMPLE DAT_SOURCE_DIR "/datasets/cifar10-sample"

enum { IMAGE_BYTES = 3072, PATH_SIZE = 512 };

static char folder_path[PATH_SIZE];

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(folder_path, sizeof folder_path, "%s", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    return path;
}

static void expect_ok(dat_status status)
{
    assert_string_equal(status.message, "");
}

/* Writes n records: `labels` holds the label bytes of all; pixel p of record i is 7 i + p, modulo 256. */
static void write_records(const char *path, const char *labels, int n_label_bytes, int n)
{
    int record = n_label_bytes + IMAGE_BYTES;
    uint8_t *bytes = malloc((size_t)(n * record));
    for (int i = 0; i < n; i++) {
        memcpy(bytes + i * record, labels + i * n_label_bytes, (size_t)n_label_bytes);
        for (int p = 0; p < IMAGE_BYTES; p++)
            bytes[i * record + n_label_bytes + p] = (uint8_t)(7 * i + p);
    }
    file_write(path, bytes, (size_t)(n * record));
    free(bytes);
}

static void expect_records(const dat_images *images, const int *labels, int n)
{
    assert_int_equal(images->size, n);
    assert_int_equal(images->height, 32);
    assert_int_equal(images->width, 32);
    for (int i = 0; i < n; i++) {
        assert_int_equal(images->labels[i], labels[i]);
        for (int p = 0; p < IMAGE_BYTES; p++)
            assert_int_equal(images->pixels[i * IMAGE_BYTES + p], (uint8_t)(7 * i + p));
    }
}

static void expect_refused(dat_cifar_kind kind, const char *path, const char *part)
{
    dat_images images;
    dat_status status = dat_cifar_read(kind, &path, 1, &images);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, path));
    if (!strstr(status.message, part))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
    assert_int_equal(images.size, 0);
    assert_null(images.pixels);
}

static void the_sample_is_what_its_readme_says(void **state)
{
    (void)state;
    static const struct {
        dat_cifar_part part;
        const char *file;
        int per_class;
    } parts[] = {{DAT_CIFAR_TRAIN, SAMPLE "/data_batch_1.bin", 200},
                 {DAT_CIFAR_TEST, SAMPLE "/test_batch.bin", 50}};
    for (int k = 0; k < 2; k++) {
        dat_images images;
        size_t size;
        int counts[10] = {0};
        expect_ok(dat_cifar_read_folder(DAT_CIFAR10, parts[k].part, SAMPLE, &images));
        assert_int_equal(images.size, 10 * parts[k].per_class);
        assert_int_equal(images.n_classes, 10);
        assert_string_equal(images.class_names[0], "airplane");
        assert_string_equal(images.class_names[9], "truck");
        uint8_t *bytes = file_read(parts[k].file, &size);
        assert_int_equal(size, images.size * (IMAGE_BYTES + 1));
        for (int64_t i = 0; i < images.size; i++) {
            counts[images.labels[i]]++;
            assert_int_equal(images.labels[i], bytes[i * (IMAGE_BYTES + 1)]);
            assert_memory_equal(images.pixels + i * IMAGE_BYTES, bytes + i * (IMAGE_BYTES + 1) + 1,
                                IMAGE_BYTES);
        }
        for (int label = 0; label < 10; label++)
            assert_int_equal(counts[label], parts[k].per_class);
        free(bytes);
        dat_images_free(&images);
    }
}

/* With the constants of all 50,000 images, the 2,000 of the sample have mean 0 and variance 1, almost. */
static void normalised_channels_are_standardised(void **state)
{
    (void)state;
    dat_images images;
    expect_ok(dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TRAIN, SAMPLE, &images));
    dat_dataset data = dat_images_as_dataset(&images);
    assert_int_equal(data.size, 2000);
    assert_int_equal(data.n_classes, 10);
    assert_int_equal(data.input_shape[0], 3);
    double sums[3] = {0}, squares[3] = {0};
    static dat_real values[IMAGE_BYTES];
    for (int64_t i = 0; i < data.size; i++) {
        int32_t label;
        data.read(&data, 0, &i, 1, (dat_examples){.inputs = values, .labels = &label});
        assert_int_equal(label, images.labels[i]);
        for (int p = 0; p < IMAGE_BYTES; p++) {
            sums[p / 1024] += (double)values[p];
            squares[p / 1024] += (double)values[p] * (double)values[p];
        }
    }
    for (int channel = 0; channel < 3; channel++) {
        double mean = sums[channel] / (2000 * 1024.0);
        assert_true(fabs(mean) < 0.05); /* images have a mean of their own, with a deviation of about 0.5 */
        assert_true(fabs(sqrt(squares[channel] / (2000 * 1024.0) - mean * mean) - 1) < 0.03);
    }
    /* By hand: the first red byte. */
    int64_t first = 0;
    int32_t label;
    data.read(&data, 0, &first, 1, (dat_examples){.inputs = values, .labels = &label});
    assert_close(values[0], (images.pixels[0] / 255.0 - 0.4914) / 0.2470, 1e-5);
    assert_close(values[2048], (images.pixels[2048] / 255.0 - 0.4465) / 0.2616, 1e-5);
    dat_images_free(&images);
}

static void batches_come_one_after_the_other(void **state)
{
    (void)state;
    char first[2 * PATH_SIZE], second[2 * PATH_SIZE];
    snprintf(first, sizeof first, "%s", in_folder("data_batch_2.bin"));
    snprintf(second, sizeof second, "%s", in_folder("data_batch_4.bin"));
    write_records(first, "\3\0\11", 1, 3);
    write_records(second, "\1", 1, 1);
    dat_images images;
    expect_ok(dat_cifar_read(DAT_CIFAR10, (const char *[]){first}, 1, &images));
    expect_records(&images, (const int[]){3, 0, 9}, 3);
    dat_images_free(&images);
    expect_ok(dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TRAIN, folder_path, &images));
    assert_int_equal(images.size, 4);
    assert_int_equal(images.labels[3], 1);
    assert_null(images.class_names);
    dat_images_free(&images);

    dat_status status = dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TEST, folder_path, &images);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, "test_batch.bin"));
    remove(first);
    remove(second);
}

static void cifar100_has_both_labels(void **state)
{
    (void)state;
    write_records(in_folder("train.bin"), "\23\143\0\0\5\12", 2, 3); /* coarse 19 0 5, fine 99 0 10 */
    dat_images images;
    expect_ok(dat_cifar_read_folder(DAT_CIFAR100, DAT_CIFAR_TRAIN, folder_path, &images));
    assert_int_equal(images.n_classes, 100);
    expect_records(&images, (const int[]){99, 0, 10}, 3);
    dat_images_free(&images);
    expect_ok(dat_cifar_read_folder(DAT_CIFAR100_COARSE, DAT_CIFAR_TRAIN, folder_path, &images));
    assert_int_equal(images.n_classes, 20);
    expect_records(&images, (const int[]){19, 0, 5}, 3);
    dat_images_free(&images);

    write_records(in_folder("train.bin"), "\23\144\0\0", 2, 2);
    expect_refused(DAT_CIFAR100, in_folder("train.bin"), "label byte 1 of record 0 is 100, expected 0..99");
    expect_refused(DAT_CIFAR100_COARSE, in_folder("train.bin"), "label byte 1 of record 0 is 100");
    write_records(in_folder("train.bin"), "\0\0\24\0", 2, 2);
    expect_refused(DAT_CIFAR100, in_folder("train.bin"), "label byte 0 of record 1 is 20, expected 0..19");
    remove(in_folder("train.bin"));
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    const char *path = in_folder("test_batch.bin");
    uint8_t *bytes = file_read(SAMPLE "/test_batch.bin", &size);
    static const size_t cuts[] = {1, 2, 3072, 3073 * 17 + 5, 3073 * 499 + 3072};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        char part[64];
        file_write(path, bytes, cuts[i]);
        snprintf(part, sizeof part, "left over in record %d", (int)(cuts[i] / 3073));
        expect_refused(DAT_CIFAR10, path, part);
    }
    file_write(path, bytes, 0);
    expect_refused(DAT_CIFAR10, path, "0 bytes are 0 whole records");
    bytes = realloc(bytes, size + 1);
    bytes[size] = 0;
    file_write(path, bytes, size + 1);
    expect_refused(DAT_CIFAR10, path, "1 left over in record 500");
    bytes[321 * 3073] = 10;
    file_write(path, bytes, size);
    expect_refused(DAT_CIFAR10, path, "label byte 0 of record 321 is 10, expected 0..9");
    free(bytes);

    expect_refused(DAT_CIFAR100, SAMPLE "/test_batch.bin", "of another kind");
    remove(path);
    expect_refused(DAT_CIFAR10, path, "No such file");
    expect_refused(DAT_CIFAR10, folder_path, "is not a file");
}

static void missing_class_names_are_refused(void **state)
{
    (void)state;
    write_records(in_folder("test_batch.bin"), "\3", 1, 1);
    file_write(in_folder("batches.meta.txt"), "airplane\nautomobile\n\n", 21);
    dat_images images;
    dat_status status = dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TEST, folder_path, &images);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, "line 3 is no class name"));
    assert_int_equal(images.size, 0);
    remove(in_folder("test_batch.bin"));
    remove(in_folder("batches.meta.txt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_is_what_its_readme_says),
        cmocka_unit_test(normalised_channels_are_standardised),
        cmocka_unit_test(batches_come_one_after_the_other),
        cmocka_unit_test(cifar100_has_both_labels),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(missing_class_names_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
