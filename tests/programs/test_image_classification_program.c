/* The program image_classification from its command line to its run files and to drawings of its relations:
 * the same bits whether it is left alone, killed, or loads ahead; the paper's models; and one plain sentence
 * for what it refuses. */
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/cifar.h"
#include "io/image_file.h"
#include "io/png.h"
#include "support/fake_experiment.h"
#include "support/program_runs.h"

#define SAMPLE  DAT_SOURCE_DIR "/datasets/cifar10-sample"
#define CONFIGS DAT_SOURCE_DIR "/experiments/image_classification/configs/"

static const char program[] = DAT_BINARY_DIR "/bin/image_classification";

/* Series of a run beside times: of train; step, loss and top 1 to 5 of the test; confusion. */
enum { SERIES = 6 + 7 + 1 };

/* 10 steps, each with a checkpoint. */
static const char config[] =
    "data: {folder: \"" SAMPLE
    "\", train_size: 70, autoaugment: reference, crop_paste: true, cutmix: 0.5, mixup: 0.8}\n"
    "model: {d_model: 16, dff: 16, n_layers: 2, n_heads_sa: 2, n_heads_ra: 2, n_kv_heads: 1, patch_size: 8}\n"
    "train: {epochs: 2, warmup_epochs: 1, batch_size: 16, micro_batch: 8, checkpoint_seconds: 0, "
    "keep_parameters: true}\n"
    "seed: 5\n";
enum { STEPS = 10, TEST_IMAGES = 500, CLASSES = 10 };

static int enter(void **state)
{
    if (fake_folder_enter(state) != 0)
        return -1;
    fake_write_config(config);
    return 0;
}

/* Starts the program with further arguments and waits; the caller frees the result. */
#define CALL(...) call((const char *const[]){program, __VA_ARGS__, NULL})

static launch_end *call(const char *const *arguments)
{
    launch process = launch_program(arguments, NULL);
    return launch_wait(&process);
}

static double value_of(const dat_run *run, const char *series, int64_t i)
{
    const dat_series *found = dat_run_find_series(run, series);
    assert_non_null(found);
    assert_true(i < found->count);
    return found->values[i];
}

/* The numbers fit together: top 1 to 5 grow, and the confusion matrix has all images and the right ones on
 * its diagonal. */
static void check_accuracies(const dat_run *run)
{
    static const char *const names[] = {"accuracy/test", "top2_accuracy/test", "top3_accuracy/test",
                                        "top4_accuracy/test", "top5_accuracy/test"};
    double last = 0, right = 0, all = 0;
    for (int i = 0; i < 5; i++) {
        double accuracy = dat_run_summary(run, names[i]);
        assert_true(accuracy >= last && accuracy <= 1);
        last = accuracy;
    }
    assert_true(last > dat_run_summary(run, names[0]));
    assert_int_equal(dat_run_find_series(run, "confusion/test")->count, CLASSES * CLASSES);
    for (int row = 0; row < CLASSES; row++) {
        double of_class = 0;
        for (int column = 0; column < CLASSES; column++)
            of_class += value_of(run, "confusion/test", row * CLASSES + column);
        assert_true(of_class == TEST_IMAGES / CLASSES);
        all += of_class;
        right += value_of(run, "confusion/test", row * CLASSES + row);
    }
    assert_true(right == dat_run_summary(run, names[0]) * all);
}

