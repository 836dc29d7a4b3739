/* The reader of NumPy archives: every type it understands, and refusals of everything it must not believe. */
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

#include "io/npz.h"
#include "support/npz_files.h"

enum { N_VALUES = 20000 }; /* more than the reader decodes at a time */

static char path[512]; /* the file that the current test makes */

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(path, sizeof path, "%s/sample.npz", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

/* Opens `path` and reads x; *values (freed by the caller) is NULL after a failure. */
static dat_status read_x(uint8_t maximum, dat_npz_shape *shape, uint8_t **values)
{
    dat_npz *npz;
    *values = NULL;
    dat_status status = dat_npz_open(path, &npz);
    if (status.code == DAT_CODE_OK)
        status = dat_npz_find(npz, "x", shape);
    if (status.code == DAT_CODE_OK) {
        size_t count = 1;
        for (int i = 0; i < DAT_NPZ_MAX_RANK; i++)
            count *= (size_t)shape->size[i];
        *values = malloc(count + 1);
        status = dat_npz_read_bytes(npz, "x", maximum, *values);
    }
    if (status.code != DAT_CODE_OK) {
        free(*values);
        *values = NULL;
    }
    dat_npz_close(npz);
    return status;
}

/* Reading x fails with one sentence that names the file and has `part` in it. */
static void assert_refused(uint8_t maximum, const char *part)
{
    dat_npz_shape shape;
    uint8_t *values;
    dat_status status = read_x(maximum, &shape, &values);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, path));
    assert_null(strchr(status.message, '\n'));
    if (!strstr(status.message, part))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
}

static void write_x(int version, const char *header, const void *data, size_t size, bool stored)
{
    size_t npy_size;
    unsigned char *npy = npy_bytes(version, header, data, size, &npy_size);
    npz_write(path, &(npz_member){"x.npy", npy, npy_size, stored}, 1);
    free(npy);
}

static void every_type_order_version_and_method_is_read(void **state)
{
    (void)state;
    static const char *const types[] = {"|b1", "|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4",
                                        "<i4", ">i4", "<u8", ">u8", "<i8", ">i8", "<u1", ">i1"};
    static unsigned char data[N_VALUES * 8];
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (int variant = 0; variant < 6; variant++) {
            int size = types[t][2] - '0', bound = types[t][1] == 'b'                ? 2
                                                  : types[t][1] == 'i' && size == 1 ? 128
                                                                                    : 256;
            memset(data, 0, sizeof data);
            for (int i = 0; i < N_VALUES; i++)
                data[i * size + (types[t][0] == '>' ? size - 1 : 0)] = (unsigned char)(i % bound);
            char header[128];
            write_x(1 + variant / 2, npy_text(header, sizeof header, types[t], "(100, 50, 4)"), data,
                    (size_t)N_VALUES * (size_t)size, variant % 2);
            dat_npz_shape shape;
            uint8_t *values;
            dat_status status = read_x(255, &shape, &values);
            assert_string_equal(status.message, "");
            assert_int_equal(shape.rank, 3);
            assert_int_equal(shape.size[0], 100);
            assert_int_equal(shape.size[1], 50);
            assert_int_equal(shape.size[2], 4);
            assert_int_equal(shape.size[3], 1);
            for (int i = 0; i < N_VALUES; i++)
                assert_int_equal(values[i], i % bound);
            free(values);
        }
}

static void shapes_of_rank_0_to_4_are_read(void **state)
{
    (void)state;
    static const char *const shapes[] = {"()", "(6,)", "(6, 1)", "(1, 2, 3)", "(3, 1, 2, 1)", "(0, 7)"};
    static const int ranks[] = {0, 1, 2, 3, 4, 2};
    static const size_t counts[] = {1, 6, 6, 6, 6, 0};
    for (int i = 0; i < 6; i++) {
        char header[128], text[DAT_NPZ_SHAPE_TEXT];
        write_x(1, npy_text(header, sizeof header, "|u1", shapes[i]), "\1\2\3\4\5\6", counts[i], false);
        dat_npz_shape shape;
        uint8_t *values;
        dat_status status = read_x(255, &shape, &values);
        assert_string_equal(status.message, "");
        assert_int_equal(shape.rank, ranks[i]);
        assert_string_equal(dat_npz_shape_text(&shape, text), shapes[i]);
        assert_memory_equal(values, "\1\2\3\4\5\6", counts[i]);
        free(values);
    }
}

