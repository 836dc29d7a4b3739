/* `dat data math` end to end: examples, files that the library reads, wrong usage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/math.h"
#include "support/launch.h"
#include "support/math_solve.h"
#include "support/run_file_sample.h"

/* Runs dat data math with these arguments; the caller frees the result. */
#define CALL(...) call((const char *const[]){DAT_BINARY_DIR "/bin/dat", "data", "math", __VA_ARGS__, NULL})

static launch_end *call(const char *const *argv)
{
    launch process = launch_program(argv, NULL);
    return launch_wait(&process);
}

/* Questions and answers are printed as they are, and the same seed prints the same. */
static void examples_and_statistics_are_printed(void **state)
{
    (void)state;
    launch_end *all = CALL("--count", "1");
    assert_int_equal(all->status, 0);
    for (int module = 0; module < DAT_MATH_N_MODULES; module++) {
        dat_math_pair pair;
        char text[512];
        dat_math_example((dat_math_module)module, DAT_MATH_HARD, 0, 0, &pair);
        snprintf(text, sizeof text, "%s, hard\n  %s\n      %s\n", dat_math_module_names[module],
                 pair.question, pair.answer);
        assert_non_null(strstr(all->out, text));
    }
    launch_end *other = CALL("--count", "1", "--seed", "1");
    assert_int_equal(other->status, 0);
    assert_string_not_equal(all->out, other->out);
    launch_end *one = CALL("--module", "polynomials__expand", "--level", "easy", "--count", "2");
    assert_int_equal(one->status, 0);
    assert_non_null(strstr(one->out, "polynomials__expand, easy\n  Expand "));
    assert_null(strstr(one->out, "medium"));
    assert_null(strstr(one->out, "Solve"));
    free(all);
    free(other);
    free(one);
}

static void files_are_written_in_the_official_layout(void **state)
{
    const char *folder = *state;
    enum { N = 50 };
    launch_end *end = CALL("--count", "50", "--seed", "9", "--out", folder);
    assert_string_equal(end->err, "");
    assert_int_equal(end->status, 0);
    free(end);
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++) {
            char path[256], answer[MATH_ANSWER_SIZE];
            dat_math_dataset *dataset;
            dat_math_path(folder, (dat_math_module)module, (dat_math_level)level, path, sizeof path);
            dat_status status = dat_math_read(&(const char *){path}, 1, &dataset);
            assert_string_equal(status.message, "");
            assert_int_equal(dat_math_size(dataset), N);
            dat_math_pair pair, example;
            dat_math_pair_at(dataset, N - 1, &pair);
            dat_math_example((dat_math_module)module, (dat_math_level)level, 9, N - 1, &example);
            assert_string_equal(pair.question, example.question);
            assert_true(math_solve(pair.question, answer));
            assert_string_equal(answer, pair.answer);
            dat_math_free(dataset);
        }
}

static void expect_refused(launch_end *end, int status, const char *message)
{
    assert_int_equal(end->status, status);
    assert_string_equal(end->out, "");
    if (!strstr(end->err, message))
        fail_msg("\"%s\" does not say \"%s\"", end->err, message);
    free(end);
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    launch_end *help = CALL("--help");
    assert_int_equal(help->status, 0);
    assert_non_null(strstr(help->out, "Usage: dat data math"));
    free(help);
    expect_refused(CALL("--module", "algebra"), 2, "--module is 'algebra', expected algebra__linear_1d, ");
    expect_refused(CALL("--level", "train"), 2,
                   "--level is 'train', expected easy, medium, hard, interpolate");
    expect_refused(CALL("--count", "0"), 2, "--count needs a whole number from 1 to 10000000");
    expect_refused(CALL("--seed", "-1"), 2, "--seed needs a whole number from 0");
    expect_refused(CALL("--out"), 2, "--out needs a value");
    expect_refused(CALL("--colour"), 2, "unknown or ambiguous flag --colour");
    expect_refused(CALL("more"), 2, "unexpected argument 'more'");
    expect_refused(CALL("--out", "/dev/null/folder"), 1, "/dev/null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_and_statistics_are_printed),
        cmocka_unit_test_setup_teardown(files_are_written_in_the_official_layout, sample_folder_create,
                                        sample_folder_delete),
        cmocka_unit_test(wrong_usage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
