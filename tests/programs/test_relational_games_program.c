/* The program relational_games from its command line to its run files: the same bits whether it is left
 * alone, killed, stopped or given other threads, and one plain sentence for what it refuses. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/run_file.h"
#include "support/close.h"
#include "support/fake_experiment.h"
#include "support/launch.h"
#include "support/program_runs.h"
#include "support/run_file_sample.h"

static const char program[] = DAT_BINARY_DIR "/bin/relational_games";

/* 40 steps, each with a checkpoint. */
static const char config[] =
    "data: {task: same, train_size: 320, validation_size: 20, test_size: 40, ood_size: 40, published: \"\"}\n"
    "model: {d_model: 16, dff: 32, n_layers: 1, n_heads_sa: 1, n_heads_ra: 1}\n"
    "train: {epochs: 2, batch_size: 16, micro_batch: 8, evaluate_every: 1, checkpoint_seconds: 0}\n"
    "seed: 5\n";
enum { STEPS = 40, SERIES = 6 + 4 * 3 }; /* six of train, three of each of four splits */

static int enter(void **state)
{
    if (fake_folder_enter(state) != 0)
        return -1;
    fake_write_config(config);
    return 0;
}

static void test_complete_run(void **state)
{
    (void)state;
    static const char *const splits[] = {"validation", "in_distribution", "hexos", "stripes"};
    program_path path = program_complete(program, "results");
    dat_run run = program_load(path.text);
    assert_int_equal(run.state, DAT_RUN_COMPLETE);
    assert_string_equal(run.experiment, "relational_games");
    assert_int_equal(run.n_blobs, 0);
    assert_true(run.n_params > 1000 && run.n_parameters > 10 && run.flops_per_step > 1e5);
    const dat_series *losses = dat_run_find_series(&run, "train/loss");
    assert_non_null(losses);
    assert_int_equal(losses->count, STEPS);
    for (int i = 0; i < STEPS; i++)
        assert_true(losses->values[i] > 0 && losses->values[i] < 10);
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "accuracy/%s", splits[i]);
        double accuracy = dat_run_summary(&run, name);
        assert_true(accuracy >= 0 && accuracy <= 1);
    }
    dat_run_free(&run);

    size_t size, size_again;
    unsigned char *bytes = sample_read_file(path.text, &size);
    fake_expect(program_finish(program, "results"), 0, "already complete: results/relational_games/c-", NULL);
    unsigned char *again = sample_read_file(path.text, &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    assert_int_equal(sample_count_entries("results/relational_games"), 1);
    free(bytes);
    free(again);
}

/* The config with another micro-batch, from one digit to one or two. */
static void write_micro_batch(const char *number)
{
    char changed[sizeof config + 1];
    const char *place = strstr(config, "micro_batch: 8") + strlen("micro_batch: ");
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(place - config), config, number, place + 1);
    fake_write_config(changed);
}

/* All 16 images of a batch of this small model fit the cache. The config stays what the user wrote. */
static void test_automatic_micro_batch(void **state)
{
    (void)state;
    write_micro_batch("16");
    program_path whole = program_complete(program, "whole");
    write_micro_batch("0");
    program_path automatic = program_complete(program, "automatic");
    program_expect_same_run(automatic.text, whole.text, SERIES);
    dat_run run = program_load(automatic.text);
    assert_true(dat_run_summary(&run, "micro_batch") == 16);
    assert_non_null(strstr(run.config_resolved, "micro_batch: 0\n"));
    dat_run_free(&run);
}

static void expect_rates(const char *schedule, double (*rate)(int step))
{
    char text[sizeof config + 64];
    const char *options = strstr(config, "epochs: 2");
    snprintf(text, sizeof text, "%.*sschedule: %s, %s", (int)(options - config), config, schedule, options);
    fake_write_config(text);
    program_path path = program_complete(program, schedule);
    dat_run run = program_load(path.text);
    const dat_series *rates = dat_run_find_series(&run, "train/lr");
    assert_int_equal(rates->count, STEPS);
    for (int i = 0; i < STEPS; i++)
        assert_close(rates->values[i], rate(i), 1e-12);
    dat_run_free(&run);
}

static double constant_rate(int step)
{
    (void)step;
    return 0.001;
}

static double falling_rate(int step)
{
    return 0.0005 * (1 + cos(3.14159265358979323846 * step / STEPS));
}

/* Over all of the run's steps, whatever their number. */
static void test_schedules(void **state)
{
    (void)state;
    expect_rates("constant", constant_rate);
    expect_rates("cosine", falling_rate);
}

static void test_killed_runs_end_the_same(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    program_kill_and_resume(program, &reference, SERIES);
}

