/* Run files: the run in memory, and what comes back from a file that was saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/run_file.h"
#include "support/run_file_sample.h"
#include "util/memory.h"

static void assert_ok(dat_status status)
{
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

static void test_append_allocates_only_to_grow(void **state)
{
    (void)state;
    dat_run run = {0};
    dat_run_append(&run, "train/loss", 0, 1000);
    const dat_series *series = dat_run_find_series(&run, "train/loss");
    const double *values = series->values;
    for (int i = 1; i < 1000; i++)
        dat_run_append(&run, "train/loss", i, 1000);
    assert_ptr_equal(dat_run_find_series(&run, "train/loss"), series);
    assert_ptr_equal(series->values, values);
    assert_int_equal(series->capacity, 1000);

    int n_growths = 0;
    for (int i = 1000; i < 100000; i++) {
        int64_t capacity = series->capacity;
        dat_run_append(&run, "train/loss", i, 1);
        n_growths += series->capacity != capacity;
    }
    assert_in_range(n_growths, 1, 10);
    assert_int_equal(series->count, 100000);
    for (int i = 0; i < 100000; i++)
        assert_true(series->values[i] == i);
    assert_null(dat_run_find_series(&run, "train"));
    dat_run_free(&run);
    assert_int_equal(run.n_series, 0);
}

static void test_append_with_any_hint(void **state)
{
    (void)state;
    dat_run run = {0};
    const int64_t hints[] = {-5, 0, 1, 2, 7};
    const char *const names[] = {"a/a", "a/b", "a/c", "a/d", "e"};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 50; j++)
            dat_run_append(&run, names[i], j, hints[i]);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(dat_run_find_series(&run, names[i])->count, 50);
        assert_true(dat_run_find_series(&run, names[i])->values[49] == 49);
    }
    dat_run_free(&run);
}

static void test_facts_are_replaced(void **state)
{
    (void)state;
    dat_run run = {0};
    dat_run_set_environment_text(&run, "commit", "old");
    dat_run_set_environment_text(&run, "commit", "new");
    assert_string_equal(dat_run_find_environment(&run, "commit")->text, "new");
    dat_run_set_environment_text(&run, "commit", dat_run_find_environment(&run, "commit")->text);
    assert_string_equal(dat_run_find_environment(&run, "commit")->text, "new");
    dat_run_set_environment_number(&run, "commit", 3);
    assert_null(dat_run_find_environment(&run, "commit")->text);
    assert_true(dat_run_find_environment(&run, "commit")->number == 3);
    assert_int_equal(run.n_environment, 1);
    assert_null(dat_run_find_environment(&run, "cpu"));

    dat_run_set_summary(&run, "seconds", 1);
    dat_run_set_summary(&run, "seconds", 2);
    assert_int_equal(run.n_summary, 1);
    assert_true(dat_run_summary(&run, "seconds") == 2);
    assert_true(isnan(dat_run_summary(&run, "hours")));
    dat_run_set_summary_text(&run, "samples", "2 + 3\t5\n");
    assert_string_equal(dat_run_summary_text(&run, "samples"), "2 + 3\t5\n");
    assert_true(isnan(dat_run_summary(&run, "samples")));
    assert_null(dat_run_summary_text(&run, "seconds"));
    assert_null(dat_run_summary_text(&run, "hours"));
    dat_run_free(&run);
}

static void test_blobs_are_replaced(void **state)
{
    (void)state;
    dat_run run = {0};
    char first[] = "first", second[] = "second one";
    dat_run_set_blob(&run, "moments", first, sizeof first);
    dat_run_set_blob(&run, "moments", second, sizeof second);
    assert_int_equal(run.n_blobs, 1);
    assert_ptr_equal(dat_run_find_blob(&run, "moments")->bytes, second);
    assert_int_equal(dat_run_find_blob(&run, "moments")->size, sizeof second);
    dat_run_clear_blobs(&run);
    assert_null(dat_run_find_blob(&run, "moments"));
    dat_run_free(&run);
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a != NULL, b != NULL);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same_facts(const dat_fact *a, const dat_fact *b, int n)
{
    for (int i = 0; i < n; i++) {
        assert_string_equal(a[i].name, b[i].name);
        assert_same_text(a[i].text, b[i].text);
        assert_memory_equal(&a[i].number, &b[i].number, sizeof a[i].number);
    }
}

static void assert_same_parameters(const dat_run *a, const dat_run *b)
{
    assert_int_equal(a->n_parameters, b->n_parameters);
    for (int64_t i = 0; i < a->n_parameters; i++) {
        assert_string_equal(a->parameters[i].name, b->parameters[i].name);
        assert_int_equal(a->parameters[i].rank, b->parameters[i].rank);
        for (int j = 0; j < a->parameters[i].rank; j++)
            assert_int_equal(a->parameters[i].shape[j], b->parameters[i].shape[j]);
    }
}

static void assert_same_data(const dat_run *a, const dat_run *b)
{
    assert_int_equal(a->n_series, b->n_series);
    for (int i = 0; i < a->n_series; i++) {
        assert_string_equal(a->series[i].name, b->series[i].name);
        assert_int_equal(a->series[i].count, b->series[i].count);
        if (a->series[i].count)
            assert_memory_equal(a->series[i].values, b->series[i].values,
                                (size_t)a->series[i].count * sizeof(double));
    }
    assert_int_equal(a->n_blobs, b->n_blobs);
    for (int i = 0; i < a->n_blobs; i++) {
        assert_string_equal(a->blobs[i].name, b->blobs[i].name);
        assert_int_equal(a->blobs[i].size, b->blobs[i].size);
        if (a->blobs[i].size)
            assert_memory_equal(a->blobs[i].bytes, b->blobs[i].bytes, a->blobs[i].size);
    }
}

static void assert_same_run(const dat_run *a, const dat_run *b)
{
    assert_string_equal(a->experiment, b->experiment);
    assert_string_equal(a->run_id, b->run_id);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->created, b->created);
    assert_string_equal(a->updated, b->updated);
    assert_same_text(a->config_resolved, b->config_resolved);
    assert_same_text(a->config_source, b->config_source);
    assert_same_text(a->config_path, b->config_path);
    assert_same_text(a->config_overrides, b->config_overrides);
    assert_int_equal(a->n_params, b->n_params);
    assert_true(a->flops_per_step == b->flops_per_step);
    assert_int_equal(a->n_environment, b->n_environment);
    assert_int_equal(a->n_summary, b->n_summary);
    assert_same_facts(a->environment, b->environment, a->n_environment);
    assert_same_facts(a->summary, b->summary, a->n_summary);
    assert_same_parameters(a, b);
    assert_same_data(a, b);
}

static void test_round_trip(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_run run = sample_run(), loaded;
    assert_ok(dat_run_save(&run, path.text));
    assert_ok(dat_run_load(path.text, true, &loaded));
    assert_same_run(&run, &loaded);
    assert_null(loaded.config_overrides);
    assert_int_equal(strlen(loaded.config_source), SAMPLE_SOURCE_LENGTH);
    dat_run_free(&loaded);

    assert_ok(dat_run_load(path.text, false, &loaded));
    assert_int_equal(loaded.n_blobs, 0);
    dat_run_clear_blobs(&run);
    assert_same_run(&run, &loaded);
    dat_run_free(&loaded);
    dat_run_free(&run);
}

static void test_every_state_and_an_empty_run(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    for (int i = DAT_RUN_RUNNING; i <= DAT_RUN_FAILED; i++) {
        dat_run run = {.state = (dat_run_state)i}, loaded;
        assert_ok(dat_run_save(&run, path.text));
        assert_ok(dat_run_load(path.text, true, &loaded));
        assert_same_run(&run, &loaded);
        dat_run_free(&loaded);
        dat_run_free(&run);
    }
}

/* A resumed run goes on with what it loaded: it grows series and replaces owned blobs by its own. */
static void test_loaded_run_goes_on(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_run run = sample_run(), loaded, again;
    assert_ok(dat_run_save(&run, path.text));
    dat_run_free(&run);
    assert_ok(dat_run_load(path.text, true, &loaded));
    const char bytes[] = "new bytes";
    dat_run_set_blob(&loaded, "adam.3", bytes, sizeof bytes);
    dat_run_append(&loaded, "train/loss", 42, 0);
    dat_run_append(&loaded, "train/empty", 43, 0);
    assert_ok(dat_run_save(&loaded, path.text));

    assert_ok(dat_run_load(path.text, true, &again));
    assert_same_run(&loaded, &again);
    assert_string_equal(dat_run_find_blob(&again, "adam.3")->bytes, bytes);
    assert_int_equal(dat_run_find_series(&again, "train/loss")->count, SAMPLE_LOSSES + 1);
    assert_true(dat_run_find_series(&again, "train/empty")->values[0] == 43);
    dat_run_free(&again);
    dat_run_free(&loaded);
}