static void members_are_found_by_name(void **state)
{
    (void)state;
    char header[128];
    size_t size;
    unsigned char *npy = npy_bytes(1, npy_text(header, sizeof header, "|u1", "(2,)"), "\1\2", 2, &size);
    npz_write(path, (npz_member[]){{"y.npy", npy, size, true}, {"x.txt", "text", 4, true}}, 2);
    free(npy);
    dat_npz *npz;
    assert_int_equal(dat_npz_open(path, &npz).code, DAT_CODE_OK);
    assert_string_equal(dat_npz_path(npz), path);
    assert_true(dat_npz_has(npz, "y"));
    assert_false(dat_npz_has(npz, "x"));
    dat_npz_close(npz);
    assert_refused(255, "has no member x.npy");
}

static void what_is_no_archive_is_refused(void **state)
{
    unlink(path);
    assert_refused(255, "No such file");
    file_write(path, "", 0);
    assert_refused(255, "npz archive");
    file_write(path, "not a zip archive, only some text", 33);
    assert_refused(255, "npz archive");
    snprintf(path, sizeof path, "%s", (char *)*state);
    assert_refused(255, "is not a file");
    snprintf(path, sizeof path, "%s/sample.npz", (char *)*state);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *descr, *data, *part;
        size_t size;
        uint8_t maximum;
    } cases[] = {
        {"|u1", "\0\1\2", "value 2 of x.npy is 2, expected 0..1", 3, 1},
        {"|i1", "\0\1\377", "value 2 of x.npy is -1, expected 0..255", 3, 255},
        {"<u2", "\0\0\1\0\0\1", "value 2 of x.npy is 256", 6, 255},
        {">i2", "\0\0\0\1\377\376", "value 2 of x.npy is -2", 6, 255},
        {"<i4", "\0\0\0\0\1\0\0\0\0\0\0\200", "is -2147483648", 12, 255},
        {"<i8", "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377", "value 2 of x.npy is -1",
         24, 255},
        {">u8", "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\377\377\377\377\377\377\377\377", "is 18446744073709551615",
         24, 255},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[128];
        write_x(1, npy_text(header, sizeof header, cases[i].descr, "(3,)"), cases[i].data, cases[i].size,
                i % 2);
        assert_refused(cases[i].maximum, cases[i].part);
    }
}

static void bad_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *part;
    } cases[] = {
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", "Fortran order"},
        {"{'descr': '|u1', 'fortran_order': maybe, 'shape': (2, 2), }", "fortran_order"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }", "has values of type '<f8', expected"},
        {"{'descr': '<i3', 'fortran_order': False, 'shape': (4,), }", "has values of type"},
        {"{'descr': '|i8', 'fortran_order': False, 'shape': (4,), }", "has values of type"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (4,), }", "has values of type"},
        {"{'descr': [('a', '<i8')], 'fortran_order': False, 'shape': (4,), }", "has values of type"},
        {"{'descr': '<i", "has values of type"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': 4, }", "shape is not a tuple"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-4,), }", "shape is not a tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4 1), }", "shape is not a tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,", "shape is not a tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 1, 2, 1), }", "more than 4 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2147483649,), }", "more than 2147483648 values"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999999999,), }",
         "more than 2147483648"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (65536, 65536, 65536, 65536), }",
         "more than 2147483648"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2147483648, 2147483648), }",
         "more than 2147483648"},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (2147483648,), }",
         "but shape (2147483648,) with 8 bytes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", "but shape (5,) with 1 bytes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "but shape (3,) with 1 bytes"},
        {"{'descr': '|u1', 'fortran_order': False, }", "malformed header"},
        {"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "malformed header"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), 'extra': 1}", "malformed header"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), } and more", "malformed header"},
        {"{'descr': '|u1' 'fortran_order': False, 'shape': (4,), }", "malformed header"},
        {"", "malformed header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_x(1 + (int)i % 3, cases[i].header, "\1\2\3\4", 4, false);
        assert_refused(255, cases[i].part);
        assert_refused(255, "x.npy");
    }
    write_x(3, "{'shape':(4,),'descr':'|u1','fortran_order':False}", "\1\2\3\4", 4, false);
    dat_npz_shape shape;
    uint8_t *values;
    assert_int_equal(read_x(255, &shape, &values).code, DAT_CODE_OK);
    free(values);
}

