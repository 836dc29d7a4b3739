/* `dat report` end to end: made-up run files in, tables and figures out. */
#include <inttypes.h>
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
#include "io/run_file.h"
#include "support/reporting.h"
#include "util/memory.h"

extern char **environ;

/* One run to write; the fields left 0 have defaults. */
typedef struct sample {
    const char *figure, *task, *model, *architecture, *extra;
    int heads_sa, heads_ra, d_model, size, seed, batch;
    double accuracy, published;
    bool running;
} sample;

static void write_run(const char *name, sample s)
{
    dat_run run = {.experiment = "relational_games", .state = s.running ? DAT_RUN_RUNNING : DAT_RUN_COMPLETE};
    char config[1024], path[REPORTING_PATH_SIZE];
    snprintf(run.run_id, sizeof run.run_id, "%s", name);
    snprintf(
        config, sizeof config,
        "figure: \"%s\"\nseed: %d\ndata:\n  task: %s\n  train_size: %d\ntrain:\n  batch_size: %d\nmodel:\n"
        "  name: \"%s\"\n  architecture: %s\n  n_heads_sa: %d\n  n_heads_ra: %d\n  d_model: %d\n",
        s.figure ? s.figure : "fig2_learning_curves", s.seed, s.task ? s.task : "same", s.size ? s.size : 250,
        s.batch ? s.batch : 512, s.model ? s.model : "DAT(1,1)", s.architecture ? s.architecture : "dat",
        s.model ? s.heads_sa : 1, s.model ? s.heads_ra : 1, s.d_model ? s.d_model : 128);
    run.config_resolved = dat_copy_string(config);
    run.n_params = 404706;
    dat_run_set_summary(&run, "accuracy/in_distribution", s.accuracy);
    dat_run_set_summary(&run, "accuracy/hexos", s.accuracy - 0.125);
    dat_run_set_summary(&run, "accuracy/stripes", s.accuracy - 0.25);
    if (s.published > 0)
        dat_run_set_summary(&run, "accuracy/hexos_real", s.published);
    snprintf(path, sizeof path, "runs/deep/er/%s.h5", name);
    reporting_save_run(&run, path);
}

static void write_reference(void)
{
    mkdir(reporting_path("reference"), 0777);
    reporting_write_text("reference/relational_games_curves.csv",
                         "task,split,n_heads_sa,n_heads_ra,d_model,train_size,mean_accuracy,trials,std,sem\n"
                         "same,in_distribution,1,1,128,250,0.8,10,0.1,0.01\n"
                         "same,hexos,1,1,128,250,0.9,9,0.1,0.005\n"
                         "same,in_distribution,0,2,128,250,0.6,10,0.1,0.01\n");
}

/* A column of the row of one point. */
static const char *cell(const dat_csv *t, const char *task, const char *split, const char *model,
                        const char *size, const char *column)
{
    const char *const keys[] = {"task", "split", "model", "train_size"};
    return reporting_cell(t, keys, (const char *const[]){task, split, model, size}, 4, column);
}