static void test_complete_run(void **state)
{
    (void)state;
    program_path path = program_complete(program, "results");
    dat_run run = program_load(path.text);
    assert_int_equal(run.state, DAT_RUN_COMPLETE);
    assert_string_equal(run.experiment, "image_classification");
    assert_int_equal(dat_run_find_series(&run, "train/loss")->count, STEPS);
    for (int i = 0; i < STEPS; i++) /* the rate rises from 0, epoch by epoch */
        assert_true(value_of(&run, "train/lr", i) == (i < STEPS / 2 ? 0 : 0.001));
    assert_int_equal(dat_run_find_series(&run, "eval/test/accuracy")->count, 2);
    check_accuracies(&run);
    for (int i = 1; i < STEPS; i++)
        assert_true(value_of(&run, "train/seconds_waited", i) >=
                    value_of(&run, "train/seconds_waited", i - 1));
    assert_true(dat_run_summary(&run, "waited_share") >= 0 && dat_run_summary(&run, "waited_share") < 1);
    const dat_fact *classes = dat_run_find_environment(&run, "classes");
    assert_non_null(classes);
    assert_true(strncmp(classes->text, "airplane\nautomobile\n", 20) == 0);
    assert_int_equal(run.n_blobs, 1);
    assert_int_equal(dat_run_find_blob(&run, "parameters")->size % sizeof(float), 0);
    assert_true((int64_t)dat_run_find_blob(&run, "parameters")->size / (int64_t)sizeof(float) >=
                run.n_params);
    dat_run_free(&run);
}

static void test_killed_runs_end_the_same(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    program_kill_and_resume(program, &reference, SERIES);
}

static void test_loading_ahead_changes_no_bit(void **state)
{
    (void)state;
    static const char *const threads[] = {"train.loader_threads=0", "train.loader_threads=3"};
    program_path reference = program_complete(program, "reference");
    for (int i = 0; i < 2; i++) {
        program_path path =
            program_completed(CALL("run", "c.yaml", "--threads", "2", "--quiet", "--set", threads[i]));
        program_expect_same_run(path.text, reference.text, SERIES);
    }
}

