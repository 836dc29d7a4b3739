/* Loading run files whose HDF5 data somebody changed: forged ones, sealed anew, and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "io/run_file.h"
#include "io/run_file_seal.h"
#include "support/run_file_sample.h"

/* A change to the HDF5 data that a forger made. */
typedef struct forgery {
    void (*change)(hid_t file);
    const char *words; /* that the refusal must have; NULL: the file is fine */
} forgery;

static void write_attribute(hid_t file, const char *group, const char *name, hid_t type, hid_t space,
                            const void *value)
{
    hid_t object = H5Oopen(file, group, H5P_DEFAULT);
    H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attribute >= 0);
    assert_true(H5Awrite(attribute, type, value) >= 0);
    H5Aclose(attribute);
    H5Oclose(object);
}

static void write_integer(hid_t file, const char *group, const char *name, int64_t value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    write_attribute(file, group, name, H5T_NATIVE_INT64, space, &value);
    H5Sclose(space);
}

static void write_text(hid_t file, const char *group, const char *name, const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    write_attribute(file, group, name, type, space, &text);
    H5Tclose(type);
    H5Sclose(space);
}

/* Replaces a dataset by one without values. */
static void put_dataset(hid_t file, const char *path, hid_t type, int rank, const hsize_t *shape,
                        hid_t creation)
{
    H5Ldelete(file, path, H5P_DEFAULT);
    hid_t space = H5Screate_simple(rank, shape, NULL);
    hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

static void change_nothing(hid_t file)
{
    (void)file;
}

static void add_unknown_things(hid_t file)
{
    hid_t group = H5Gcreate2(file, "attention", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t shape[] = {3, 4};
    put_dataset(group, "scores", H5T_NATIVE_INT, 2, shape, H5P_DEFAULT);
    H5Gclose(group);
    write_integer(file, "/", "unknown", 1);
    write_integer(file, "/config", "unknown", 1);
}

static void drop_optional_groups(hid_t file)
{
    const char *const groups[] = {"config", "environment", "model", "summary", "checkpoint"};
    for (int i = 0; i < 5; i++)
        assert_true(H5Ldelete(file, groups[i], H5P_DEFAULT) >= 0);
    H5Adelete(file, "series");
}

static void make_newer(hid_t file)
{
    write_integer(file, "/", "schema_version", DAT_RUN_SCHEMA_VERSION + 1);
}

static void make_version_text(hid_t file)
{
    write_text(file, "/", "schema_version", "1");
}

static void drop_version(hid_t file)
{
    H5Adelete(file, "schema_version");
}

static void make_unknown_state(hid_t file)
{
    write_text(file, "/", "status", "sleeping");
}

static void make_long_run_id(hid_t file)
{
    char text[200] = "";
    memset(text, 'x', 128);
    write_text(file, "/", "run_id", text);
}

static void make_text_of_rank_1(hid_t file)
{
    const hsize_t size = 2;
    const char *texts[] = {"a", "b"};
    hid_t space = H5Screate_simple(1, &size, NULL), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    write_attribute(file, "/config", "resolved", type, space, texts);
    H5Tclose(type);
    H5Sclose(space);
}

static void make_fixed_text(hid_t file)
{
    hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 4);
    write_attribute(file, "/environment", "cpu", type, space, "abcd");
    H5Tclose(type);
    H5Sclose(space);
}

static void make_integer_fact(hid_t file)
{
    write_integer(file, "/environment", "threads", 2);
}

static void make_summary_integer(hid_t file)
{
    write_integer(file, "/summary", "seconds", 10);
}

static void make_long_fact_name(hid_t file)
{
    char name[80] = "";
    memset(name, 'n', 64);
    write_text(file, "/environment", name, "x");
}

static void make_many_facts(hid_t file)
{
    hid_t group = H5Gopen2(file, "/summary", H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    for (int i = 0; i < 4200; i++) {
        char name[16];
        const double value = i;
        snprintf(name, sizeof name, "%d", i);
        hid_t attribute = H5Acreate2(group, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value);
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Gclose(group);
}

static void make_group_a_dataset(hid_t file)
{
    const hsize_t size = 1;
    put_dataset(file, "config", H5T_IEEE_F64LE, 1, &size, H5P_DEFAULT);
}

static void make_negative_count(hid_t file)
{
    write_integer(file, "/model", "n_params", -1);
}

static void make_parameters_numbers(hid_t file)
{
    const hsize_t size = 10;
    put_dataset(file, "model/parameters", H5T_IEEE_F64LE, 1, &size, H5P_DEFAULT);
}

/* Overwrites the first row of the table; texts are given with their fields' sizes. */
static void write_row(hid_t file, const char name[192], const char shape[80], int64_t count)
{
    struct {
        char name[192], shape[80];
        int64_t count;
    } rows[4] = {0};
    hid_t table = H5Dopen2(file, "model/parameters", H5P_DEFAULT), type = H5Dget_type(table);
    assert_int_equal(H5Tget_size(type), sizeof rows[0]);
    assert_true(H5Dread(table, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
    memcpy(rows[0].name, name, 192);
    memcpy(rows[0].shape, shape, 80);
    rows[0].count = count;
    assert_true(H5Dwrite(table, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
    H5Tclose(type);
    H5Dclose(table);
}

static void make_endless_name(hid_t file)
{
    char name[192], shape[80] = "1";
    memset(name, 'n', sizeof name);
    write_row(file, name, shape, 1);
}

static void make_wrong_count(hid_t file)
{
    char name[192] = "w", shape[80] = "3x5";
    write_row(file, name, shape, 16);
}

static void make_rank_5(hid_t file)
{
    char name[192] = "w", shape[80] = "1x1x1x1x1";
    write_row(file, name, shape, 1);
}

static void make_overflowing_shape(hid_t file)
{
    char name[192] = "w", shape[80] = "4294967296x4294967296";
    write_row(file, name, shape, 0);
}

static void make_negative_shape(hid_t file)
{
    char name[192] = "w", shape[80] = "-3";
    write_row(file, name, shape, -3);
}

static void make_ragged_shape(hid_t file)
{
    char name[192] = "w", shape[80] = "3x";
    write_row(file, name, shape, 3);
}

static void make_series_integers(hid_t file)
{
    const hsize_t size = 10;
    put_dataset(file, "train/loss", H5T_STD_I64LE, 1, &size, H5P_DEFAULT);
}

static void make_series_rank_2(hid_t file)
{
    const hsize_t shape[] = {2, 2};
    put_dataset(file, "train/loss", H5T_IEEE_F64LE, 2, shape, H5P_DEFAULT);
}

static void make_series_huge(hid_t file)
{
    const hsize_t size = (hsize_t)1 << 40, chunk = 1024;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &chunk);
    put_dataset(file, "train/loss", H5T_IEEE_F64LE, 1, &size, creation);
    H5Pclose(creation);
}

static void make_series_compressed(hid_t file)
{
    const hsize_t size = 1000, chunk = 1000;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &chunk);
    H5Pset_deflate(creation, 6);
    put_dataset(file, "train/loss", H5T_IEEE_F64LE, 1, &size, creation);
    H5Pclose(creation);
}

static void make_series_external(hid_t file)
{
    const hsize_t size = 1;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/hostname", 0, 8);
    put_dataset(file, "train/loss", H5T_IEEE_F64LE, 1, &size, creation);
    H5Pclose(creation);
}

static void make_series_link_out(hid_t file)
{
    char path[256], other_path[300];
    const hsize_t size = 1;
    assert_true(H5Fget_name(file, path, sizeof path) > 0);
    snprintf(other_path, sizeof other_path, "%s.other", path);
    hid_t other = H5Fcreate(other_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_dataset(other, "loss", H5T_IEEE_F64LE, 1, &size, H5P_DEFAULT);
    assert_int_equal(H5Fclose(other), 0);
    H5Ldelete(file, "train/loss", H5P_DEFAULT);
    assert_true(H5Lcreate_external(other_path, "/loss", file, "train/loss", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

static void make_series_link_loop(hid_t file)
{
    H5Ldelete(file, "train/loss", H5P_DEFAULT);
    assert_true(H5Lcreate_soft("/train/loss", file, "train/loss", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

static void drop_series(hid_t file)
{
    H5Ldelete(file, "train/loss", H5P_DEFAULT);
}

/* Many names for one dataset: each is small enough, together they are larger than the file. */
static void make_series_again_and_again(hid_t file)
{
    char names[100 * 24] = "";
    for (int i = 0; i < 100; i++) {
        char name[24];
        snprintf(name, sizeof name, "train/loss%d", i);
        assert_true(H5Lcreate_hard(file, "train/loss", file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
        strcat(strcat(names, name), "\n");
    }
    write_text(file, "/", "series", names);
}

static void name_series_twice(hid_t file)
{
    write_text(file, "/", "series", "train/loss\ntrain/loss\n");
}

static void name_series_in_reserved_group(hid_t file)
{
    write_text(file, "/", "series", "checkpoint/adam.3\n");
}

static void name_series_badly(hid_t file)
{
    write_text(file, "/", "series", "train//loss\n");
}

static void name_series_long(hid_t file)
{
    char name[90] = "";
    memset(name, 'n', 70);
    name[70] = '\n';
    write_text(file, "/", "series", name);
}

static void make_blob_huge(hid_t file)
{
    const hsize_t size = (hsize_t)1 << 50;
    put_dataset(file, "checkpoint/adam.3", H5T_STD_U8LE, 1, &size, H5P_DEFAULT);
}

static void make_blob_floats(hid_t file)
{
    const hsize_t size = 3;
    put_dataset(file, "checkpoint/adam.3", H5T_IEEE_F64LE, 1, &size, H5P_DEFAULT);
}

static const forgery forgeries[] = {
    {change_nothing, NULL},
    {add_unknown_things, NULL},
    {drop_optional_groups, NULL},
    {make_newer, "use a newer dat"},
    {make_version_text, "'schema_version' is not a 64-bit integer"},
    {drop_version, "schema_version"},
    {make_unknown_state, "'sleeping'"},
    {make_long_run_id, "'run_id' is longer than 127"},
    {make_text_of_rank_1, "'resolved' is not a UTF-8 text"},
    {make_fixed_text, "'cpu' is not a UTF-8 text"},
    {make_integer_fact, "'threads' is not a 64-bit float"},
    {make_summary_integer, "'seconds' is not a 64-bit float"},
    {make_long_fact_name, "longer than 63"},
    {make_many_facts, "more than 4096 facts"},
    {make_group_a_dataset, "'config' is not a readable group"},
    {make_negative_count, "n_params is -1"},
    {make_parameters_numbers, "'parameters' does not have the expected type"},
    {make_endless_name, "does not end"},
    {make_wrong_count, "do not fit together"},
    {make_rank_5, "do not fit together"},
    {make_overflowing_shape, "do not fit together"},
    {make_negative_shape, "do not fit together"},
    {make_ragged_shape, "do not fit together"},
    {make_series_integers, "'train/loss' does not have the expected type"},
    {make_series_rank_2, "'train/loss' does not have one dimension"},
    {make_series_huge, "claims 1099511627776 values"},
    {make_series_compressed, "compressed or lies outside"},
    {make_series_external, "compressed or lies outside"},
    {make_series_link_out, "'train/loss' is not a readable dataset"},
    {make_series_link_loop, "'train/loss' is not a readable dataset"},
    {drop_series, "'train/loss' is not a readable dataset"},
    {make_series_again_and_again, "more than its file can hold"},
    {name_series_twice, "not the name of one series"},
    {name_series_in_reserved_group, "not the name of one series"},
    {name_series_badly, "not the name of one series"},
    {name_series_long, "not the name of one series"},
    {make_blob_huge, "claims 1125899906842624 values"},
    {make_blob_floats, "'adam.3' does not have the expected type"},
};

/* Changes the HDF5 data of a run file and seals it anew. */
static void forge(const char *path, void (*change)(hid_t file))
{
    size_t size = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    H5E_BEGIN_TRY
    {
        change(file);
    }
    H5E_END_TRY;
    assert_int_equal(H5Fclose(file), 0);
    unsigned char *bytes = sample_read_file(path, &size);
    assert_non_null(bytes);
    dat_run_seal(bytes + DAT_RUN_SEAL_SIZE, size - DAT_RUN_SEAL_SIZE, (char *)bytes);
    assert_true(sample_write_file(path, bytes, size));
    free(bytes);
}

static void test_forged(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    size_t size = 0;
    unsigned char *bytes = sample_save(path.text, &size);
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        assert_true(sample_write_file(path.text, bytes, size));
        forge(path.text, forgeries[i].change);
        if (forgeries[i].words) {
            sample_expect_refused(path.text, forgeries[i].words);
        } else {
            dat_run run;
            assert_string_equal(dat_run_load(path.text, true, &run).message, "");
            assert_string_equal(run.experiment, "relational_games");
            dat_run_free(&run);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    assert_true(usage.ru_maxrss < 512 * 1024); /* KiB */
    free(bytes);
}

/* A file that another program changed does not pass as what its run wrote. */
static void test_changed_by_others(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    size_t size = 0;
    free(sample_save(path.text, &size));
    hid_t file = H5Fopen(path.text, H5F_ACC_RDWR, H5P_DEFAULT);
    write_text(file, "/", "status", "failed");
    assert_int_equal(H5Fclose(file), 0);
    sample_expect_refused(path.text, "run");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_folder_create, sample_folder_delete)
    const struct CMUnitTest tests[] = {
        TEST(test_forged),
        TEST(test_changed_by_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
