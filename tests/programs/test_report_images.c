/* `dat report` on runs of image classification: made-up run files in, the paper's tables with ours beside
 * them, curves and confusion matrices out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/csv.h"
#include "io/image_file.h"
#include "io/run_file.h"
#include "support/fake_experiment.h"
#include "support/run_file_sample.h"
#include "util/memory.h"

/* One run to write; the fields left 0 are those of the paper's ViDAT in Table 1. */
typedef struct sample {
    const char *figure, *model, *dataset, *cutmix, *autoaugment;
    int heads_sa, heads_ra, train_size, seed;
    bool asymmetric, without_series;
    double accuracy;
} sample;

static void add_series(dat_run *run, double accuracy)
{
    for (int step = 1; step <= 8; step++) { /* two epochs of four steps */
        dat_run_append(run, "train/epoch", step / 4.0, 8);
        dat_run_append(run, "train/accuracy", accuracy * step / 8, 8);
    }
    for (int epoch = 1; epoch <= 2; epoch++) {
        dat_run_append(run, "eval/test/step", 4 * epoch, 2);
        dat_run_append(run, "eval/test/accuracy", accuracy * epoch / 2, 2);
    }
    static const double confusion[] = {3, 1, 2, 2};
    for (int i = 0; i < 4; i++)
        dat_run_append(run, "confusion/test", confusion[i], 4);
    dat_run_set_environment_text(run, "classes", "cat\nit's \"a\" $dog");
}

static void write_run(const char *name, sample s)
{
    dat_run run = {.experiment = "image_classification", .state = DAT_RUN_COMPLETE};
    char config[1024], path[256];
    snprintf(run.run_id, sizeof run.run_id, "%s", name);
    snprintf(config, sizeof config,
             "figure: %s\ndata:\n  dataset: %s\n  train_size: %d\n  autoaugment: %s\n  cutmix: %s\nmodel:\n"
             "  name: %s\n  d_model: 384\n  n_layers: 8\n  n_heads_sa: %d\n  n_heads_ra: %d\n"
             "  symmetric_relations: %s\ntrain:\n  epochs: 100\n  batch_size: 128\nseed: %d\n",
             s.figure ? s.figure : "table1_cifar", s.dataset ? s.dataset : "cifar10",
             s.train_size ? s.train_size : 50000, s.autoaugment ? s.autoaugment : "none",
             s.cutmix ? s.cutmix : "1", s.model ? s.model : "ViDAT", s.heads_sa ? s.heads_sa : 6,
             s.heads_sa ? s.heads_ra : 6, s.asymmetric ? "false" : "true", s.seed);
    run.config_resolved = dat_copy_string(config);
    run.n_params = 6025834;
    dat_run_set_summary(&run, "accuracy/test", s.accuracy);
    dat_run_set_summary(&run, "top5_accuracy/test", s.accuracy + 0.0625);
    if (!s.without_series)
        add_series(&run, s.accuracy);
    snprintf(path, sizeof path, "runs/image_classification/%s.h5", name);
    assert_string_equal(dat_run_save(&run, path).message, "");
    dat_run_free(&run);
}

static launch_end *run_report(const char *extra)
{
    const char *const arguments[] = {DAT_BINARY_DIR "/bin/dat",
                                     "report",
                                     "--results=runs",
                                     "--reference=" DAT_SOURCE_DIR "/results/reference",
                                     "--out-tables=tables",
                                     "--out-plots=figures",
                                     extra,
                                     NULL};
    launch process = launch_program(arguments, NULL);
    return launch_wait(&process);
}

static dat_csv open_table(const char *path)
{
    dat_csv csv;
    assert_string_equal(dat_csv_read(path, &csv).message, "");
    return csv;
}

/* The text of a column in row number `row` of those of one dataset and model. */
static const char *cell(const dat_csv *table, const char *dataset, const char *model, int row,
                        const char *column)
{
    int64_t datasets, models, result;
    assert_string_equal(dat_csv_column(table, "dataset", &datasets).message, "");
    assert_string_equal(dat_csv_column(table, "model", &models).message, "");
    assert_string_equal(dat_csv_column(table, column, &result).message, "");
    for (int64_t i = 0; i < table->n_rows; i++)
        if (strcmp(dat_csv_text(table, i, datasets), dataset) == 0 &&
            strcmp(dat_csv_text(table, i, models), model) == 0 && row-- == 0)
            return dat_csv_text(table, i, result);
    fail_msg("no such row of %s, %s", dataset, model);
    return NULL;
}

static void assert_number(const char *text, double expected)
{
    if (!(fabs(strtod(text, NULL) - expected) <= 1e-9))
        fail_msg("\"%s\" is not %.17g", text, expected);
}

