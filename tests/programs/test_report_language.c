/* `dat report` on runs of language models, made up: points and power laws of known losses, Table 5 beside the
 * paper's numbers, what is missing, and the drawing. */
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

#include "io/run_file.h"
#include "support/reporting.h"
#include "util/memory.h"

extern char **environ;

enum { STEP_TOKENS = 100 };

/* One run to write: 1000 steps, validated every 50, with the loss coefficient tokens^-exponent but during the
 * first `bad` validations; or the last `validations` alone. The fields left 0 have defaults. */
typedef struct sample {
    const char *figure, *model, *architecture, *ra_type, *train;
    int64_t params, d_model, heads_sa, heads_ra, kv_heads, relations;
    double coefficient, exponent, perplexity;
    int seed, bad, validations;
    bool running, no_tokens;
} sample;

static void write_series(dat_run *run, const sample *s)
{
    for (int step = 1; step <= 1000 && !s->no_tokens; step++)
        dat_run_append(run, "train/tokens", step * STEP_TOKENS, 1000);
    for (int i = s->validations ? 21 - s->validations : 1; i <= 20; i++) {
        double loss = s->coefficient * pow(i * 50.0 * STEP_TOKENS, -s->exponent);
        dat_run_append(run, "eval/validation/step", i * 50, 20);
        dat_run_append(run, "eval/validation/loss", i <= s->bad ? 9 : loss, 20);
    }
}

static void write_run(const char *name, sample s)
{
    dat_run run = {.experiment = "language_modeling",
                   .state = s.running ? DAT_RUN_RUNNING : DAT_RUN_COMPLETE};
    char config[1024], path[REPORTING_PATH_SIZE];
    snprintf(run.run_id, sizeof run.run_id, "%s", name);
    snprintf(config, sizeof config,
             "figure: \"%s\"\nseed: %d\ndata:\n  train: \"%s\"\nmodel:\n  name: \"%s\"\n  architecture: %s\n"
             "  ra_type: %s\n  d_model: %" PRId64 "\n  n_layers: 24\n  n_heads_sa: %" PRId64
             "\n  n_heads_ra: %" PRId64 "\n  n_kv_heads: %" PRId64 "\n  n_relations: %" PRId64 "\n",
             s.figure ? s.figure : "fig4_scaling", s.seed, s.train ? s.train : "", s.model,
             s.architecture ? s.architecture : "transformer", s.ra_type ? s.ra_type : "relational_attention",
             s.d_model, s.heads_sa, s.heads_ra, s.kv_heads, s.relations);
    run.config_resolved = dat_copy_string(config);
    run.n_params = s.params;
    write_series(&run, &s);
    if (s.perplexity > 0)
        dat_run_set_summary(&run, "perplexity/validation", s.perplexity);
    snprintf(path, sizeof path, "runs/%s.h5", name);
    reporting_save_run(&run, path);
}

/* The cell of the row whose model is called so. */
static const char *cell(const dat_csv *table, const char *model, const char *column)
{
    int64_t models, result;
    const char *found = NULL;
    assert_int_equal(dat_csv_column(table, "model", &models).code, DAT_CODE_OK);
    assert_int_equal(dat_csv_column(table, column, &result).code, DAT_CODE_OK);
    for (int64_t row = 0; row < table->n_rows; row++)
        if (strcmp(dat_csv_text(table, row, models), model) == 0) {
            assert_null(found);
            found = dat_csv_text(table, row, result);
        }
    if (!found)
        fail_msg("no row of %s", model);
    return found;
}

static void assert_close(const char *text, double expected)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(fabs(value - expected) <= 1e-9))
        fail_msg("\"%s\" is not %.17g", text, expected);
}