static void test_times(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_run run = sample_run(), loaded;
    assert_string_equal(run.created, "");
    assert_ok(dat_run_save(&run, path.text));
    int year, month, day, hour, minute, second;
    char zone;
    assert_int_equal(
        sscanf(run.created, "%4d-%2d-%2dT%2d:%2d:%2d%c", &year, &month, &day, &hour, &minute, &second, &zone),
        7);
    assert_int_equal(zone, 'Z');
    assert_true(year >= 2020 && month <= 12 && day <= 31 && hour < 24 && minute < 60);
    assert_string_equal(run.created, run.updated);
    strcpy(run.created, "2001-02-03T04:05:06Z");
    assert_ok(dat_run_save(&run, path.text));
    assert_ok(dat_run_load(path.text, false, &loaded));
    assert_ok(dat_run_save(&loaded, path.text));
    assert_string_equal(loaded.created, "2001-02-03T04:05:06Z");
    assert_true(strcmp(loaded.updated, loaded.created) > 0);
    dat_run_free(&loaded);
    dat_run_free(&run);
}

/* Any HDF5 program finds the data where the layout says. */
static void test_layout_for_other_readers(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_run run = sample_run();
    assert_ok(dat_run_save(&run, path.text));
    dat_run_free(&run);

    hid_t file = H5Fopen(path.text, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    hid_t loss = H5Dopen2(file, "/train/loss", H5P_DEFAULT);
    hid_t space = H5Dget_space(loss);
    hsize_t size = 0, largest = 0;
    assert_int_equal(H5Sget_simple_extent_dims(space, &size, &largest), 1);
    assert_int_equal(size, SAMPLE_LOSSES);
    assert_true(largest == H5S_UNLIMITED);
    double *values = dat_allocate(SAMPLE_LOSSES, sizeof *values);
    assert_true(H5Dread(loss, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    assert_true(values[1] == 0.5 && values[SAMPLE_LOSSES - 1] == 1.0 / SAMPLE_LOSSES);
    free(values);
    H5Sclose(space);
    H5Dclose(loss);

    hid_t row = H5Tcreate(H5T_COMPOUND, sizeof(int64_t));
    H5Tinsert(row, "count", 0, H5T_NATIVE_INT64);
    hid_t parameters = H5Dopen2(file, "/model/parameters", H5P_DEFAULT);
    int64_t counts[4] = {0};
    assert_true(H5Dread(parameters, row, H5S_ALL, H5S_ALL, H5P_DEFAULT, counts) >= 0);
    assert_true(counts[0] == 8192 && counts[1] == 7 && counts[2] == 1 && counts[3] == 120);
    H5Dclose(parameters);
    H5Tclose(row);

    assert_true(H5Lexists(file, "/eval/hexos/accuracy", H5P_DEFAULT) > 0);
    assert_true(H5Aexists_by_name(file, "/config", "resolved", H5P_DEFAULT) > 0);
    assert_true(H5Aexists_by_name(file, "/summary", "accuracy/split 3", H5P_DEFAULT) > 0);
    assert_true(H5Lexists(file, "/checkpoint/adam.39", H5P_DEFAULT) > 0);
    assert_int_equal(H5Fclose(file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_allocates_only_to_grow),
        cmocka_unit_test(test_append_with_any_hint),
        cmocka_unit_test(test_facts_are_replaced),
        cmocka_unit_test(test_blobs_are_replaced),
        cmocka_unit_test_setup_teardown(test_round_trip, sample_folder_create, sample_folder_delete),
        cmocka_unit_test_setup_teardown(test_every_state_and_an_empty_run, sample_folder_create,
                                        sample_folder_delete),
        cmocka_unit_test_setup_teardown(test_loaded_run_goes_on, sample_folder_create, sample_folder_delete),
        cmocka_unit_test_setup_teardown(test_times, sample_folder_create, sample_folder_delete),
        cmocka_unit_test_setup_teardown(test_layout_for_other_readers, sample_folder_create,
                                        sample_folder_delete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
