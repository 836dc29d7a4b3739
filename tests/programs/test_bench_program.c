/* The program bench from its command line to its numbers, on cases that take no time. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/fake_experiment.h"
#include "support/launch.h"

static const char bench[] = DAT_BINARY_DIR "/bin/bench";

#define CALL(...) call((const char *const[]){bench, __VA_ARGS__, NULL}, NULL)

static launch_end *call(const char *const *arguments, void (*prepare)(void))
{
    launch process = launch_program(arguments, prepare);
    return launch_wait(&process);
}

/* Measures the one-thread cases whose name contains `filter` as briefly as can be; the caller frees the
 * array. */
static json_t *measure(const char *filter, size_t count)
{
    json_error_t error;
    launch_end *end = CALL("--threads", "1", "--seconds", "0", "--json", "--filter", filter);
    json_t *array = json_loads(end->out, JSON_REJECT_DUPLICATES, &error);
    if (end->status != 0 || !array)
        fail_msg("exit %d: %s%s", end->status, end->out, end->err);
    assert_string_equal(end->err, "");
    assert_true(json_is_array(array));
    assert_int_equal(json_array_size(array), count);
    free(end);
    return array;
}

static double number(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("%s is not a number", key);
    return json_number_value(value);
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-6 * fabs(expected)))
        fail_msg("%.9g is not %.9g", value, expected);
}

static void expect_measurement(const json_t *object, const char *name)
{
    assert_string_equal(json_string_value(json_object_get(object, "name")), name);
    assert_int_equal(json_object_size(object), 10);
    assert_true(number(object, "threads") == 1);
    assert_true(number(object, "ms") > 0);
    assert_true(number(object, "sgemm_peak_gflops") > 0);
    assert_true(number(object, "peak_rss_mib") > 1);
    assert_true(number(object, "allocations") == 0); /* kernels have the tape's memory */
}

static void test_product(void **state)
{
    (void)state;
    json_t *array = measure("op/linear/640x128x128/", 2), *forward = json_array_get(array, 0);
    json_t *backward = json_array_get(array, 1);
    const double gflop = 2e-9 * 640 * 128 * 128;
    expect_measurement(forward, "op/linear/640x128x128/forward");
    expect_measurement(backward, "op/linear/640x128x128/backward");
    assert_near(number(forward, "gflop"), gflop);
    assert_near(number(backward, "gflop"), 2 * gflop); /* of the input and of the weight */
    for (size_t i = 0; i < 2; i++) {
        const json_t *object = json_array_get(array, i);
        assert_near(number(object, "gflops"), number(object, "gflop") / number(object, "ms") * 1e3);
        assert_near(number(object, "utilisation"),
                    number(object, "gflops") / number(object, "sgemm_peak_gflops"));
        assert_true(number(object, "gbytes_per_second") == 0);
    }
    json_decref(array);
}

/* Millions of bytes that a memory-bound case says it moves. */
static double megabytes(const json_t *object)
{
    assert_true(number(object, "gflop") == 0 && number(object, "gflops") == 0);
    assert_true(number(object, "utilisation") == 0);
    return number(object, "gbytes_per_second") * number(object, "ms");
}

static void test_memory_bound(void **state)
{
    (void)state;
    const double rows = 4e-6 * 640 * 128, parameters = 4e-6 * 2 * 128;
    json_t *array = measure("op/layer_norm/640x128/", 2);
    expect_measurement(json_array_get(array, 0), "op/layer_norm/640x128/forward");
    assert_near(megabytes(json_array_get(array, 0)), 2 * rows + parameters);
    /* Output gradient, inputs, and input gradients twice. */
    assert_near(megabytes(json_array_get(array, 1)), 4 * rows + 3 * parameters);
    json_decref(array);

    array = measure("op/embedding/1x1024_of_50304x768/forward", 1);
    assert_near(megabytes(json_array_get(array, 0)), 2 * 4e-6 * 1024 * 768);
    json_decref(array);
}

/* The peak of one process could only rise from case to case. */
static void test_memory_is_the_case_s_own(void **state)
{
    (void)state;
    json_t *array = measure("x768/forward", 5);
    const json_t *first = json_array_get(array, 0), *second = json_array_get(array, 1);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "op/linear/1024x3072x768/forward");
    assert_string_equal(json_string_value(json_object_get(second, "name")), "op/layer_norm/1024x768/forward");
    assert_true(number(first, "peak_rss_mib") > 12 + 9 + 3); /* input, weight, output */
    assert_true(number(second, "peak_rss_mib") < number(first, "peak_rss_mib") - 9);
    json_decref(array);
}

