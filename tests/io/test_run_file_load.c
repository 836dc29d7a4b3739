/* Loading what is no whole run file: foreign, truncated and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/rng.h"
#include "io/run_file.h"
#include "io/run_file_seal.h"
#include "support/run_file_sample.h"

static void test_what_is_no_run_file(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    sample_expect_refused(path.text, "No such file");
    sample_expect_refused(*state, "folder");
    sample_expect_refused("/dev/zero", "device");
    assert_true(sample_write_file(path.text, "", 0));
    sample_expect_refused(path.text, "truncated to 0 bytes");
    char text[1000] = "some text";
    assert_true(sample_write_file(path.text, text, 9));
    sample_expect_refused(path.text, "not a run file");
    assert_true(sample_write_file(path.text, text, sizeof text));
    sample_expect_refused(path.text, "not a run file");
    assert_int_equal(remove(path.text), 0);
    assert_int_equal(mkfifo(path.text, 0600), 0);
    sample_expect_refused(path.text, "not a run file");
}

static void test_other_hdf5_file(void **state)
{
    sample_path path = sample_path_in(state, "other.h5");
    hid_t file = H5Fcreate(path.text, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(H5Fclose(file), 0);
    sample_expect_refused(path.text, "not a run file");
}

static void test_sealed_rubbish(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    char bytes[DAT_RUN_SEAL_SIZE + 1000] = {0};
    dat_run_seal(bytes + DAT_RUN_SEAL_SIZE, 1000, bytes);
    assert_true(sample_write_file(path.text, bytes, sizeof bytes));
    sample_expect_refused(path.text, "HDF5");
    dat_run_seal(bytes + DAT_RUN_SEAL_SIZE, 0, bytes);
    assert_true(sample_write_file(path.text, bytes, DAT_RUN_SEAL_SIZE));
    sample_expect_refused(path.text, "HDF5");
}

/* The seal's text is a promise to other programs: a known size and a known hash (XXH3-64 of nothing). */
static void test_seal_text(void **state)
{
    (void)state;
    char seal[DAT_RUN_SEAL_SIZE];
    dat_run_seal("", 0, seal);
    assert_string_equal(seal, "dat run file\nbytes 00000000000000000512\nxxh3 2d06800538d394c2\n");
    for (size_t i = strlen(seal); i < sizeof seal; i++)
        assert_int_equal(seal[i], 0);
}

/* A sparse file of 65 GiB with the size in its seal: refused before memory is asked for. */
static void test_oversized(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    char seal[DAT_RUN_SEAL_SIZE] = "dat run file\nbytes 00000000069793218560\nxxh3 2d06800538d394c2\n";
    assert_true(sample_write_file(path.text, seal, sizeof seal));
    assert_int_equal(truncate(path.text, (off_t)65 << 30), 0);
    sample_expect_refused(path.text, "run files have at most 68719476736");
}

static void test_truncated(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    size_t size = 0;
    unsigned char *bytes = sample_save(path.text, &size);
    for (size_t i = 0; i < 60; i++) {
        size_t kept = i < 20 ? i * 40 : i * size / 60;
        assert_true(sample_write_file(path.text, bytes, kept));
        sample_expect_refused(path.text, "truncated");
    }
    assert_true(sample_write_file(path.text, bytes, size - 1));
    sample_expect_refused(path.text, "truncated");
    free(bytes);
}

static void test_flipped_bits(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    size_t size = 0;
    unsigned char *bytes = sample_save(path.text, &size);
    dat_rng rng = dat_rng_seed(2);
    for (int i = 0; i < 300; i++) {
        const size_t area = i % 3 == 0 ? DAT_RUN_SEAL_SIZE : i % 3 == 1 ? 4096 : size;
        const size_t place = dat_rng_below(&rng, area);
        const unsigned char bit = (unsigned char)(1u << dat_rng_below(&rng, 8));
        bytes[place] ^= bit;
        assert_true(sample_write_file(path.text, bytes, size));
        sample_expect_refused(path.text, "run");
        bytes[place] ^= bit;
    }
    dat_run run;
    assert_true(sample_write_file(path.text, bytes, size));
    assert_string_equal(dat_run_load(path.text, true, &run).message, "");
    dat_run_free(&run);
    free(bytes);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, sample_folder_create, sample_folder_delete)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_what_is_no_run_file), WITH_FOLDER(test_other_hdf5_file),
        WITH_FOLDER(test_sealed_rubbish),      cmocka_unit_test(test_seal_text),
        WITH_FOLDER(test_oversized),           WITH_FOLDER(test_truncated),
        WITH_FOLDER(test_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
