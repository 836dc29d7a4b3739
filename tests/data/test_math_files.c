/* Mathematics problems in files of the official layout: written and read unchanged, refused when damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/math.h"
#include "support/npz_files.h"

static char path[512];

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(path, sizeof path, "%s/sample.txt", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

static void assert_pair(const dat_math_dataset *dataset, int64_t i, const char *question, const char *answer)
{
    dat_math_pair pair;
    dat_math_pair_at(dataset, i, &pair);
    assert_string_equal(pair.question, question);
    assert_string_equal(pair.answer, answer);
}

static dat_math_dataset *read_one(const char *file)
{
    dat_math_dataset *dataset;
    dat_status status = dat_math_read(&file, 1, &dataset);
    assert_string_equal(status.message, "");
    return dataset;
}

static void published_files_are_read(void **state)
{
    (void)state;
    char first[512], second[512];
    const char *folder = DAT_SOURCE_DIR "/datasets/mathematics";
    assert_int_equal(dat_math_path(folder, DAT_MATH_ADD, DAT_MATH_HARD, first, sizeof first).code,
                     DAT_CODE_OK);
    assert_non_null(strstr(first, "/train-hard/polynomials__add.txt"));
    assert_int_equal(
        dat_math_path(folder, DAT_MATH_LINEAR_1D, DAT_MATH_INTERPOLATE, second, sizeof second).code,
        DAT_CODE_OK);
    assert_non_null(strstr(second, "/interpolate/algebra__linear_1d.txt"));
    dat_math_dataset *dataset;
    dat_status status = dat_math_read((const char *const[]){first, second}, 2, &dataset);
    assert_string_equal(status.message, "");
    assert_int_equal(dat_math_size(dataset), 2200);
    assert_pair(dataset, 0,
                "Let t(c) = -5*c**2 - 6*c + 18. Let j(m) = 3*m**2 + 3*m - 9. Suppose u = -32701 + 32705. "
                "Calculate u*t(v) + 7*j(v).",
                "v**2 - 3*v + 9");
    assert_pair(dataset, 1200, "Solve 2884*k + 1504*k - 179908 = 0 for k.", "41");
    dat_math_free(dataset);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    enum { N = 1000 };
    const dat_math_level levels[] = {DAT_MATH_EASY, DAT_MATH_MEDIUM, DAT_MATH_HARD};
    dat_math_dataset *generated = dat_math_generate(DAT_MATH_EXPAND, levels, 3, 7, N);
    dat_status status = dat_math_write(generated, path);
    assert_string_equal(status.message, "");
    dat_math_dataset *read = read_one(path);
    assert_int_equal(dat_math_size(read), N);
    for (int64_t i = 0; i < N; i++) {
        dat_math_pair pair;
        dat_math_example(DAT_MATH_EXPAND, levels[i % 3], 7, (uint64_t)(i / 3), &pair);
        assert_pair(generated, i, pair.question, pair.answer);
        assert_pair(read, i, pair.question, pair.answer);
    }
    dat_math_free(generated);
    dat_math_free(read);
}

/* Example i depends on nothing but its name, and another name gives another example. */
static void examples_are_named_by_module_level_seed_and_index(void **state)
{
    (void)state;
    enum { N = 200 };
    int equal = 0;
    for (uint64_t i = 0; i < N; i++) {
        dat_math_pair pair, again, others[3];
        dat_math_example(DAT_MATH_ADD, DAT_MATH_EASY, 3, i, &pair);
        dat_math_example(DAT_MATH_ADD, DAT_MATH_MEDIUM, 3, i, &others[0]);
        dat_math_example(DAT_MATH_ADD, DAT_MATH_EASY, 4, i, &others[1]);
        dat_math_example(DAT_MATH_ADD, DAT_MATH_EASY, 3, i + 1, &others[2]);
        dat_math_example(DAT_MATH_ADD, DAT_MATH_EASY, 3, i, &again);
        assert_string_equal(pair.question, again.question);
        assert_string_equal(pair.answer, again.answer);
        for (int k = 0; k < 3; k++)
            equal += strcmp(pair.question, others[k].question) == 0;
    }
    assert_int_equal(equal, 0);
}

/* The file is refused with this text in the message. */
static void assert_refused(const void *bytes, size_t size, const char *part)
{
    dat_math_dataset *dataset;
    file_write(path, bytes, size);
    dat_status status = dat_math_read(&(const char *){path}, 1, &dataset);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_null(dataset);
    if (!strstr(status.message, part) || !strstr(status.message, path))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
}

static void refuse_text(const char *text, const char *part)
{
    assert_refused(text, strlen(text), part);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    refuse_text("", "is empty");
    refuse_text("Solve x = 1 for x.\n1\nSolve x = 2 for x.\n", ".txt:3: the last question has no answer");
    refuse_text("Solve x = 1 for x.\n1\nSolve x = 2 for x.", ".txt:3: the last line has no end");
    refuse_text("Solve x = 12 for x.\n1", ".txt:2: the last line has no end");
    refuse_text("Solve x = 1 for x.\n\n", ".txt:2: the line is empty, expected an answer");
    refuse_text("Expand x.\nx\n\n\n", ".txt:3: the line is empty, expected a question");
    refuse_text("Expand x.\r\nx\r\n", ".txt:1: character 10 has the code 0x0d");
    refuse_text("Expand x.\nx;\n", ".txt:2: character 2 has the code 0x3b");
    refuse_text("@Expand x.\nx\n", ".txt:1: character 1 has the code 0x40");
    refuse_text("Expand \xc3\xa4.\nx\n", ".txt:1: character 8 has the code 0xc3");
    assert_refused("Expand x\0.\nx\n", 13, ".txt:1: character 9 has the code 0x00");
}

static void long_lines_are_refused(void **state)
{
    (void)state;
    char text[256], question[256], answer[64];
    snprintf(question, sizeof question, "%0160d", 1);
    snprintf(answer, sizeof answer, "%030d", 2);
    snprintf(text, sizeof text, "%s\n%s\n", question, answer);
    file_write(path, text, strlen(text));
    dat_math_dataset *dataset = read_one(path);
    assert_int_equal(dat_math_size(dataset), 1);
    assert_pair(dataset, 0, question, answer);
    dat_math_free(dataset);
    snprintf(text, sizeof text, "%0161d\n1\n", 1);
    refuse_text(text, ".txt:1: a question of 161 characters, the longest may have 160");
    snprintf(text, sizeof text, "x\n1\nx\n%031d\n", 1);
    refuse_text(text, ".txt:4: an answer of 31 characters, the longest may have 30");
}

static void missing_files_are_refused(void **state)
{
    dat_math_dataset *dataset;
    dat_status status = dat_math_read(&(const char *){"/none/here.txt"}, 1, &dataset);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_string_equal(status.message, "/none/here.txt: cannot be opened: No such file or directory");
    status = dat_math_read(&(const char *){*state}, 1, &dataset);
    assert_non_null(strstr(status.message, "is not a file"));

    /* The second of two: the first is released. */
    file_write(path, "x\n1\n", 4);
    status = dat_math_read((const char *const[]){path, "/none/here.txt"}, 2, &dataset);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_null(dataset);
    char narrow[16];
    assert_int_equal(dat_math_path("/a/long/folder", DAT_MATH_ADD, DAT_MATH_EASY, narrow, sizeof narrow).code,
                     DAT_CODE_FAILURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_files_are_read),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test(examples_are_named_by_module_level_seed_and_index),
        cmocka_unit_test_setup_teardown(damaged_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_lines_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_files_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
