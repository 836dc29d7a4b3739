/* `dat report` of the mathematics experiment: made-up runs in, Table 2 and Figure 3 out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support/reporting.h"
#include "util/memory.h"

extern char **environ;

/* One run to write; the fields left 0 have defaults. */
typedef struct sample {
    const char *module, *family, *architecture, *symbols;
    int params, layers, width, seed;
    double interpolate, hard;
} sample;

static void write_run(const char *name, sample s)
{
    dat_run run = {.experiment = "math", .state = DAT_RUN_COMPLETE, .n_params = s.params};
    char config[1024], path[REPORTING_PATH_SIZE];
    snprintf(run.run_id, sizeof run.run_id, "%s", name);
    snprintf(
        config, sizeof config,
        "figure: fig3_math\ndata:\n  module: %s\n  train_size: 600\nmodel:\n  name: \"%s, %d layers\"\n  "
        "family: %s\n"
        "  architecture: %s\n  d_model: %d\n  n_layers: %d\n  ra_type: relational_attention\n  symbols: %s\n"
        "train:\n  epochs: 3\nseed: %d\n",
        s.module ? s.module : "polynomials__add", s.family, s.layers, s.family,
        s.architecture ? s.architecture : "dat", s.width ? s.width : 128, s.layers,
        s.symbols ? s.symbols : "position_relative", s.seed);
    run.config_resolved = dat_copy_string(config);
    dat_run_set_summary(&run, "accuracy/interpolate", s.interpolate);
    dat_run_set_summary(&run, "accuracy/train-hard", s.hard);
    dat_run_set_summary(&run, "accuracy/train-medium", s.hard + 0.0625);
    dat_run_set_summary(&run, "accuracy/train-easy", s.hard + 0.125);
    dat_run_set_summary(&run, "answers/interpolate", 0.25);
    dat_run_set_summary(&run, "answers/train-hard", 0.125);
    dat_run_set_summary_text(&run, "predictions/interpolate",
                             "What is a*f(x) + 2*g(x)?\t2*x**2\t2*x**2\nGive 3*f(x).\t-x\tx\n");
    snprintf(path, sizeof path, "runs/%s.h5", name);
    reporting_save_run(&run, path);
}

/* As results/reference/paper_math_table2.csv, in percent, a cell not reported. */
static void write_reference(void)
{
    mkdir(reporting_path("reference"), 0777);
    reporting_write_text("reference/paper_math_table2.csv",
                         "task,model,params,n_params,n_layers,char_accuracy_mean,char_accuracy_sem\n"
                         "polynomials__add,Transformer,1K,1000,2,80.0,2.0\n"
                         "polynomials__add,DAT,2K,2000,2,90.0,1.0\n"
                         "polynomials__add,Transformer,3K,3000,3,,\n"
                         "polynomials__add,DAT,4K,4000,3,95.0,1.0\n");
}

/* Two sizes of DAT and of the Transformer, two seeds each but one. */
static void write_runs(void)
{
    for (int seed = 0; seed < 2; seed++) {
        char name[3] = {(char)('a' + seed), 'x', '\0'};
        name[1] = '0';
        write_run(name, (sample){.family = "DAT",
                                 .layers = 2,
                                 .params = 2000,
                                 .seed = seed,
                                 .interpolate = 0.5 + 0.25 * seed,
                                 .hard = 0.875});
        name[1] = '1';
        write_run(name, (sample){.family = "Transformer",
                                 .architecture = "transformer",
                                 .layers = 2,
                                 .params = 1000,
                                 .seed = seed,
                                 .interpolate = 0.5,
                                 .hard = 0.5 + 0.25 * seed});
        name[1] = '2';
        write_run(name, (sample){.family = "Transformer",
                                 .architecture = "transformer",
                                 .layers = 3,
                                 .width = 144,
                                 .params = 3000,
                                 .seed = seed,
                                 .interpolate = 0.75,
                                 .hard = 0.625});
    }
    write_run("c",
              (sample){.family = "DAT", .layers = 3, .params = 4000, .interpolate = 0.875, .hard = 0.75});
}

static const char *cell(const dat_csv *table, const char *model, const char *params, const char *column)
{
    const char *const keys[] = {"module", "model", "parameters"};
    return reporting_cell(table, keys, (const char *const[]){"polynomials__add", model, params}, 3, column);
}