static void compares_means_with_the_original(void **state)
{
    (void)state;
    write_reference();
    write_run("a", (sample){.seed = 0, .accuracy = 0.75});
    write_run("b", (sample){.seed = 1, .accuracy = 1.0});
    write_run("c", (sample){.model = "DAT(0,2)", .heads_ra = 2, .seed = 0, .accuracy = 0.75});
    write_run("d", (sample){.model = "DAT(0,2)", .heads_ra = 2, .seed = 1, .accuracy = 0.75});
    write_run("f", (sample){.model = "T", .architecture = "transformer", .heads_ra = 2, .accuracy = 0.75});
    write_run("e",
              (sample){.model = "PrediNet", .architecture = "predinet", .heads_ra = 2, .accuracy = 0.75});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stdout", "/out/tables/fig2_learning_curves.md\n");
    assert_false(reporting_exists("out/plots"));
    dat_csv t = reporting_open_table("out/tables/fig2_learning_curves.csv");
    const char *split = "in_distribution", *model = "DAT(1,1)";
    assert_string_equal(cell(&t, "same", split, model, "250", "trials"), "2");
    reporting_number(cell(&t, "same", split, model, "250", "accuracy"), 0.875);
    reporting_number(cell(&t, "same", split, model, "250", "accuracy_sem"), 0.125);
    reporting_number(cell(&t, "same", split, model, "250", "original"), 0.8);
    reporting_number(cell(&t, "same", split, model, "250", "original_sem"), 0.01);
    assert_string_equal(cell(&t, "same", split, model, "250", "original_trials"), "10");
    reporting_number(cell(&t, "same", split, model, "250", "difference"), 0.075);
    reporting_number(cell(&t, "same", split, model, "250", "difference_in_sem"),
                     0.075 / sqrt(0.015625 + 0.0001));
    assert_string_equal(cell(&t, "same", split, model, "250", "agrees"), "yes");
    reporting_number(cell(&t, "same", "hexos", model, "250", "accuracy"), 0.75);
    reporting_number(cell(&t, "same", "hexos", model, "250", "original"), 0.9);
    assert_string_equal(cell(&t, "same", "stripes", model, "250", "original"), "");
    assert_string_equal(cell(&t, "same", "stripes", model, "250", "agrees"), "");
    /* 0.15 away, 15 standard errors. */
    reporting_number(cell(&t, "same", split, "DAT(0,2)", "250", "difference_in_sem"), 15);
    assert_string_equal(cell(&t, "same", split, "DAT(0,2)", "250", "agrees"), "no");
    /* A Transformer has no relational heads, whatever its config says. */
    assert_string_equal(cell(&t, "same", split, "T", "250", "original"), "");
    /* A baseline with the same head counts in its config is not the original's model. */
    assert_string_equal(cell(&t, "same", split, "PrediNet", "250", "original"), "");
    dat_csv_free(&t);
}

static void published_images_are_reported_where_present(void **state)
{
    (void)state;
    write_run("a", (sample){.task = "between", .seed = 0, .accuracy = 0.75, .published = 0.5});
    write_run("b", (sample){.task = "between", .seed = 1, .accuracy = 0.75, .published = 0.7});
    write_run("c", (sample){.task = "between", .seed = 2, .accuracy = 0.75});
    write_run("d", (sample){.task = "same", .seed = 0, .accuracy = 0.75});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "no comparison with the original");
    reporting_says("stderr", "missing: between, hexos, DAT(1,1): 250");
    dat_csv t = reporting_open_table("out/tables/fig2_learning_curves.csv");
    reporting_number(cell(&t, "between", "hexos", "DAT(1,1)", "250", "accuracy"), 0.6);
    assert_string_equal(cell(&t, "between", "hexos", "DAT(1,1)", "250", "trials"), "2");
    assert_string_equal(cell(&t, "between", "hexos", "DAT(1,1)", "250", "images"), "published images");
    reporting_number(cell(&t, "between", "stripes", "DAT(1,1)", "250", "accuracy"), 0.5);
    assert_string_equal(cell(&t, "between", "stripes", "DAT(1,1)", "250", "images"), "");
    reporting_number(cell(&t, "same", "hexos", "DAT(1,1)", "250", "accuracy"), 0.625);
    assert_string_equal(cell(&t, "same", "hexos", "DAT(1,1)", "250", "images"), "");
    dat_csv_free(&t);
}