/* Loading has no FLOPs to count, and needs the shipped sample. */
static void test_loading(void **state)
{
    (void)state;
    static const char name[] = "load/image_classification/cifar10_autoaugment";
    json_t *array = measure(name, 1);
    const json_t *object = json_array_get(array, 0);
    assert_string_equal(json_string_value(json_object_get(object, "name")), name);
    assert_true(number(object, "ms") > 0 && number(object, "gflop") == 0);
    json_decref(array);
}

static void test_loading_without_the_sample(void **state)
{
    (void)state;
    fake_expect(CALL("--filter", "load/image_classification/cifar10_autoaugment"), 1, NULL,
                "datasets/cifar10-sample: there is no data_batch_1.bin");
}

/* The table has the same columns; the report reads what bench writes. */
static void test_table_and_report(void **state)
{
    (void)state;
    static const char *const report[] = {
        DAT_BINARY_DIR "/bin/dat", "report", "--experiment", "bench", "--no-plots", NULL};
    fake_expect(CALL("--threads", "2", "--seconds", "0", "--filter", "op/add/"), 0,
                "op/add/1024x768/backward ", NULL);
    launch_end *end = CALL("--threads", "2", "--seconds", "0", "--json", "--filter", "op/add/");
    assert_int_equal(system("mkdir -p results/bench"), 0);
    FILE *file = fopen("results/bench/two.json", "w");
    assert_non_null(file);
    assert_true(fputs(end->out, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(end);
    fake_expect(call(report, NULL), 0, "wrote results/tables/bench.md", NULL);
}

static void test_usage(void **state)
{
    (void)state;
    fake_expect(CALL("--help"), 0, "--seconds S", NULL);
    fake_expect(CALL("--help"), 0, "median utilisation", NULL);
    fake_expect(CALL("--filter", "alchemy"), 2, NULL, "no case contains \"alchemy\"");
    fake_expect(CALL("--threads", "0"), 2, NULL, "--threads needs a whole number from 1");
    fake_expect(CALL("--threads", "two"), 2, NULL, "--threads needs a whole number from 1");
    fake_expect(CALL("--threads"), 2, NULL, "--threads needs a value");
    fake_expect(CALL("--seconds", "-1"), 2, NULL, "--seconds needs a number from 0");
    fake_expect(CALL("--seconds", "nan"), 2, NULL, "--seconds needs a number from 0");
    fake_expect(CALL("--seconds", "1s"), 2, NULL, "--seconds needs a number from 0");
    fake_expect(CALL("--json=yes"), 2, NULL, "--json takes no value");
    fake_expect(CALL("--colour"), 2, NULL, "unknown or ambiguous flag --colour");
    fake_expect(CALL("step"), 2, NULL, "\"step\" is not expected");
}

static const char *const short_call[] = {
    bench, "--threads", "1", "--seconds", "0", "--json", "--filter", "op/first_rows/65x384/forward", NULL};

static void print_to_a_full_disk(void)
{
    int full = open("/dev/full", O_WRONLY);
    if (full < 0 || dup2(full, STDOUT_FILENO) < 0)
        _exit(99);
}

static void test_full_disk(void **state)
{
    (void)state;
    fake_expect(call(short_call, print_to_a_full_disk), 1, NULL, "bench: standard output: No space left");
}

#ifndef __SANITIZE_ADDRESS__ /* which needs more address space itself */
static void limit_address_space_to_8_gib(void)
{
    const struct rlimit limit = {(rlim_t)8 << 30, (rlim_t)8 << 30};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        _exit(99);
}

/* The output is an array even if nothing could be measured. */
static void test_a_case_that_fails(void **state)
{
    (void)state;
    launch_end *end = call(short_call, limit_address_space_to_8_gib);
    json_t *array = json_loads(end->out, 0, NULL);
    assert_true(json_is_array(array));
    assert_int_equal(json_array_size(array), 0);
    json_decref(array);
    fake_expect(end, 1, NULL, "bench: op/first_rows/65x384/forward: ");
}
#endif

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fake_folder_enter, fake_folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_memory_bound),
        cmocka_unit_test(test_memory_is_the_case_s_own),
        cmocka_unit_test(test_loading),
        IN_FOLDER(test_loading_without_the_sample),
        IN_FOLDER(test_table_and_report),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_full_disk),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_a_case_that_fails),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
