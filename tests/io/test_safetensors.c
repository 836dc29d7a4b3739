/* Reading safetensors files: values of every type, files of the reference, and refusals of everything that
 * must not be believed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

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

/* --- reading --- */

/* A half from its parts, by the definition: (-1)^s 2^(e-15) (1 + f/1024), subnormal 2^-14 f/1024. */
static double half_value(unsigned bits)
{
    unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
    double sign = bits >> 15 ? -1 : 1;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction / 1024.0, -14);
    return sign * ldexp(1 + fraction / 1024.0, (int)exponent - 15);
}

static void every_half_is_read(void **state)
{
    (void)state;
    enum { COUNT = 1 << 16 };
    unsigned char *bytes = malloc(2 * COUNT);
    dat_real *values = malloc(COUNT * sizeof *values);
    for (int i = 0; i < COUNT; i++) {
        bytes[2 * i] = (unsigned char)i;
        bytes[2 * i + 1] = (unsigned char)(i >> 8);
    }
    safetensors_write(path, "{\"x\":{\"dtype\":\"F16\",\"shape\":[256,256],\"data_offsets\":[0,131072]}}",
                      bytes, 2 * COUNT);
    dat_safetensors file = safetensors_open_good(path);
    dat_stored_tensor_copy(&file.tensors[0], values);
    for (unsigned i = 0; i < COUNT; i++) {
        double expected = half_value(i);
        if (isnan(expected))
            assert_true(isnan(values[i]));
        else
            assert_true((double)values[i] == expected && !signbit(values[i]) == !signbit(expected));
    }
    dat_safetensors_close(&file);
    free(bytes);
    free(values);
}

/* 1 is 0x3f800000 as a float, -2.5 is 0xc0200000, 2^-149 is 1; a bfloat16 is the upper half. */
static void floats_and_bfloats_are_read(void **state)
{
    (void)state;
    static const unsigned char data[] = {0x80, 0x3f, 0x20, 0xc0, 0x80, 0x7f, /* bfloat16 */
                                         0,    0,    0x80, 0x3f, 0,    0,
                                         0x20, 0xc0, 1,    0,    0,    0}; /* float */
    safetensors_write(path,
                      "{\"__metadata__\":{\"format\":\"pt\"},"
                      "\"f\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[6,18]},"
                      "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}   ",
                      data, sizeof data);
    dat_safetensors file = safetensors_open_good(path);
    dat_real values[3];
    assert_int_equal(file.count, 2);
    assert_string_equal(file.tensors[0].name, "b");
    const dat_stored_tensor *f = dat_safetensors_find(&file, "f"), *b = dat_safetensors_find(&file, "b");
    assert_int_equal(b->type, DAT_BFLOAT16);
    dat_stored_tensor_copy(b, values);
    assert_true(values[0] == 1 && values[1] == -2.5F && isinf(values[2]));
    assert_int_equal(f->rank, 2);
    assert_int_equal(f->shape[0], 3);
    assert_int_equal(f->shape[1], 1);
    dat_stored_tensor_copy(f, values);
    assert_true(values[0] == 1 && values[1] == -2.5F && values[2] == 0x1p-149F);
    assert_null(dat_safetensors_find(&file, "__metadata__"));
    dat_safetensors_close(&file);
}

/* More values than are copied at a time, at an odd place in the file. */
static void large_tensors_are_read(void **state)
{
    (void)state;
    enum { COUNT = 600001 };
    char header[256];
    float *data = malloc((COUNT + 1) * sizeof *data);
    dat_real *values = malloc(COUNT * sizeof *values);
    data[0] = -1;
    for (int i = 0; i < COUNT; i++)
        data[i + 1] = (float)i;
    snprintf(header, sizeof header,
             "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
             "\"x\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[4,%d]}}",
             COUNT, 4 + 4 * COUNT);
    safetensors_write(path, header, data, (COUNT + 1) * sizeof *data);
    dat_safetensors file = safetensors_open_good(path);
    for (int repeat = 0; repeat < 2; repeat++) { /* pages that were given back come again */
        memset(values, 0, COUNT * sizeof *values);
        dat_stored_tensor_copy(dat_safetensors_find(&file, "x"), values);
        for (int i = 0; i < COUNT; i++)
            assert_true(values[i] == (dat_real)i);
    }
    assert_int_equal(dat_safetensors_find(&file, "a")->rank, 0);
    dat_stored_tensor_copy(dat_safetensors_find(&file, "a"), values);
    assert_true(values[0] == -1);
    dat_safetensors_close(&file);
    free(data);
    free(values);
}