/* 20 D^-0.125 and 32 D^-0.25 at the end, D = 100,000; the mean of two seeds that are 3/4 and 5/4 of it. */
static void losses_are_fitted_by_their_power_law(void **state)
{
    (void)state;
    write_run("a", (sample){.model = "T", .params = 1000, .coefficient = 20, .exponent = 0.125});
    write_run(
        "b",
        (sample){.model = "D", .architecture = "dat", .params = 900, .coefficient = 24, .exponent = 0.25});
    write_run("c", (sample){.model = "D",
                            .architecture = "dat",
                            .params = 900,
                            .coefficient = 40,
                            .exponent = 0.25,
                            .seed = 1});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    dat_csv t = reporting_open_table("out/tables/fig4_scaling.csv");
    assert_int_equal(t.n_rows, 2);
    assert_close(cell(&t, "T", "parameters"), 1000);
    assert_close(cell(&t, "T", "tokens"), 100000);
    assert_string_equal(cell(&t, "T", "trials"), "1");
    assert_string_equal(cell(&t, "T", "missing_trials"), "1");
    assert_close(cell(&t, "T", "loss"), 20 * pow(100000, -0.125));
    assert_close(cell(&t, "T", "exponent"), 0.125);
    assert_close(cell(&t, "T", "log10_scale"), log10(20) / 0.125);
    double loss = 32 * pow(100000, -0.25);
    assert_string_equal(cell(&t, "D", "trials"), "2");
    assert_string_equal(cell(&t, "D", "missing_trials"), "");
    assert_close(cell(&t, "D", "loss"), loss);
    assert_close(cell(&t, "D", "loss_sem"), loss / 4);
    assert_close(cell(&t, "D", "perplexity"), exp(loss));
    assert_close(cell(&t, "D", "exponent"), 0.25);
    dat_csv_free(&t);
    reporting_says("stderr", "fig4_scaling: missing: T: 1 of 2 trials");
}

/* 10,000 of 100,000 tokens are a tenth: the first validation, at 5,000, does not count, but the second does.
 */
static void the_warm_up_is_left_out(void **state)
{
    (void)state;
    write_run("a", (sample){.model = "T", .params = 1000, .coefficient = 20, .exponent = 0.125, .bad = 1});
    write_run("b", (sample){.model = "U", .params = 1000, .coefficient = 20, .exponent = 0.125, .bad = 2});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    dat_csv t = reporting_open_table("out/tables/fig4_scaling.csv");
    assert_close(cell(&t, "T", "exponent"), 0.125);
    assert_true(strtod(cell(&t, "U", "exponent"), NULL) > 0.126);
    dat_csv_free(&t);
}

static void incomplete_runs_are_left_out(void **state)
{
    (void)state;
    write_run("a", (sample){.model = "T", .params = 1000, .coefficient = 20, .exponent = 0.125});
    write_run("b",
              (sample){.model = "D", .params = 900, .coefficient = 20, .exponent = 0.1, .no_tokens = true});
    write_run("c",
              (sample){.model = "E", .params = 900, .coefficient = 20, .exponent = 0.1, .running = true});
    write_run("d",
              (sample){.figure = "../up", .model = "F", .params = 9, .coefficient = 20, .exponent = 0.1});
    write_run("e", (sample){.model = "G", .params = 9, .coefficient = 0, .exponent = 0.1});
    write_run("f", (sample){.model = "H", .params = 0, .coefficient = 20, .exponent = 0.1});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "b.h5 is left out: it has no validation losses over tokens");
    reporting_says("stderr", "c.h5 is left out: the run is not finished");
    reporting_says("stderr", "d.h5 is left out: in its config figure is not a plain name");
    reporting_says("stderr", "e.h5 is left out: it has no validation losses over tokens"); /* but zeros */
    reporting_says("stderr", "f.h5 is left out: it does not say how many parameters it has");
    dat_csv t = reporting_open_table("out/tables/fig4_scaling.csv");
    assert_int_equal(t.n_rows, 1);
    dat_csv_free(&t);
}

static void write_reference(void)
{
    mkdir(reporting_path("reference"), 0777);
    reporting_write_text("reference/paper_language_table5.csv",
                         "model,params,tokens,d_model,n_layers,n_heads_sa,n_heads_ra,n_relations,n_kv_heads,"
                         "val_perplexity\n"
                         "Transformer,353M,10B,1024,24,16,0,,,16.94\n"
                         "DAT,343M,10B,1024,24,8,8,64,4,16.09\n");
}

static void table_5_has_runs_of_its_models(void **state)
{
    (void)state;
    sample dat = {.model = "D",
                  .architecture = "dat",
                  .train = "t_*.bin",
                  .params = 344026112,
                  .d_model = 1024,
                  .heads_sa = 8,
                  .heads_ra = 8,
                  .kv_heads = 4,
                  .relations = 64,
                  .coefficient = 5,
                  .exponent = 0.1,
                  .perplexity = 15};
    write_reference();
    write_run("a", dat);
    dat.seed = 1;
    dat.perplexity = 17;
    write_run("b", dat);
    dat.perplexity = 99;
    dat.relations = 32; /* another model */
    write_run("c", dat);
    dat.relations = 64;
    dat.train = ""; /* of a text */
    write_run("d", dat);
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    dat_csv t = reporting_open_table("out/tables/table5_language.csv");
    assert_int_equal(t.n_rows, 2);
    assert_string_equal(cell(&t, "DAT", "trials"), "2");
    assert_close(cell(&t, "DAT", "perplexity"), 16);
    assert_close(cell(&t, "DAT", "perplexity_sem"), 1);
    assert_close(cell(&t, "DAT", "paper_perplexity"), 16.09);
    assert_close(cell(&t, "DAT", "difference"), -0.09);
    assert_close(cell(&t, "DAT", "parameters"), 344026112);
    assert_string_equal(cell(&t, "Transformer", "perplexity"), "");
    assert_string_equal(cell(&t, "Transformer", "trials"), "0");
    assert_close(cell(&t, "Transformer", "paper_perplexity"), 16.94);
    dat_csv_free(&t);
}