static void runs_stand_beside_the_paper(void **state)
{
    (void)state;
    write_run("a", (sample){.seed = 0, .accuracy = 0.875});
    write_run("b", (sample){.seed = 1, .accuracy = 0.9375});
    write_run("c", (sample){.model = "ViT", .heads_sa = 12, .accuracy = 0.75});
    write_run("d", (sample){.train_size = 2000, .accuracy = 0.25});
    write_run("e", (sample){.cutmix = "0", .accuracy = 0.5});
    fake_expect(run_report("--no-plots"), 0, "wrote tables/table1_cifar.md\n", "");
    dat_csv t = open_table("tables/table1_cifar.csv");
    assert_int_equal(t.n_rows, 4 + 2);
    const char *d = "CIFAR-10", *m = "ViDAT";
    assert_string_equal(cell(&t, d, m, 0, "trials"), "2");
    assert_number(cell(&t, d, m, 0, "accuracy"), 90.625);
    assert_number(cell(&t, d, m, 0, "accuracy_sem"), 3.125);
    assert_number(cell(&t, d, m, 0, "top5_accuracy"), 96.875);
    assert_number(cell(&t, d, m, 0, "million_parameters"), 6.025834);
    assert_number(cell(&t, d, m, 0, "paper"), 89.7);
    assert_number(cell(&t, d, m, 0, "difference"), 0.925);
    assert_number(cell(&t, d, m, 0, "difference_in_sem"), 0.925 / hypot(3.125, 0.1));
    /* Other training sets or augmentation are not what the paper reports. */
    assert_string_equal(cell(&t, d, m, 1, "paper"), "");
    assert_string_equal(cell(&t, d, m, 2, "paper"), "");
    assert_number(cell(&t, d, "ViT", 0, "difference"), 75 - 86.4);
    assert_string_equal(cell(&t, d, "ViT", 0, "difference_in_sem"), "");
    /* Nobody has trained on CIFAR-100. */
    assert_string_equal(cell(&t, "CIFAR-100", m, 0, "trials"), "0");
    assert_string_equal(cell(&t, "CIFAR-100", m, 0, "accuracy"), "");
    assert_number(cell(&t, "CIFAR-100", m, 0, "paper"), 70.5);
    dat_csv_free(&t);
}

static void every_figure_has_its_table(void **state)
{
    (void)state;
    write_run("a", (sample){.figure = "table3_x", .model = "asym", .asymmetric = true, .accuracy = 0.875});
    write_run("b",
              (sample){.figure = "table4_x", .cutmix = "0", .autoaugment = "reference", .accuracy = 0.5});
    write_run("c", (sample){.figure = "mine", .dataset = "folder", .accuracy = 0.25});
    write_run("d", (sample){.figure = "\"../x\"", .accuracy = 0.25});
    launch_end *end = run_report("--no-plots");
    assert_non_null(strstr(end->err, "d.h5 is left out: in its config figure is not a plain name"));
    fake_expect(end, 0, "", NULL);
    dat_csv t = open_table("tables/table3_x.csv");
    assert_int_equal(t.n_rows, 2);
    assert_number(cell(&t, "CIFAR-10", "asym", 0, "paper"), 89.5);
    assert_string_equal(cell(&t, "CIFAR-100", "ViDAT, asymmetric", 0, "trials"), "0");
    dat_csv_free(&t);
    t = open_table("tables/table4_x.csv");
    assert_int_equal(t.n_rows, 4);
    assert_number(cell(&t, "CIFAR-10", "ViDAT", 0, "paper"), 91.7);
    dat_csv_free(&t);
    t = open_table("tables/mine.csv");
    assert_int_equal(t.n_rows, 1);
    assert_string_equal(cell(&t, "folder", "ViDAT", 0, "paper"), "");
    dat_csv_free(&t);
}

static void figures_are_drawn(void **state)
{
    (void)state;
    static const char *const names[] = {"figures/table1_cifar_curves", "figures/table1_cifar_confusion"};
    write_run("a", (sample){.seed = 0, .accuracy = 0.875});
    write_run("b", (sample){.seed = 1, .accuracy = 0.9375});
    write_run("c", (sample){.train_size = 2000, .accuracy = 0.25});
    write_run("d", (sample){.dataset = "cifar100_fine", .accuracy = 0.25, .without_series = true});
    assert_int_equal(symlink(DAT_SOURCE_DIR "/plots", "plots"), 0); /* gnuplot's scripts */
    launch_end *end = run_report("--experiment=image_classification");
    assert_string_equal(end->err, ""); /* gnuplot had no complaints */
    fake_expect(end, 0, "wrote figures/table1_cifar_confusion.png\n", "");
    for (int i = 0; i < 2; i++) {
        char path[64];
        dat_picture picture;
        snprintf(path, sizeof path, "%s.png", names[i]);
        assert_string_equal(dat_image_file_read(path, &picture).message, "");
        assert_true(picture.width > 600 && picture.height > 400);
        dat_picture_free(&picture);
    }
    size_t size;
    char *svg = (char *)sample_read_file("figures/table1_cifar_curves.svg", &size);
    svg[size - 1] = '\0';
    assert_non_null(strstr(svg, "ViDAT, 50000 images, 100 epochs (2 trials)"));
    assert_non_null(strstr(svg, "ViDAT, 2000 images, 100 epochs (1 trial)"));
    free(svg);
    svg = (char *)sample_read_file("figures/table1_cifar_confusion.svg", &size);
    svg[size - 1] = '\0';
    assert_non_null(strstr(svg, ">75<")); /* 3 of 4 cats */
    assert_non_null(strstr(svg, "it?s ?a? $dog"));
    free(svg);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_folder_enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(runs_stand_beside_the_paper),
        TEST(every_figure_has_its_table),
        TEST(figures_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
