/* `dat report` on runs of image classification: made-up run files in, the paper's tables with ours beside
 * them, curves and confusion matrices out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/image_file.h"
#include "support/reporting.h"
#include "util/memory.h"

extern char **environ;

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
    char config[1024], path[REPORTING_PATH_SIZE];
    snprintf(run.run_id, sizeof run.run_id, "%s", name);
    snprintf(config, sizeof config,
             "figure: %s\ndata:\n  dataset: %s\n  train_size: %d\n  autoaugment: %s\n  cutmix: %s\n  mixup: "
             "0.8\nmodel:\n"
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
    reporting_save_run(&run, path);
}

/* The paper's numbers are those that ship. */
static int make_folder(void **state)
{
    return reporting_make_folder(state) == 0
               ? symlink(DAT_SOURCE_DIR "/results/reference", reporting_path("reference"))
               : -1;
}

/* What tells rows apart: data set, model, augmentation (CutMix, when it is always done, leaves no MixUp) and
 * number of training images. */
typedef const char *row_keys[4];

static const row_keys vidat = {"CIFAR-10", "ViDAT", "cutmix", "50000"};

static const char *cell(const dat_csv *table, const row_keys row, const char *column)
{
    const char *const keys[] = {"dataset", "model", "augmentation", "train_size"};
    return reporting_cell(table, keys, row, 4, column);
}

static void runs_stand_beside_the_paper(void **state)
{
    (void)state;
    write_run("a", (sample){.seed = 0, .accuracy = 0.875});
    write_run("b", (sample){.seed = 1, .accuracy = 0.9375});
    write_run("c", (sample){.model = "ViT", .heads_sa = 12, .accuracy = 0.75});
    write_run("d", (sample){.train_size = 2000, .accuracy = 0.25});
    write_run("e", (sample){.cutmix = "0", .accuracy = 0.5});
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stdout", "out/tables/table1_cifar.md\n");
    dat_csv t = reporting_open_table("out/tables/table1_cifar.csv");
    assert_int_equal(t.n_rows, 4 + 2);
    assert_string_equal(cell(&t, vidat, "trials"), "2");
    reporting_number(cell(&t, vidat, "accuracy"), 90.625);
    reporting_number(cell(&t, vidat, "accuracy_sem"), 3.125);
    reporting_number(cell(&t, vidat, "top5_accuracy"), 96.875);
    reporting_number(cell(&t, vidat, "million_parameters"), 6.025834);
    reporting_number(cell(&t, vidat, "paper"), 89.7);
    reporting_number(cell(&t, vidat, "difference"), 0.925);
    reporting_number(cell(&t, vidat, "difference_in_sem"), 0.925 / hypot(3.125, 0.1));
    /* Other training sets or augmentation are not what the paper reports. */
    assert_string_equal(cell(&t, (row_keys){"CIFAR-10", "ViDAT", "cutmix", "2000"}, "paper"), "");
    assert_string_equal(cell(&t, (row_keys){"CIFAR-10", "ViDAT", "mixup", "50000"}, "paper"), "");
    const row_keys vit = {"CIFAR-10", "ViT", "cutmix", "50000"};
    reporting_number(cell(&t, vit, "difference"), 75 - 86.4);
    assert_string_equal(cell(&t, vit, "difference_in_sem"), "");
    /* Nobody has trained on CIFAR-100. */
    const row_keys missing = {"CIFAR-100", "ViDAT", "", ""};
    assert_string_equal(cell(&t, missing, "trials"), "0");
    assert_string_equal(cell(&t, missing, "accuracy"), "");
    reporting_number(cell(&t, missing, "paper"), 70.5);
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
    assert_int_equal(reporting_run("out", "--no-plots", NULL, environ), 0);
    reporting_says("stderr", "d.h5 is left out: in its config figure is not a plain name");
    dat_csv t = reporting_open_table("out/tables/table3_x.csv");
    assert_int_equal(t.n_rows, 2);
    reporting_number(cell(&t, (row_keys){"CIFAR-10", "asym", "cutmix", "50000"}, "paper"), 89.5);
    assert_string_equal(cell(&t, (row_keys){"CIFAR-100", "ViDAT, asymmetric", "", ""}, "trials"), "0");
    dat_csv_free(&t);
    t = reporting_open_table("out/tables/table4_x.csv");
    assert_int_equal(t.n_rows, 4);
    reporting_number(cell(&t, (row_keys){"CIFAR-10", "ViDAT", "autoaugment, mixup", "50000"}, "paper"), 91.7);
    dat_csv_free(&t);
    t = reporting_open_table("out/tables/mine.csv");
    assert_int_equal(t.n_rows, 1);
    assert_string_equal(cell(&t, (row_keys){"folder", "ViDAT", "cutmix", "50000"}, "paper"), "");
    dat_csv_free(&t);
}

static void expect_png(const char *name)
{
    dat_picture picture;
    assert_string_equal(dat_image_file_read(reporting_path(name), &picture).message, "");
    assert_true(picture.width > 600 && picture.height > 400);
    dat_picture_free(&picture);
}

static void figures_are_drawn(void **state)
{
    (void)state;
    static char text[REPORTING_TEXT_SIZE];
    write_run("a", (sample){.seed = 0, .accuracy = 0.875});
    write_run("b", (sample){.seed = 1, .accuracy = 0.9375});
    write_run("c", (sample){.train_size = 2000, .accuracy = 0.25});
    write_run("d", (sample){.dataset = "cifar100_fine", .accuracy = 0.25, .without_series = true});
    assert_int_equal(reporting_run("out", "--experiment=image_classification", NULL, environ), 0);
    assert_int_equal(reporting_read_file("stderr", text), 0); /* gnuplot had no complaints */
    expect_png("out/plots/table1_cifar_curves.png");
    expect_png("out/plots/table1_cifar_confusion.png");
    reporting_says("out/plots/table1_cifar_curves.svg", "ViDAT, 50000 images, 100 epochs (2 trials)");
    reporting_says("out/plots/table1_cifar_curves.svg", "ViDAT, 2000 images, 100 epochs (1 trial)");
    reporting_says("out/plots/table1_cifar_confusion.svg", ">75<"); /* 3 of 4 cats */
    reporting_says("out/plots/table1_cifar_confusion.svg", "it?s ?a? $dog");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, reporting_remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(runs_stand_beside_the_paper),
        TEST(every_figure_has_its_table),
        TEST(figures_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