static void missing_runs_are_missing(void **state)
{
    (void)state;
    write_reference();
    write_run("a0", (sample){.seed = 0, .accuracy = 0.75});
    write_run("a1", (sample){.seed = 1, .accuracy = 0.75});
    write_run("b0", (sample){.size = 500, .seed = 0, .accuracy = 0.75});
    write_run("b1", (sample){.size = 500, .seed = 1, .accuracy = 0.875, .running = true});
    write_run("c0", (sample){.model = "T(2)", .heads_sa = 2, .size = 500, .seed = 0, .accuracy = 0.75});
    write_run("c1", (sample){.model = "T(2)", .heads_sa = 2, .size = 500, .seed = 1, .accuracy = 0.75});
    reporting_write_text("runs/corrupt.h5", "not a run file at all");
    reporting_write_text("runs/notes.txt", "not looked at");
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "b1.h5 is left out: the run is not finished");
    reporting_says("stderr", "corrupt.h5 is left out");
    reporting_says("stderr", "missing: same, DAT(1,1): 500 (1 of 2 trials)\n");
    reporting_says("stderr", "missing: same, T(2): 250 (0 of 2 trials)\n");
    dat_csv t = reporting_open_table("out/tables/fig2_learning_curves.csv");
    assert_string_equal(cell(&t, "same", "in_distribution", "DAT(1,1)", "500", "trials"), "1");
    assert_string_equal(cell(&t, "same", "in_distribution", "DAT(1,1)", "500", "missing_trials"), "1");
    assert_string_equal(cell(&t, "same", "in_distribution", "DAT(1,1)", "500", "accuracy_sem"), "");
    assert_string_equal(cell(&t, "same", "in_distribution", "T(2)", "250", "trials"), "0");
    assert_string_equal(cell(&t, "same", "in_distribution", "T(2)", "250", "accuracy"), "");
    dat_csv_free(&t);
}

static void a_copied_run_is_not_another_trial(void **state)
{
    (void)state;
    write_run("a", (sample){.seed = 0, .accuracy = 0.75});
    write_run("copy-of-a", (sample){.seed = 0, .accuracy = 0.75});
    write_run("b", (sample){.seed = 1, .accuracy = 0.5});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "copy-of-a.h5 is left out: it is the same run");
    dat_csv t = reporting_open_table("out/tables/fig2_learning_curves.csv");
    assert_string_equal(cell(&t, "same", "in_distribution", "DAT(1,1)", "250", "trials"), "2");
    dat_csv_free(&t);
}

static void other_settings_are_other_lines(void **state)
{
    (void)state;
    write_run("a", (sample){.figure = "relation_init_and_batch", .batch = 256, .accuracy = 0.75});
    write_run("b", (sample){.figure = "relation_init_and_batch", .batch = 512, .accuracy = 0.5});
    write_run("c", (sample){.accuracy = 0.625});
    assert_int_equal(reporting_run("out", "--no-plots", "--experiment=relational_games", environ), 0);
    dat_csv t = reporting_open_table("out/tables/relation_init_and_batch.csv");
    assert_int_equal(t.n_rows, 6);
    reporting_number(cell(&t, "same", "in_distribution", "DAT(1,1), batch size 256", "250", "accuracy"),
                     0.75);
    reporting_number(cell(&t, "same", "in_distribution", "DAT(1,1), batch size 512", "250", "accuracy"), 0.5);
    dat_csv_free(&t);
    t = reporting_open_table("out/tables/fig2_learning_curves.csv");
    assert_int_equal(t.n_rows, 3);
    reporting_number(cell(&t, "same", "in_distribution", "DAT(1,1)", "250", "accuracy"), 0.625);
    dat_csv_free(&t);
}

static void a_figure_cannot_leave_its_folder(void **state)
{
    (void)state;
    write_run("a", (sample){.figure = "../../escaped", .accuracy = 0.75});
    write_run("b", (sample){.accuracy = 0.75});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "a.h5 is left out: in its config figure is not a plain name");
    assert_false(reporting_exists("escaped.md"));
    assert_true(reporting_exists("out/tables/fig2_learning_curves.md"));
}

static void nothing_to_report_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 1);
    reporting_says("stderr", "/runs: the folder cannot be read");
    mkdir(reporting_path("runs"), 0777);
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 1);
    reporting_says("stderr", "holds no complete run");
    assert_int_equal(reporting_run("out", "--no-plots", "--colour", environ), 2);
    assert_int_equal(reporting_run("out", "--no-plots", "more", environ), 2);
    assert_int_equal(reporting_run("out", "--experiment=alchemy", NULL, environ), 2);
    reporting_says("stderr", "alchemy");
}