static void tensors_are_compared(void **state)
{
    (void)state;
    static const unsigned char data[] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 4};
    safetensors_write(path,
                      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                      "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                      "\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                      "\"d\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[12,16]}}",
                      data, sizeof data);
    dat_safetensors file = safetensors_open_good(path);
    assert_true(dat_stored_tensor_equal(&file.tensors[0], &file.tensors[1]));
    assert_false(dat_stored_tensor_equal(&file.tensors[0], &file.tensors[2]));
    assert_false(dat_stored_tensor_equal(&file.tensors[0], &file.tensors[3]));
    dat_safetensors_close(&file);
}

/* --- refusals --- */

static void expect_file_refused(const char *part)
{
    dat_safetensors file;
    dat_status status = dat_safetensors_open(path, &file);
    expect_refused(status, part);
    expect_refused(status, path);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_null(strchr(status.message, '\n'));
    assert_int_equal(file.count, 0);
    assert_null(file.tensors);
}

#define ENTRY(type, shape, offsets) "{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE(type, shape, offsets)   "{\"w\":" ENTRY(type, shape, offsets) "}"

/* Headers before 8 bytes of data. */
static void bad_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *part;
    } cases[] = {
        {"", "the header is no JSON object"},
        {" {}", "the header is no JSON object"},
        {"[]", "the header is no JSON object"},
        {"{", "byte 1 of the header"},
        {"{}x", "of the header"},
        {"{\"w\":1,\"w\":1}", "duplicate"},
        {"{\"\xff\":{}}", "of the header"},
        {"{\"a\\u0000b\":{}}", "of the header"},
        {"{}", "has 8 bytes of data, expected the 0"},
        {"{\"w\":3}", "w is no JSON object"},
        {"{\"w\":{}}", "\"dtype\" of w is missing"},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "\"data_offsets\" of w is missing"},
        {ONE("\"F64\"", "[1]", "[0,8]"), "\"dtype\" of w is \"F64\", expected one of F32, BF16, F16"},
        {ONE("\"I64\"", "[1]", "[0,8]"), "\"dtype\" of w is \"I64\""},
        {ONE("7", "[2]", "[0,8]"), "\"dtype\" of w is 7"},
        {ONE("\"F32\"", "2", "[0,8]"), "\"shape\" of w"},
        {ONE("\"F32\"", "[2.0]", "[0,8]"), "\"shape\" of w"},
        {ONE("\"F32\"", "[-2]", "[0,8]"), "\"shape\" of w"},
        {ONE("\"F32\"", "[1,1,1,1,2]", "[0,8]"), "\"shape\" of w is no list of at most 4 sizes"},
        {ONE("\"F32\"", "[4611686018427387904,4]", "[0,8]"), "\"shape\" of w"},
        {ONE("\"F32\"", "[2147483648,2147483648,2]", "[0,8]"), "\"shape\" of w"},
        {ONE("\"F32\"", "[99999999999999999999]", "[0,8]"), "too big integer"},
        {ONE("\"F32\"", "[2]", "[0,8,16]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[2]", "[0]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[2]", "[0,\"8\"]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[2]", "[8,0]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[2]", "[-8,0]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[3]", "[0,12]"), "do not hold its 12 bytes within the 8 bytes of data"},
        {ONE("\"F32\"", "[1]", "[0,8]"), "do not hold its 4 bytes"},
        {ONE("\"F16\"", "[2]", "[0,8]"), "do not hold its 4 bytes"},
        {ONE("\"F32\"", "[1]", "[0,4]"), "has 8 bytes of data, expected the 4"},
        {ONE("\"F32\"", "[1]", "[4,8]"), "w begins at byte 4 of the data, expected 0"},
        {ONE("\"F32\"", "[1152921504606846975]", "[0,4611686018427387900]"), "\"data_offsets\" of w"},
        {ONE("\"F32\"", "[1]", "[9223372036854775803,9223372036854775807]"), "\"data_offsets\" of w"},
        {"{\"a\":" ENTRY("\"F32\"", "[1]", "[0,4]") ",\"b\":" ENTRY("\"F32\"", "[1]", "[0,4]") "}",
         "begins at byte 0 of the data, expected 4: tensors must neither overlap nor leave gaps"},
        {"{\"a\":" ENTRY("\"F32\"", "[1]", "[0,4]") ",\"b\":" ENTRY("\"F16\"", "[3]", "[2,8]") "}",
         "b begins at byte 2 of the data, expected 4"},
        {"{\"a\":" ENTRY("\"F16\"", "[1]", "[0,2]") ",\"b\":" ENTRY("\"F32\"", "[1]", "[4,8]") "}",
         "b begins at byte 4 of the data, expected 2"},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"extra\":1}}",
         "w has unknown members: \"extra\""},
        {"{\"__metadata__\":7,\"w\":" ENTRY("\"F32\"", "[2]", "[0,8]") "}",
         "\"__metadata__\" is no JSON object"},
        {"{\"__metadata__\":{\"a\":7},\"w\":" ENTRY("\"F32\"", "[2]", "[0,8]") "}",
         "\"a\" of \"__metadata__\" is no text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        safetensors_write(path, cases[i].header, NULL, 8);
        expect_file_refused(cases[i].part);
    }
    safetensors_write(path, ONE("\"F32\"", "[2]", "[0,8]"), NULL, 8); /* the good one among them */
    dat_safetensors file = safetensors_open_good(path);
    dat_safetensors_close(&file);
}

