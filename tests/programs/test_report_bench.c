/* `dat report` of what bench measured: JSON files in, a table and two figures out. */
#include <math.h>
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

#include "io/csv.h"
#include "support/fake_experiment.h"
#include "support/launch.h"
#include "util/folder.h"

/* An object of a file; all but the first two numbers are made of those. */
#define MEASUREMENT(name, threads, ms, gflop, gbytes)                                                        \
    "{\"name\": \"" name "\", \"threads\": " #threads ", \"ms\": " #ms ", \"gflop\": " #gflop                \
    ", \"gflops\": 40.5, \"sgemm_peak_gflops\": 81, \"utilisation\": 0.5, \"gbytes_per_second\": " #gbytes   \
    ", \"peak_rss_mib\": 44.5, \"allocations\": 3}"

static const char one_thread[] =
    "[" MEASUREMENT("step/relational_games/dat_1_1", 1, 184.5, 10.75, 0) "," MEASUREMENT(
        "op/layer_norm/640x128/forward", 1, 0.5, 0,
        12.5) "," MEASUREMENT("step/math/dat_2l", 1, 400, 20,
                              0) "," MEASUREMENT("scaling/relational_attention/n128/tiled", 1, 2, 3,
                                                 0) "," MEASUREMENT("scaling/relational_attention/n256/tiled",
                                                                    1, 4, 6,
                                                                    0) "," MEASUREMENT("scaling/"
                                                                                       "relational_attention/"
                                                                                       "n128/naive",
                                                                                       1, 3, 3, 0) "]";
static const char two_threads[] = "[" MEASUREMENT("step/relational_games/dat_1_1", 2, 92.25, 10.75, 0) "]";

static void write_text(const char *path, const char *text)
{
    assert_int_equal(dat_create_parent_folders(path).code, DAT_CODE_OK);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* `dat report` with up to two arguments. */
static launch_end *report(const char *argument, const char *another)
{
    const char *const arguments[] = {DAT_BINARY_DIR "/bin/dat", "report", argument, another, NULL};
    launch process = launch_program(arguments, NULL);
    return launch_wait(&process);
}

static const char *cell(const dat_csv *t, const char *name, const char *threads, const char *column)
{
    int64_t case_at, threads_at, at;
    assert_int_equal(dat_csv_column(t, "case", &case_at).code, DAT_CODE_OK);
    assert_int_equal(dat_csv_column(t, "threads", &threads_at).code, DAT_CODE_OK);
    assert_int_equal(dat_csv_column(t, column, &at).code, DAT_CODE_OK);
    for (int64_t row = 0; row < t->n_rows; row++)
        if (strcmp(dat_csv_text(t, row, case_at), name) == 0 &&
            strcmp(dat_csv_text(t, row, threads_at), threads) == 0)
            return dat_csv_text(t, row, at);
    fail_msg("no row of %s with %s threads", name, threads);
    return NULL;
}

static void test_table(void **state)
{
    (void)state;
    dat_csv t;
    write_text("results/bench/one.json", one_thread);
    write_text("results/bench/two.json", two_threads);
    write_text("results/bench/.unfinished", "[");
    write_text("results/bench/notes.txt", "not looked at");
    fake_expect(report("--experiment=bench", "--no-plots"), 0, "wrote results/tables/bench.tex", NULL);
    dat_status status = dat_csv_read("results/tables/bench.csv", &t);
    assert_string_equal(status.message, "");
    assert_int_equal(t.n_rows, 6 * 2);
    const char *step = "relational_games/dat_1_1", *norm = "layer_norm/640x128/forward";
    assert_string_equal(cell(&t, step, "1", "kind"), "step");
    assert_string_equal(cell(&t, step, "1", "ms"), "184.5");
    assert_string_equal(cell(&t, step, "2", "ms"), "92.25");
    assert_string_equal(cell(&t, step, "1", "gflop"), "10.75");
    assert_string_equal(cell(&t, step, "1", "gflops"), "40.5");
    assert_string_equal(cell(&t, step, "1", "sgemm_peak_gflops"), "81");
    assert_string_equal(cell(&t, step, "1", "utilisation_percent"), "50");
    assert_string_equal(cell(&t, step, "1", "gbytes_per_second"), "");
    assert_string_equal(cell(&t, step, "1", "peak_rss_mib"), "44.5");
    assert_string_equal(cell(&t, step, "1", "allocations"), "3");
    assert_string_equal(cell(&t, norm, "1", "kind"), "op");
    assert_string_equal(cell(&t, norm, "1", "gbytes_per_second"), "12.5");
    assert_string_equal(cell(&t, norm, "1", "gflops"), "");
    assert_string_equal(cell(&t, norm, "1", "utilisation_percent"), "");
    assert_string_equal(cell(&t, "math/dat_2l", "2", "ms"), ""); /* missing */
    /* Kinds are together, in the order in which they came. */
    assert_string_equal(dat_csv_text(&t, 2, 1), "math/dat_2l");
    assert_string_equal(dat_csv_text(&t, 4, 1), norm);
    dat_csv_free(&t);
}

/* The text of a file; the caller frees it. */
static char *read_text(const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "r");
    if (!file || fstat(fileno(file), &info) != 0)
        fail_msg("%s was not written", path);
    char *text = calloc(1, (size_t)info.st_size + 1);
    assert_int_equal(fread(text, 1, (size_t)info.st_size, file), info.st_size);
    fclose(file);
    return text;
}