/* The header of x with one byte of the prefix replaced. */
static void bad_prefixes_are_refused(void **state)
{
    (void)state;
    static const struct {
        int version, place, value;
        const char *part;
    } cases[] = {
        {1, 0, 'x', "does not start with the .npy signature"},
        {1, 6, 4, "version 4.0"},
        {1, 6, 0, "version 0.0"},
        {2, 7, 1, "version 2.1"},
        {1, 9, 255, "claims a header of 65398 bytes but has only"},
        {2, 11, 255, "claims a header of 4278190196 bytes but has only"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[128];
        size_t size;
        unsigned char *npy =
            npy_bytes(cases[i].version, npy_text(header, sizeof header, "|u1", "(4,)"), "\1\2\3\4", 4, &size);
        npy[cases[i].place] = (unsigned char)cases[i].value;
        npz_write(path, &(npz_member){"x.npy", npy, size, true}, 1);
        free(npy);
        assert_refused(255, cases[i].part);
        assert_refused(255, "x.npy");
    }
    npz_write(path, &(npz_member){"x.npy", "\x93NUMPY", 6, true}, 1);
    assert_refused(255, "too few for an array");
}

static void a_header_of_megabytes_is_refused(void **state)
{
    (void)state;
    size_t size = (size_t)1 << 20;
    unsigned char *npy = calloc(size, 1);
    memcpy(npy, "\x93NUMPY\2\0\0\0\010\0", 12); /* 512 KiB */
    npz_write(path, &(npz_member){"x.npy", npy, size, false}, 1);
    free(npy);
    assert_refused(255, "claims a header of 524288 bytes, expected at most 65536");
}

/* Replaces a little-endian field of the archive's only directory entry. */
static void patch_directory(int offset, int width, uint64_t value)
{
    size_t size, at = 0;
    unsigned char *bytes = file_read(path, &size);
    while (at + 46 < size && memcmp(bytes + at, "PK\1\2", 4) != 0)
        at++;
    assert_true(at + 46 < size);
    for (int i = 0; i < width; i++)
        bytes[at + (size_t)(offset + i)] = (unsigned char)(value >> (8 * i));
    file_write(path, bytes, size);
    free(bytes);
}

static void directories_that_lie_are_refused(void **state)
{
    (void)state;
    enum { METHOD = 10, CHECKSUM = 16, PACKED_SIZE = 20, SIZE = 24 };
    static const struct {
        int offset, width;
        uint64_t value;
        const char *part;
        bool stored;
    } cases[] = {
        {SIZE, 4, 0xfffffff0, "more than its", false},
        {SIZE, 4, 0xfffffff0, "more than its", true},
        {SIZE, 4, 2000, "but shape (1000,) with 1 bytes a value needs 1128", false},
        {PACKED_SIZE, 4, 0x7fffffff, "claims 2147483647 packed bytes in a file of", false},
        {METHOD, 2, 14, "compression method 14", false},
        {CHECKSUM, 4, 1, "is damaged", false},
        {CHECKSUM, 4, 1, "is damaged", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const unsigned char data[1000];
        char header[128];
        write_x(1, npy_text(header, sizeof header, "|u1", "(1000,)"), data, sizeof data, cases[i].stored);
        patch_directory(cases[i].offset, cases[i].width, cases[i].value);
        assert_refused(255, cases[i].part);
        assert_refused(255, "x.npy");
    }
}

/* Every prefix of an archive is refused; with any byte changed, it is refused or reads as before. */
static void damaged_archives_are_refused_or_read_right(void **state)
{
    (void)state;
    static unsigned char data[400];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * i % 251);
    for (int stored = 0; stored < 2; stored++) {
        char header[128];
        write_x(1, npy_text(header, sizeof header, "|u1", "(20, 20)"), data, sizeof data, stored);
        size_t size;
        unsigned char *bytes = file_read(path, &size);
        dat_npz_shape shape;
        uint8_t *values;
        for (size_t length = 0; length < size; length++) {
            file_write(path, bytes, length);
            assert_refused(255, "sample.npz");
        }
        int refused = 0;
        for (size_t i = 0; i < size; i++)
            for (int bit = 0; bit < 9; bit++) {
                unsigned char change = (unsigned char)(bit == 8 ? 0xff : 1 << bit);
                bytes[i] ^= change;
                file_write(path, bytes, size);
                bytes[i] ^= change;
                dat_status status = read_x(255, &shape, &values);
                refused += status.code != DAT_CODE_OK;
                if (status.code != DAT_CODE_OK) {
                    assert_non_null(strstr(status.message, path));
                    continue;
                }
                assert_int_equal(shape.size[0], 20);
                assert_memory_equal(values, data, sizeof data);
                free(values);
            }
        /* Only changes of dates, attributes, version numbers and the like may pass. */
        assert_true(refused > (int)sizeof data * 9 / 2);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_order_version_and_method_is_read),
        cmocka_unit_test(shapes_of_rank_0_to_4_are_read),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(what_is_no_archive_is_refused),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(bad_prefixes_are_refused),
        cmocka_unit_test(a_header_of_megabytes_is_refused),
        cmocka_unit_test(directories_that_lie_are_refused),
        cmocka_unit_test(damaged_archives_are_refused_or_read_right),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
