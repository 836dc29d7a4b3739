/* Writing safetensors files: their bytes, rounding to every type, and what a type cannot hold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/safetensors.h"
#include "support/npz_files.h"
#include "support/safetensors_files.h"
#include "support/tokenizing.h"

#define HUB DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat"

static char path[512]; /* the file that the current test makes */

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(path, sizeof path, "%s/sample.safetensors", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

/* Exactly these bytes: the header in the order of the names, padded to a multiple of eight. */
static void files_are_written(void **state)
{
    (void)state;
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"a.b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                                 "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[4,12]}}";
    static const unsigned char data[] = {0, 0, 0x20, 0xc0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0};
    dat_real w[] = {1, 0}, b[] = {-2.5F};
    dat_tensor first = dat_tensor_over("w", w, 2, (int64_t[]){2, 1});
    dat_tensor second = dat_tensor_over("a.b", b, 0, NULL);
    dat_status status = dat_safetensors_write(path, DAT_FLOAT32, (const dat_tensor *[]){&first, &second}, 2);
    assert_int_equal(status.code, DAT_CODE_OK);
    size_t size, length = strlen(header), padded = (length + 7) / 8 * 8;
    unsigned char *bytes = file_read(path, &size);
    assert_int_equal(size, 8 + padded + sizeof data);
    assert_int_equal(bytes[0] + 256 * bytes[1], padded);
    assert_memory_equal(bytes + 2, "\0\0\0\0\0\0", 6);
    assert_memory_equal(bytes + 8, header, length);
    for (size_t i = length; i < padded; i++)
        assert_int_equal(bytes[8 + i], ' ');
    assert_memory_equal(bytes + 8 + padded, data, sizeof data);
    free(bytes);
    expect_refused(dat_safetensors_write("/dev/null/x", DAT_FLOAT32, (const dat_tensor *[]){&first}, 1),
                   "/dev/null");
}

/* Writes values as one tensor of a type and returns its stored bits, which the caller frees. */
static uint32_t *stored_bits(dat_float_type type, dat_real *values, int64_t count)
{
    dat_tensor tensor = dat_tensor_over("x", values, 1, &count);
    assert_int_equal(dat_safetensors_write(path, type, (const dat_tensor *[]){&tensor}, 1).code, DAT_CODE_OK);
    dat_safetensors file = safetensors_open_good(path);
    assert_int_equal(file.tensors[0].type, type);
    assert_int_equal(file.tensors[0].size, 2 * count);
    uint32_t *bits = calloc((size_t)count, sizeof *bits);
    for (int64_t i = 0; i < count; i++)
        bits[i] = (uint32_t)file.tensors[0].bytes[2 * i] | (uint32_t)file.tensors[0].bytes[2 * i + 1] << 8;
    dat_safetensors_close(&file);
    return bits;
}

/* By hand, from the formats: ties go to the even one. */
static void values_are_rounded(void **state)
{
    (void)state;
    static const struct {
        double value;
        uint32_t bfloat, half;
    } cases[] = {
        {1, 0x3f80, 0x3c00},
        {-2.5, 0xc020, 0xc100},
        {1 + 0x1p-8, 0x3f80, 0x3c04},  /* a tie of bfloat */
        {1 + 0x3p-8, 0x3f82, 0x3c0c},  /* and one whose even one is above */
        {1 + 0x1p-11, 0x3f80, 0x3c00}, /* ties of half */
        {1 + 0x3p-11, 0x3f80, 0x3c02},
        {1 + 0x3p-12, 0x3f80, 0x3c01},
        {2 - 0x1p-12, 0x4000, 0x4000}, /* up into the next power of two */
        {65504, 0x4780, 0x7bff},       /* the largest half */
        {-65519, 0xc780, 0xfbff},
        {0x1p-14, 0x3880, 0x0400}, /* the smallest normal half */
        {0x1p-14 - 0x1p-26, 0x3880, 0x0400},
        {0x1p-24, 0x3380, 0x0001}, /* the smallest one */
        {0x1p-25, 0x3300, 0x0000},
        {-0x3p-25, 0xb3c0, 0x8002},
        {0, 0, 0},
    };
    enum { N = sizeof cases / sizeof cases[0] };
    dat_real values[N];
    for (int i = 0; i < N; i++)
        values[i] = (dat_real)cases[i].value;
    uint32_t *bfloat = stored_bits(DAT_BFLOAT16, values, N), *half = stored_bits(DAT_FLOAT16, values, N);
    for (int i = 0; i < N; i++)
        if (bfloat[i] != cases[i].bfloat || half[i] != cases[i].half)
            fail_msg("%a is stored as %04x and %04x", cases[i].value, bfloat[i], half[i]);
    free(bfloat);
    free(half);
}