static void expect_words(const char *path, const char *const *words)
{
    char *text = read_text(path);
    for (; *words; words++)
        if (!strstr(text, *words))
            fail_msg("%s does not say \"%s\"", path, *words);
    free(text);
}

/* The scripts are looked for in the working folder's plots/. */
static void link_scripts(void)
{
    assert_int_equal(mkdir("plots", 0777), 0);
    assert_int_equal(symlink(DAT_SOURCE_DIR "/plots/bench_scaling.gp", "plots/bench_scaling.gp"), 0);
    assert_int_equal(symlink(DAT_SOURCE_DIR "/plots/bench_utilisation.gp", "plots/bench_utilisation.gp"), 0);
}

/* Without --experiment, too, and without any run. */
static void test_figures(void **state)
{
    (void)state;
    static const char *const bars[] = {"step/relational_games/dat_1_1",
                                       "step/math/dat_2l",
                                       ">1 thread<",
                                       ">2 threads<",
                                       ">50%<",
                                       ">missing<",
                                       NULL};
    static const char *const curves[] = {">time, 1 thread<", ">peak memory, 1 thread<", ">tiled<", " 256<",
                                         NULL};
    write_text("results/bench/one.json", one_thread);
    write_text("results/bench/two.json", two_threads);
    link_scripts();
    launch_end *end = report(NULL, NULL);
    assert_string_equal(end->err, ""); /* gnuplot had no complaints */
    fake_expect(end, 0, "wrote plots/bench_scaling.png", NULL);
    expect_words("plots/bench_utilisation.svg", bars);
    expect_words("plots/bench_scaling.svg", curves);
    assert_int_equal(access("plots/bench_utilisation.png", R_OK), 0);
}

static void test_figures_need_their_cases(void **state)
{
    (void)state;
    write_text("results/bench/a.json", "[" MEASUREMENT("op/add/8/forward", 1, 1, 0, 1) "]");
    fake_expect(report("--experiment=bench", NULL), 0, "wrote results/tables/bench.md", NULL);
    assert_int_equal(access("plots/bench_utilisation.svg", F_OK), -1);
    assert_int_equal(access("plots/bench_scaling.svg", F_OK), -1);
}

static void test_a_case_measured_twice(void **state)
{
    (void)state;
    dat_csv t;
    write_text("results/bench/a.json", two_threads);
    write_text("results/bench/b.json", "[" MEASUREMENT("step/relational_games/dat_1_1", 2, 1, 1, 0) "]");
    fake_expect(report("--experiment=bench", "--no-plots"), 0, NULL,
                "results/bench/b.json: step/relational_games/dat_1_1 with 2 threads is left out");
    assert_int_equal(dat_csv_read("results/tables/bench.csv", &t).code, DAT_CODE_OK);
    assert_int_equal(t.n_rows, 1);
    assert_string_equal(cell(&t, "relational_games/dat_1_1", "2", "ms"), "92.25");
    dat_csv_free(&t);
}

static void expect_refused(const char *text, const char *message)
{
    write_text("results/bench/bad.json", text);
    fake_expect(report("--experiment=bench", "--no-plots"), 1, NULL, message);
    assert_int_equal(access("results/tables/bench.md", F_OK), -1);
}

static void test_malformed_files(void **state)
{
    (void)state;
    expect_refused("", "results/bench/bad.json:1:0: not JSON: ");
    expect_refused("[\n  {\"name\": \"step/a\",", "results/bench/bad.json:2:");
    expect_refused("{}", "results/bench/bad.json: expected an array of measurements");
    expect_refused("[7]",
                   "results/bench/bad.json: object 1 is not a measurement as `bench --json` writes it");
    expect_refused("[{\"name\": \"step/a\"}]", "object 1 is not a measurement as `bench --json` writes it: ");
    expect_refused("[" MEASUREMENT("step/a", 1, 1, 1, 0) "," MEASUREMENT("step/b", "1", 1, 1, 0) "]",
                   "object 2 is not a measurement");
    expect_refused("[" MEASUREMENT("step/a", 0, 1, 1, 0) "]", "step/a has threads");
    expect_refused("[" MEASUREMENT("step/a", 1, 0, 1, 0) "]", "step/a has threads, ms or");
    expect_refused("[" MEASUREMENT("step/a", 1, 1e999, 1, 0) "]", "not JSON: ");
}

static void test_nothing_measured(void **state)
{
    (void)state;
    fake_expect(report("--experiment=bench", "--no-plots"), 1, "",
                "results/bench: holds no *.json; write one with");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fake_folder_enter, fake_folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_table),
        IN_FOLDER(test_figures),
        IN_FOLDER(test_figures_need_their_cases),
        IN_FOLDER(test_a_case_measured_twice),
        IN_FOLDER(test_malformed_files),
        IN_FOLDER(test_nothing_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