static void bad_lengths_are_refused(void **state)
{
    (void)state;
    static const char header[] = ONE("\"F32\"", "[2]", "[0,8]");
    static const uint64_t lengths[] = {sizeof header - 1 + 9, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        safetensors_write_parts(path, lengths[i], header, NULL, 8);
        expect_file_refused("was the file cut short?");
    }
    safetensors_write_parts(path, 0, header, NULL, 8);
    expect_file_refused("the header");
    safetensors_write_parts(path, sizeof header - 2, header, NULL, 8);
    expect_file_refused("of the header");
    for (size_t size = 0; size < 8; size++) {
        file_write(path, "\0\0\0\0\0\0\0", size);
        expect_file_refused("was the file cut short?");
    }
    remove(path);
    expect_file_refused("cannot be opened");
}

static void deep_json_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    char *header = malloc(DEPTH + 16);
    memcpy(header, "{\"w\":", 5);
    memset(header + 5, '[', DEPTH);
    header[5 + DEPTH] = '\0';
    safetensors_write(path, header, NULL, 8);
    expect_file_refused("maximum parsing depth");
    free(header);
}

/* Every prefix of a published file is refused; with a bit of its header changed, it is refused or has the
 * same bytes of data, in tensors that fit. */
static void damaged_files_are_refused_or_whole(void **state)
{
    (void)state;
    size_t size;
    int refused = 0;
    unsigned char *bytes = file_read(HUB "/model.safetensors", &size);
    size_t header_size = 8 + bytes[0] + 256 * (size_t)bytes[1];
    for (size_t length = 0; length < size; length += length < 64 ? 1 : 997) {
        file_write(path, bytes, length);
        expect_file_refused(length < header_size ? "was the file cut short?" : "data");
    }
    for (size_t i = 0; i < header_size; i += 3) {
        dat_safetensors file;
        bytes[i] ^= (unsigned char)(1 << i % 8);
        file_write(path, bytes, size);
        bytes[i] ^= (unsigned char)(1 << i % 8);
        bool good = dat_safetensors_open(path, &file).code == DAT_CODE_OK;
        refused += !good;
        int64_t total = 0;
        for (int64_t j = 0; j < file.count; j++)
            total += file.tensors[j].size;
        assert_int_equal(total, good ? size - header_size : 0);
        dat_safetensors_close(&file);
    }
    assert_true(refused > (int)header_size / 3 / 4);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_read),      cmocka_unit_test(floats_and_bfloats_are_read),
        cmocka_unit_test(large_tensors_are_read),  cmocka_unit_test(tensors_are_compared),
        cmocka_unit_test(bad_headers_are_refused), cmocka_unit_test(bad_lengths_are_refused),
        cmocka_unit_test(deep_json_is_refused),    cmocka_unit_test(damaged_files_are_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