/* Every value of both small types is read and written without a change. */
static void small_types_come_back(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    static const char *const headers[] = {
        [DAT_BFLOAT16] = "{\"x\":{\"dtype\":\"BF16\",\"shape\":[65536],\"data_offsets\":[0,131072]}}",
        [DAT_FLOAT16] = "{\"x\":{\"dtype\":\"F16\",\"shape\":[65536],\"data_offsets\":[0,131072]}}"};
    unsigned char *all = malloc(2 * N);
    dat_real *values = malloc(N * sizeof *values);
    for (int i = 0; i < N; i++) {
        all[2 * i] = (unsigned char)i;
        all[2 * i + 1] = (unsigned char)(i >> 8);
    }
    for (int type = DAT_BFLOAT16; type <= DAT_FLOAT16; type++) {
        safetensors_write(path, headers[type], all, 2 * N);
        dat_safetensors file = safetensors_open_good(path);
        dat_stored_tensor_copy(&file.tensors[0], values);
        dat_safetensors_close(&file);
        uint32_t *bits = stored_bits((dat_float_type)type, values, N);
        for (uint32_t i = 0; i < N; i++)
            if (bits[i] != i && !isnan(values[i]))
                fail_msg("%04x became %04x", i, bits[i]);
        free(bits);
    }
    free(all);
    free(values);
}

/* What would become infinite is refused, what is infinite is not. */
static void values_too_large_for_a_type_are_refused(void **state)
{
    (void)state;
    dat_real values[] = {1, -65520}, most[] = {-3.4e38F}, infinite[] = {INFINITY, -INFINITY};
    dat_tensor large = dat_tensor_over("w", values, 1, (int64_t[]){2});
    dat_tensor largest = dat_tensor_over("w", most, 1, (int64_t[]){1});
    const dat_tensor *one = &large, *other = &largest;
    unlink(path);
    expect_refused(dat_safetensors_write(path, DAT_FLOAT16, &one, 1),
                   "w has a value of -65520, too large for F16");
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(dat_safetensors_write(path, DAT_BFLOAT16, &one, 1).code, DAT_CODE_OK);
    expect_refused(dat_safetensors_write(path, DAT_BFLOAT16, &other, 1), "too large for BF16");
    uint32_t *bits = stored_bits(DAT_FLOAT16, infinite, 2);
    assert_int_equal(bits[0], 0x7c00);
    assert_int_equal(bits[1], 0xfc00);
    free(bits);
}

/* A checkpoint of the reference, written again, has the same bytes but for what its metadata say. */
static void a_published_file_is_written_again(void **state)
{
    (void)state;
    dat_safetensors theirs = safetensors_open_good(HUB "/model.safetensors");
    dat_tensor *tensors = calloc((size_t)theirs.count, sizeof *tensors);
    const dat_tensor **list = calloc((size_t)theirs.count, sizeof *list);
    for (int64_t i = 0; i < theirs.count; i++) {
        const dat_stored_tensor *t = &theirs.tensors[i];
        dat_real *values = malloc((size_t)t->count * sizeof *values);
        dat_stored_tensor_copy(t, values);
        tensors[i] = dat_tensor_over(t->name, values, t->rank, t->shape);
        list[theirs.count - 1 - i] = &tensors[i]; /* in no helpful order */
    }
    assert_int_equal(dat_safetensors_write(path, DAT_FLOAT32, list, theirs.count).code, DAT_CODE_OK);
    dat_safetensors ours = safetensors_open_good(path);
    assert_int_equal(ours.count, theirs.count);
    for (int64_t i = 0; i < ours.count; i++) {
        assert_string_equal(ours.tensors[i].name, theirs.tensors[i].name);
        assert_memory_equal(ours.tensors[i].bytes, theirs.tensors[i].bytes, (size_t)ours.tensors[i].size);
        free(tensors[i].data);
    }
    dat_safetensors_close(&ours);
    dat_safetensors_close(&theirs);
    free(tensors);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_written),
        cmocka_unit_test(values_are_rounded),
        cmocka_unit_test(small_types_come_back),
        cmocka_unit_test(values_too_large_for_a_type_are_refused),
        cmocka_unit_test(a_published_file_is_written_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