static void test_stopped_run_ends_the_same(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    char path[256];
    snprintf(path, sizeof path, "stopped%s", strchr(reference.text, '/'));
    launch process = program_start(program, "stopped", NULL);
    program_wait_for_saves(path, 4);
    kill(process.pid, SIGTERM);
    fake_expect(launch_wait(&process), 130, "", "of 2; run the same command again to continue\n");
    dat_run run = program_load(path);
    assert_int_equal(run.state, DAT_RUN_RUNNING);
    assert_true(run.n_blobs > 0);
    dat_run_free(&run);
    program_path stopped = program_complete(program, "stopped");
    program_expect_same_run(stopped.text, reference.text, SERIES);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    program_expect_threads_do_not_matter(program, SERIES);
}

static void test_sweep_gives_the_same_as_run(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    const char *const arguments[] = {program,       "sweep",     "c.yaml", "--set",
                                     "seed=[4, 5]", "--results", "swept",  NULL};
    launch process = launch_program(arguments, NULL);
    fake_expect(launch_wait(&process), 0, "2 of 2 runs complete", "[2/2] seed=");
    dat_run run = program_load(reference.text);
    char path[256]; /* the same hash behind another name */
    snprintf(path, sizeof path, "swept/relational_games/s5%s", strrchr(run.run_id, '-'));
    snprintf(path + strlen(path), sizeof path - strlen(path), ".h5");
    dat_run_free(&run);
    program_expect_same_run(path, reference.text, SERIES);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *change, *error;
        int status;
    } cases[] = {
        {"model.d_modle=16", "d_model", 2},
        {"train.epochs=many", "epochs", 2},
        {"train.epochs=0", "epochs", 2},
        {"data.task=chess", "same, occurs", 2},
        {"model.n_heads_sa=2", "d_model = 16 must be a multiple of the total number of heads = 3", 2},
        {"model.patch_size=7", "patch", 2},
        {"data.folder=nowhere", "nowhere", 1},
        {"data.published=nowhere", "nowhere", 2},
        {"train.learning_rate=x", "learning_rate", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        program_expect_refusal(program, cases[i].change, cases[i].status, cases[i].error);
    const char *const arguments[] = {program, "run", "missing.yaml", NULL};
    launch process = launch_program(arguments, NULL);
    fake_expect(launch_wait(&process), 2, "", "missing.yaml");
}

static void test_truncated_data(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes =
        sample_read_file(DAT_SOURCE_DIR "/datasets/relational_games/mini_between_hexos.npz", &size);
    assert_non_null(bytes);
    assert_int_equal(mkdir("data", 0777), 0);
    assert_true(sample_write_file("data/same_hexos.npz", bytes, size));
    assert_true(sample_write_file("data/same_stripes.npz", bytes, size));
    for (int part = 0; part < 4; part++) {
        assert_true(sample_write_file("data/same_pentos.npz", bytes, size * (size_t)part / 4));
        const char *const arguments[] = {program, "run", "c.yaml", "--set", "data.folder=data", NULL};
        launch process = launch_program(arguments, NULL);
        fake_expect(launch_wait(&process), 1, "", "data/same_pentos.npz");
        program_expect_no_run_files(program);
    }
    free(bytes);
}

static void test_unwritable_results(void **state)
{
    (void)state;
    fake_expect(program_finish(program, "/proc/none"), 1, "",
                "relational_games: cannot create folder '/proc/none': ");
    assert_true(sample_write_file("file", "x", 1));
    fake_expect(program_finish(program, "file"), 1, "",
                "cannot create folder 'file': a file of that name is in the way\n");
}

static void limit_files_to_20_kb(void)
{
    const struct rlimit limit = {20000, 20000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(99);
}

static void test_full_disk(void **state)
{
    (void)state;
    launch process = program_start(program, "results", limit_files_to_20_kb);
    fake_expect(launch_wait(&process), 1, "", "File too large");
    program_expect_no_run_files(program);

    /* A disk that fills up later leaves the last checkpoint, from which the run goes on. */
    program_path reference = program_complete(program, "reference");
    char path[256];
    snprintf(path, sizeof path, "results%s", strchr(reference.text, '/'));
    process = program_start(program, "results", NULL);
    program_wait_for_saves(path, 3);
    kill(process.pid, SIGTERM);
    fake_expect(launch_wait(&process), 130, NULL, NULL);
    size_t size, size_after;
    unsigned char *before = sample_read_file(path, &size);
    process = program_start(program, "results", limit_files_to_20_kb);
    fake_expect(launch_wait(&process), 1, "", "the previous file stays");
    unsigned char *after = sample_read_file(path, &size_after);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    assert_int_equal(sample_count_entries("results/relational_games"), 1);
    free(before);
    free(after);
    program_path resumed = program_complete(program, "results");
    program_expect_same_run(resumed.text, reference.text, SERIES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_complete_run),
        TEST(test_automatic_micro_batch),
        TEST(test_schedules),
        TEST(test_killed_runs_end_the_same),
        TEST(test_stopped_run_ends_the_same),
        TEST(test_threads_do_not_matter),
        TEST(test_sweep_gives_the_same_as_run),
        TEST(test_refusals),
        TEST(test_truncated_data),
        TEST(test_unwritable_results),
        TEST(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