/* Two kinds of models in three sizes and two seeds, whose last losses fall as params^-0.125. */
static void drawings_are_reproducible(void **state)
{
    (void)state;
    static const char *const files[] = {"plots/fig4_scaling.svg", "plots/fig4_scaling.png",
                                        "tables/fig4_scaling.md", "tables/fig4_scaling.tex"};
    static char first[REPORTING_TEXT_SIZE], second[REPORTING_TEXT_SIZE];
    for (int i = 0; i < 12; i++) {
        char name[32], model[64];
        bool dual = i & 1;
        int64_t params = 10000 << 3 * (i / 4);
        snprintf(name, sizeof name, "run-%d", i);
        snprintf(model, sizeof model, "%s, it's `%d`_", dual ? "DAT" : "T", i / 4);
        write_run(name, (sample){.model = model,
                                 .architecture = dual ? "dat" : "transformer",
                                 .params = params,
                                 .seed = i >> 1 & 1,
                                 .coefficient = (40 + (i >> 1 & 1)) * pow((double)params, -0.125),
                                 .exponent = dual ? 0.1 : 0.08});
    }
    assert_int_equal(reporting_run("once", NULL, NULL, environ), 0);
    assert_int_equal(reporting_run("again", NULL, NULL, environ), 0);
    reporting_read_file("stderr", first); /* no reference numbers; gnuplot had no complaints */
    assert_true(strncmp(first, "dat report: warning: no Table 5", 31) == 0);
    assert_ptr_equal(strchr(first, '\n'), first + strlen(first) - 1);
    reporting_says("stdout", "again/plots/fig4_scaling.png\n");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[REPORTING_PATH_SIZE];
        snprintf(name, sizeof name, "once/%s", files[i]);
        size_t size = reporting_read_file(name, first);
        snprintf(name, sizeof name, "again/%s", files[i]);
        assert_int_equal(reporting_read_file(name, second), size);
        assert_true(size > 300);
        assert_memory_equal(first, second, size);
    }
    reporting_read_file("once/plots/fig4_scaling.svg", first);
    assert_non_null(strstr(first, "DAT, it's `2`_ (640K),  a = 0.100"));
    assert_non_null(strstr(first, "Transformer,  a = 0.125"));
    assert_non_null(strstr(first, "DAT,  a = 0.125"));
    assert_non_null(strstr(first, ">50K<")); /* a tick of both axes */
}

/* Two points have no law that says something, but are drawn; two sizes are worth a panel. */
static void few_points_have_no_law(void **state)
{
    (void)state;
    static char svg[REPORTING_TEXT_SIZE];
    for (int i = 0; i < 2; i++) {
        char name[8];
        snprintf(name, sizeof name, "%c", 'a' + i);
        write_run(name, (sample){.model = name,
                                 .params = 1000 << i,
                                 .coefficient = 20,
                                 .exponent = 0.125 + 0.001 * i,
                                 .validations = 1 + i});
    }
    assert_int_equal(reporting_run("out", NULL, NULL, environ), 0);
    dat_csv t = reporting_open_table("out/tables/fig4_scaling.csv");
    assert_string_equal(cell(&t, "a", "exponent"), "");
    assert_string_equal(cell(&t, "b", "exponent"), "");
    assert_string_equal(cell(&t, "b", "log10_scale"), "");
    dat_csv_free(&t);
    reporting_read_file("out/plots/fig4_scaling.svg", svg);
    assert_non_null(strstr(svg, "b (2K)"));
    assert_non_null(strstr(svg, "parameters"));
    assert_non_null(strstr(svg, "1 trial per model."));
    assert_null(strstr(svg, "a = "));
    assert_null(strstr(svg, "Dashed"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reporting_make_folder, reporting_remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(losses_are_fitted_by_their_power_law),
        TEST(the_warm_up_is_left_out),
        TEST(incomplete_runs_are_left_out),
        TEST(table_5_has_runs_of_its_models),
        TEST(drawings_are_reproducible),
        TEST(few_points_have_no_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