static void the_table_stands_beside_the_paper(void **state)
{
    (void)state;
    write_reference();
    write_runs();
    write_run("d", (sample){.family = "DAT-symbolic",
                            .symbols = "symbolic_attention",
                            .layers = 2,
                            .params = 2000,
                            .interpolate = 0.5,
                            .hard = 0.5});
    assert_int_equal(reporting_run("out", "--no-plots", "--experiment=math", environ), 0);
    dat_csv t = reporting_open_table("out/tables/fig3_math.csv");
    assert_int_equal(t.n_rows, 5);
    assert_string_equal(cell(&t, "DAT", "2000", "trials"), "2");
    assert_string_equal(cell(&t, "DAT", "2000", "layers"), "2");
    assert_string_equal(cell(&t, "DAT", "2000", "training_pairs"), "1800");
    assert_string_equal(cell(&t, "Transformer", "3000", "width"), "144");
    reporting_number(cell(&t, "DAT", "2000", "interpolate"), 0.625);
    reporting_number(cell(&t, "DAT", "2000", "interpolate_sem"), 0.125);
    reporting_number(cell(&t, "DAT", "2000", "train_hard"), 0.875);
    reporting_number(cell(&t, "DAT", "2000", "original"), 0.9);
    reporting_number(cell(&t, "DAT", "2000", "original_sem"), 0.01);
    reporting_number(cell(&t, "DAT", "2000", "difference"), -0.025);
    reporting_number(cell(&t, "DAT", "2000", "difference_in_sem"), -2.5);
    assert_string_equal(cell(&t, "DAT", "2000", "agrees"), "yes");
    /* 0.625 +- 0.125 against 0.8 +- 0.02 */
    reporting_number(cell(&t, "Transformer", "1000", "difference"), -0.175);
    assert_string_equal(cell(&t, "Transformer", "1000", "agrees"), "yes");
    /* one trial, 0.2 away */
    assert_string_equal(cell(&t, "DAT", "4000", "missing_trials"), "1");
    assert_string_equal(cell(&t, "DAT", "4000", "agrees"), "no");
    /* not reported, and another model */
    assert_string_equal(cell(&t, "Transformer", "3000", "original"), "");
    assert_string_equal(cell(&t, "DAT-symbolic", "2000", "original"), "");
    dat_csv_free(&t);
    reporting_says("stderr", "missing: polynomials__add, DAT: 4000 (1 of 2 trials)\n");
}

static void difficulties_and_answers_have_tables(void **state)
{
    (void)state;
    write_reference();
    write_runs();
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    dat_csv t = reporting_open_table("out/tables/fig3_math_difficulty.csv");
    reporting_number(cell(&t, "DAT", "2000", "train_easy"), 1);
    reporting_number(cell(&t, "DAT", "2000", "train_medium"), 0.9375);
    reporting_number(cell(&t, "DAT", "2000", "answers_train_hard"), 0.125);
    reporting_number(cell(&t, "DAT", "2000", "answers_interpolate"), 0.25);
    dat_csv_free(&t);

    t = reporting_open_table("out/tables/fig3_math_predictions.csv");
    const char *const keys[] = {"model", "parameters", "question"};
    const char *const wanted[] = {"DAT", "2000", "What is a*f(x) + 2*g(x)?"};
    assert_int_equal(t.n_rows, 2 * 4);
    assert_string_equal(reporting_cell(&t, keys, wanted, 3, "answer"), "2*x**2");
    assert_string_equal(reporting_cell(&t, keys, wanted, 3, "right"), "yes");
    const char *const wrong[] = {"DAT", "2000", "Give 3*f(x)."};
    assert_string_equal(reporting_cell(&t, keys, wrong, 3, "prediction"), "x");
    assert_string_equal(reporting_cell(&t, keys, wrong, 3, "right"), "no");
    dat_csv_free(&t);
}

static void figures_are_drawn_over_parameters(void **state)
{
    (void)state;
    static char svg[REPORTING_TEXT_SIZE];
    write_reference();
    write_runs();
    for (int i = 0; i < 2; i++)
        write_run(i ? "e" : "f", (sample){.module = "calculus__differentiate",
                                          .family = "DAT",
                                          .layers = 2,
                                          .params = 2000,
                                          .seed = i,
                                          .interpolate = 0.875,
                                          .hard = 0.875});
    assert_int_equal(reporting_run("out", NULL, NULL, environ), 0);
    reporting_read_file("out/plots/fig3_math.svg", svg);
    assert_non_null(strstr(svg, ">parameters<"));
    assert_non_null(strstr(svg, ">polynomials: add<"));
    assert_non_null(strstr(svg, ">calculus: differentiate<"));
    assert_non_null(strstr(svg, ">2K<"));
    assert_null(strstr(svg, ">original<"));
    reporting_read_file("out/plots/fig3_math_train_hard.svg", svg);
    assert_non_null(strstr(svg, ">original<"));
    assert_true(reporting_exists("out/plots/fig3_math_train_hard.png"));
    assert_false(reporting_exists("out/plots/fig3_math_train_easy.png"));
    /* A model that one module has and another has not is missing there. */
    reporting_says("stderr", "missing: calculus__differentiate, DAT: 4000 (0 of 2 trials)\n");
}

#define REPORT_TEST(name)                                                                                    \
    cmocka_unit_test_setup_teardown(name, reporting_make_folder, reporting_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORT_TEST(the_table_stands_beside_the_paper),
        REPORT_TEST(difficulties_and_answers_have_tables),
        REPORT_TEST(figures_are_drawn_over_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