/* Six sizes of two tasks and two models with awkward names. */
static void write_curves(void)
{
    char name[64];
    for (int i = 0; i < 48; i++) {
        snprintf(name, sizeof name, "run-%d", i);
        write_run(name, (sample){.task = i & 1 ? "between" : "same",
                                 .model = i & 2 ? "it's `T`_2 | $x" : "DAT(1,1)",
                                 .heads_sa = 1,
                                 .heads_ra = 1,
                                 .seed = i >> 2 & 1,
                                 .size = 250 << (i >> 3),
                                 .accuracy = 0.5 + 0.005 * i});
    }
}

static void reports_are_reproducible(void **state)
{
    (void)state;
    static const char *const files[] = {
        "tables/fig2_learning_curves.md",         "tables/fig2_learning_curves.csv",
        "tables/fig2_learning_curves.tex",        "plots/fig2_learning_curves.svg",
        "plots/fig2_learning_curves.png",         "plots/fig2_learning_curves_hexos.svg",
        "plots/fig2_learning_curves_stripes.png",
    };
    static char first[REPORTING_TEXT_SIZE], second[REPORTING_TEXT_SIZE];
    write_reference();
    write_curves();
    char temporary[REPORTING_PATH_SIZE];
    snprintf(temporary, sizeof temporary, "%s", reporting_path("temporary"));
    mkdir(temporary, 0777);
    setenv("TMPDIR", temporary, 1);
    int once = reporting_run("once", NULL, NULL, environ),
        again = reporting_run("again", NULL, NULL, environ);
    unsetenv("TMPDIR");
    assert_int_equal(once, 0);
    assert_int_equal(again, 0);
    reporting_says("stdout", "again/plots/fig2_learning_curves_stripes.png\n");
    assert_int_equal(reporting_read_file("stderr", first), 0); /* gnuplot had no complaints */
    assert_int_equal(rmdir(temporary), 0);                     /* nothing was left behind */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[REPORTING_PATH_SIZE];
        snprintf(name, sizeof name, "once/%s", files[i]);
        size_t size = reporting_read_file(name, first);
        snprintf(name, sizeof name, "again/%s", files[i]);
        assert_int_equal(reporting_read_file(name, second), size);
        assert_true(size > 1000);
        assert_memory_equal(first, second, size);
    }
    reporting_read_file("once/plots/fig2_learning_curves.svg", first);
    assert_non_null(strstr(first, "DAT(1,1)  405K"));
    assert_non_null(strstr(first, "`T`_2 | $x  405K"));
    assert_non_null(strstr(first, ">between<"));
}

static void without_gnuplot_tables_are_still_written(void **state)
{
    (void)state;
    write_curves();
    char nowhere[] = "PATH=/nonexistent";
    char *environment[] = {nowhere, NULL};
    assert_int_equal(reporting_run("out", NULL, NULL, environment), 1);
    reporting_says("stderr", "gnuplot is not installed");
    reporting_says("stderr", "apt install gnuplot");
    assert_true(reporting_exists("out/tables/fig2_learning_curves.md"));
    assert_true(reporting_exists("out/tables/fig2_learning_curves.tex"));
    assert_false(reporting_exists("out/plots/fig2_learning_curves.png"));
}

#define REPORT_TEST(name)                                                                                    \
    cmocka_unit_test_setup_teardown(name, reporting_make_folder, reporting_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORT_TEST(compares_means_with_the_original),
        REPORT_TEST(published_images_are_reported_where_present),
        REPORT_TEST(missing_runs_are_missing),
        REPORT_TEST(a_copied_run_is_not_another_trial),
        REPORT_TEST(other_settings_are_other_lines),
        REPORT_TEST(a_figure_cannot_leave_its_folder),
        REPORT_TEST(nothing_to_report_is_a_failure),
        REPORT_TEST(reports_are_reproducible),
        REPORT_TEST(without_gnuplot_tables_are_still_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