static void test_a_run_without_keeping_has_no_parameters(void **state)
{
    (void)state;
    program_path path =
        program_completed(CALL("run", "c.yaml", "--quiet", "--set", "train.keep_parameters=false"));
    dat_run run = program_load(path.text);
    assert_int_equal(run.n_blobs, 0);
    dat_run_free(&run);
    const char *const inspect[] = {
        DAT_BINARY_DIR "/bin/dat", "inspect", "relations", "--run", path.text, NULL};
    fake_expect(call(inspect), 1, "", "train.keep_parameters=true");
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *change, *error;
        int status;
    } cases[] = {
        {"data.dataset=cifar11", "cifar10", 2},
        {"data.folder=nowhere", "there is no folder \"nowhere\"; datasets/fetch.sh cifar10 downloads it", 2},
        {"data.train_size=2001", "there are 2000 training images", 2},
        {"data.cutmix=1.5", "from 0 to 1", 2},
        {"data.autoaugment=twice", "reference, torchvision", 2},
        {"model.patch_size=5", "model.patch_size = 5 does not divide images of 32 pixels", 2},
        {"model.n_kv_heads=3", "3", 2},
        {"model.n_heads_sa=3", "d_model = 16", 2},
        {"train.loader_threads=-1", "loader_threads", 2},
        {"data.dataset=folder", "/train", 1},
        {"data.dataset=cifar100_fine", "no train.bin of CIFAR-100 there; datasets/fetch.sh cifar100", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        program_expect_refusal(program, cases[i].change, cases[i].status, cases[i].error);
}

static void write_picture(const char *path, uint8_t red)
{
    uint8_t pixels[4 * 4 * 3] = {0};
    for (int i = 0; i < 4 * 4; i++)
        pixels[3 * i] = red;
    assert_string_equal(dat_png_write(path, 4, 4, pixels).message, "");
}

/* Two classes of two pictures for training and one for testing, in folders. */
static void test_folders_of_images(void **state)
{
    (void)state;
    static const char *const folders[] = {"own",           "own/train",      "own/test",    "own/train/black",
                                          "own/train/red", "own/test/black", "own/test/red"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(mkdir(folders[i], 0777), 0);
    write_picture("own/train/black/1.png", 0);
    write_picture("own/train/black/2.png", 20);
    write_picture("own/train/red/1.png", 255);
    write_picture("own/train/red/2.png", 235);
    write_picture("own/test/black/1.png", 10);
    write_picture("own/test/red/1.png", 245);
#define OWN "--set", "data.dataset=folder", "--set", "data.folder=own", "--set", "data.train_size=4"
    fake_expect(CALL("run", "c.yaml", "--quiet", OWN, "--set", "train.epochs=1"), 0, "accuracy test ", "");
    fake_expect(CALL("describe", "c.yaml", OWN), 0,
                "final_out.1.weight                                                "
                "        [2, 16]",
                "");
    assert_int_equal(rename("own/test/red", "own/test/green"), 0);
    fake_expect(CALL("run", "c.yaml", "--quiet", OWN), 2, "", "the classes of own/train and own/test differ");
    assert_int_equal(rename("own/train/red", "own/red"), 0);
    fake_expect(CALL("run", "c.yaml", "--quiet", OWN), 2, "", "own/train holds only one folder, black");
    fake_expect(CALL("run", "c.yaml", "--quiet", OWN, "--set", "data.folder=none"), 2, "",
                "there is no folder \"none\", expected one with train/CLASS and test/CLASS");
}

/* --- describe --- */

static void test_describe_says_what_a_run_does(void **state)
{
    (void)state;
    char step[64], memory[64];
    launch_end *end = CALL("run", "c.yaml", "--quiet", "--set", "train.micro_batch=0");
    const char *place = strstr(end->out, "complete: ");
    assert_non_null(place);
    assert_non_null(strstr(place, ", waited for data "));
    char path[256];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(place + 10, "\n"), place + 10);
    free(end);
    dat_run run = program_load(path);
    snprintf(step, sizeof step, "training step: %.3f GFLOP at batch 16\n", run.flops_per_step * 1e-9);
    snprintf(memory, sizeof memory, "MiB for a micro-batch of %g\n", dat_run_summary(&run, "micro_batch"));
    dat_run_free(&run);
    fake_expect(CALL("describe", "c.yaml", "--set", "train.micro_batch=0"), 0, step, "");
    fake_expect(CALL("describe", "c.yaml", "--set", "train.micro_batch=0"), 0, memory, "");
}

/* --- the paper's models --- */

/* The number of parameters of a published model, by its name. */
static int64_t published_count(const char *name)
{
    json_error_t error;
    json_t *list = json_load_file(DAT_SOURCE_DIR "/tests/golden/param_counts.json", 0, &error), *entry;
    size_t i;
    int64_t count = -1;
    assert_non_null(list);
    json_array_foreach(json_object_get(list, "entries"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0)
            count = json_integer_value(json_object_get(entry, "total"));
    }
    json_decref(list);
    assert_true(count > 0);
    return count;
}

/* The models that a config describes, without any data, must have these parameters, in this order. */
static void expect_counts(const char *config_path, const char *const *names, int n)
{
    launch_end *end = CALL("describe", config_path);
    const char *place = end->out;
    if (end->status != 0)
        fail_msg("%s", end->err);
    for (int i = 0; i < n; i++) {
        place = strstr(place, "\ntotal ");
        assert_non_null(place);
        assert_int_equal(strtoll(place + strlen("\ntotal "), NULL, 10), published_count(names[i]));
        place++;
    }
    assert_null(strstr(place, "\ntotal "));
    free(end);
}

static void test_models_have_the_published_size(void **state)
{
    (void)state;
    static const char *const table1[] = {
        "ViT 10 classes (final_norm)", "ViDAT 10 classes n_kv_heads=3 symmetric nr=6 (final_norm)",
        "ViT 100 classes (final_norm)", "ViDAT 100 classes n_kv_heads=3 symmetric nr=6 (final_norm)"};
    static const char *const table3[] = {"ViDAT 10 classes n_kv_heads=3 asymmetric nr=6 (final_norm)",
                                         "ViDAT 100 classes n_kv_heads=3 asymmetric nr=6 (final_norm)"};
    expect_counts(CONFIGS "table1_cifar.yaml", table1, 4);
    expect_counts(CONFIGS "table3_asymmetric.yaml", table3, 2);
    expect_counts(CONFIGS "table4_autoaugment.yaml", table1, 4);
}

/* Figure 9 draws a run of Table 1: its run must be the very same, not one more. */
static void test_figure_9_is_a_run_of_table_1(void **state)
{
    (void)state;
    launch_end *figure = CALL("sweep", CONFIGS "fig9_relations.yaml", "--dry-run");
    launch_end *table = CALL("sweep", CONFIGS "table1_cifar.yaml", "--dry-run");
    char *id = strstr(figure->out, "cifar10");
    assert_non_null(id);
    id[strcspn(id, " \n")] = '\0';
    assert_non_null(strstr(table->out, id));
    free(figure);
    free(table);
}

/* --- drawings of relations --- */

/* A row of 3 colours on the page. */
static const uint8_t *pixel_of(const dat_picture *page, int x, int y)
{
    return page->pixels + ((int64_t)y * page->width + x) * 3;
}

static void expect_inspect(const char *run, const char *option, const char *value, int status,
                           const char *words)
{
    const char *const arguments[] = {DAT_BINARY_DIR "/bin/dat",
                                     "inspect",
                                     "relations",
                                     "--run",
                                     run,
                                     "--out",
                                     "page.png",
                                     option,
                                     value,
                                     NULL};
    launch_end *end = call(arguments);
    fake_expect(end, status, status == 0 ? words : "", status == 0 ? "" : words);
}

static void test_relations_are_drawn(void **state)
{
    (void)state;
    program_path path = program_complete(program, "results");
    expect_inspect(path.text, "--image", "7", 0, "patch 10 of test image 7, 2 layers, 2 relations");
    dat_picture page;
    assert_string_equal(dat_image_file_read("page.png", &page).message, "");
    /* One picture of 32 * 3 pixels, a caption of 9 characters, then two with margins of 8, in two rows. */
    assert_int_equal(page.width, 8 + 96 + 8 + 54 + 2 * (96 + 8));
    assert_int_equal(page.height, 8 + 12 + 2 * (96 + 8));
    dat_images test;
    const char *const file = SAMPLE "/test_batch.bin";
    assert_string_equal(dat_cifar_read(DAT_CIFAR10, &file, 1, &test).message, "");
    dat_image image = dat_images_at(&test, 7);
    int tinted = 0;
    for (int i = 0; i < 32 * 32; i++) {
        int x = i % 32, y = i / 32;
        bool marked = x >= 16 && x < 24 && y >= 16 && y < 24;
        const uint8_t *plain = pixel_of(&page, 8 + 3 * x, 20 + 3 * y);
        const uint8_t *related = pixel_of(&page, 166 + 3 * x, 20 + 3 * y);
        for (int channel = 0; channel < 3 && !marked; channel++)
            assert_int_equal(plain[channel], image.planes[channel * 32 * 32 + i]);
        tinted += memcmp(plain, related, 3) != 0;
    }
    assert_true(tinted > 32 * 32 / 4);
    assert_memory_equal(pixel_of(&page, 8 + 48, 20 + 48), ((const uint8_t[]){0xff, 0xd0, 0}), 3);
    dat_images_free(&test);
    dat_picture_free(&page);
    expect_inspect(path.text, "--layer", "1", 0, "1 layers, 2 relations");
    expect_inspect(path.text, "--patch", "3", 0, "patch 3 of");
    expect_inspect(path.text, "--image", "500", 2, "--image: 500 is too large, expected 0 to 499");
    expect_inspect(path.text, "--layer", "2", 2, "expected 0 to 1");
    expect_inspect(path.text, "--relation", "2", 2, "expected 0 to 1");
    expect_inspect(path.text, "--patch", "16", 2, "expected 0 to 15");
    expect_inspect("missing.h5", "--patch", "1", 1, "missing.h5");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_complete_run),
        TEST(test_killed_runs_end_the_same),
        TEST(test_loading_ahead_changes_no_bit),
        TEST(test_a_run_without_keeping_has_no_parameters),
        TEST(test_refusals),
        TEST(test_folders_of_images),
        TEST(test_describe_says_what_a_run_does),
        TEST(test_models_have_the_published_size),
        TEST(test_figure_9_is_a_run_of_table_1),
        TEST(test_relations_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
