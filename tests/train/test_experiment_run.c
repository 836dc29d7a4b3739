/* The subcommand run: complete runs, stops, resumes, locks and what may be in the way. */
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

#include "support/fake_experiment.h"
#include "support/run_file_sample.h"
#include "util/memory.h"

static launch start_run(const char *flag)
{
    const char *const arguments[] = {"fake", "run", "c.yaml", flag, NULL};
    return launch_function(fake_main, arguments, NULL);
}

static void expect_text(const dat_run *run, const char *name, const char *fragment)
{
    const dat_fact *fact = dat_run_find_environment(run, name);
    assert_non_null(fact);
    assert_non_null(fact->text);
    assert_true(*fact->text != '\0');
    assert_non_null(strstr(fact->text, fragment));
}

static double number_of(const dat_run *run, const char *name)
{
    const dat_fact *fact = dat_run_find_environment(run, name);
    assert_non_null(fact);
    assert_null(fact->text);
    return fact->number;
}

static void test_record(void **state)
{
    (void)state;
    dat_run run;
    fake_write_config("seed: 3\nquick: {steps: 2}\n");
    fake_expect(FAKE_CALL("run", "c.yaml", "--preset", "quick", "--set", "seed=4", "--threads", "1",
                          "--results", "r/s"),
                0, "accuracy fake 0.7500\n", NULL);
    launch_end *end = FAKE_CALL("run", "c.yaml", "--preset", "quick", "--set", "seed=4", "--results", "r/s");
    const char *path = strstr(end->out, "r/s/fake/");
    assert_non_null(path);
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(path, "\n"), path);
    free(end);
    assert_int_equal(dat_run_load(copy, true, &run).code, DAT_CODE_OK);
    assert_string_equal(run.experiment, "fake");
    assert_true(strncmp(run.run_id, "c-", 2) == 0);
    assert_string_equal(run.config_resolved,
                        "behaviour: succeed\nsteps: 2\nmilliseconds: 0\nseed: 4\ntrace: trace.txt\n");
    assert_string_equal(run.config_source, "seed: 3\nquick: {steps: 2}\n");
    assert_string_equal(run.config_path, "c.yaml");
    assert_string_equal(run.config_overrides, "--preset quick\n--set seed=4\n");
    expect_text(&run, "version", ".");
    expect_text(&run, "commit", "");
    expect_text(&run, "compiler", " ");
    expect_text(&run, "cpu", "");
    expect_text(&run, "os", "Linux");
    expect_text(&run, "blas", "OpenBLAS");
    expect_text(&run, "hdf5", "1.");
    expect_text(&run, "libyaml", "0.");
    assert_true(number_of(&run, "threads") == 1);
    assert_true(number_of(&run, "cores") >= 1);
    dat_run_free(&run);
}

static void test_complete_run_is_not_done_again(void **state)
{
    (void)state;
    fake_write_config("steps: 3\n");
    char *path = fake_run_path(NULL, 0, 0);
    char expected[300];
    size_t size, size_again;
    snprintf(expected, sizeof expected, "complete: %s\naccuracy fake 0.7500\n", path);
    launch_end *end = FAKE_CALL("run", "c.yaml");
    assert_string_equal(end->out, expected);
    fake_expect(end, 0, NULL, "epoch 3/3");
    unsigned char *bytes = sample_read_file(path, &size);
    fake_expect_complete(path, 0, 3);

    snprintf(expected, sizeof expected, "already complete: %s\naccuracy fake 0.7500\n", path);
    end = FAKE_CALL("run", "c.yaml", "--resume");
    assert_string_equal(end->out, expected);
    assert_string_equal(end->err, "");
    fake_expect(end, 0, NULL, NULL);
    unsigned char *again = sample_read_file(path, &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 1);
    assert_int_equal(sample_count_entries("results/fake"), 1);
    free(bytes);
    free(again);
    free(path);
}

static void test_quiet(void **state)
{
    (void)state;
    fake_write_config("steps: 3\n");
    launch_end *end = FAKE_CALL("run", "c.yaml", "--quiet");
    assert_string_equal(end->err, "");
    fake_expect(end, 0, "complete: results/fake/", NULL);
}

static void test_stop_and_resume(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    fake_write_config("steps: 20\nmilliseconds: 30\n");
    char *path = fake_run_path(NULL, 0, 0);
    for (int i = 0; i < 2; i++) {
        int before = fake_trace_count("trace.txt", "step");
        launch process = start_run(i ? "--resume" : "--quiet");
        while (fake_trace_count("trace.txt", "step") <= before)
            launch_pause(5);
        kill(process.pid, signals[i]);
        fake_expect(launch_wait(&process), 130, "", "of 20; run the same command again to continue");
        assert_int_equal(fake_trace_count("trace.txt", "end"), i + 1); /* it ended by itself */
        assert_int_equal(sample_count_entries("results/fake"), 1);
    }
    fake_expect(FAKE_CALL("run", "c.yaml"), 0, "complete: ", "continuing");
    fake_expect_complete(path, 0, 20);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 3);
    free(path);
}

static void test_stop_before_the_first_step(void **state)
{
    (void)state;
    fake_write_config("behaviour: stop\n");
    fake_expect(FAKE_CALL("run", "c.yaml"), 130, "",
                "fake: stopped before the first step; run the same command again");
}

static void test_second_interrupt_kills(void **state)
{
    (void)state;
    fake_write_config("steps: 1000\nmilliseconds: 20\nbehaviour: deaf\n");
    launch process = start_run("--quiet");
    assert_true(launch_wait_for_file("trace.txt", 1));
    kill(process.pid, SIGTERM);
    kill(process.pid, SIGTERM); /* tools may send it twice */
    launch_pause(100);
    kill(process.pid, SIGINT);
    launch_pause(100);
    assert_int_equal(kill(process.pid, 0), 0);
    kill(process.pid, SIGINT);
    launch_end *end = launch_wait(&process);
    assert_int_equal(end->signal, SIGINT);
    free(end);
}

static void test_kill_and_resume(void **state)
{
    (void)state;
    fake_write_config("steps: 40\nmilliseconds: 15\n");
    char *path = fake_run_path(NULL, 0, 0);
    for (int i = 0; i < 3; i++) {
        launch process = start_run("--quiet");
        while (fake_trace_count("trace.txt", "start") <= i)
            launch_pause(5);
        launch_pause(45); /* anywhere, be it inside of a save */
        kill(process.pid, SIGKILL);
        free(launch_wait(&process));
    }
    assert_int_equal(fake_trace_count("trace.txt", "end"), 0);
    fake_expect(FAKE_CALL("run", "c.yaml"), 0, "complete: ", NULL);
    fake_expect_complete(path, 0, 40);
    char lock[300];
    snprintf(lock, sizeof lock, "%s.lock", path);
    assert_int_equal(access(lock, F_OK), -1);
    free(path);
}

static void test_one_process_at_a_time(void **state)
{
    (void)state;
    fake_write_config("steps: 20\nmilliseconds: 30\n");
    launch first = start_run("--quiet");
    assert_true(launch_wait_for_file("trace.txt", 1));
    fake_expect(FAKE_CALL("run", "c.yaml"), 1, "", "another process is training this run, results/fake/c-");
    fake_expect(launch_wait(&first), 0, "complete: ", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 1);
}

static void test_failure(void **state)
{
    (void)state;
    fake_write_config("behaviour: fail\n");
    for (int i = 0; i < 2; i++)
        fake_expect(FAKE_CALL("run", "c.yaml", "--quiet"), 1, "", "fake: it failed as it was told\n");
    assert_int_equal(sample_count_entries("results/fake"), 1);
}

/* Saves a run file where the config's run goes. */
static void save_at(const char *path, dat_run_state run_state, const char *config)
{
    dat_run run = {.experiment = "fake", .state = run_state};
    run.config_resolved = dat_copy_string(config);
    assert_int_equal(dat_run_save(&run, path).code, DAT_CODE_OK);
    dat_run_free(&run);
}

static void test_files_in_the_way(void **state)
{
    (void)state;
    static const char config[] = "behaviour: succeed\nsteps: 4\nmilliseconds: 0\nseed: 0\ntrace: trace.txt\n";
    fake_write_config("seed: 0\n");
    char *path = fake_run_path(NULL, 0, 0);
    save_at(path, DAT_RUN_FAILED, config);
    fake_expect(FAKE_CALL("run", "c.yaml"), 1, "", "holds a run that failed; delete it or move it away");
    save_at(path, DAT_RUN_COMPLETE, "seed: 1\n");
    fake_expect(FAKE_CALL("run", "c.yaml"), 1, "", "holds another run than c-");

    size_t size;
    save_at(path, DAT_RUN_COMPLETE, config);
    fake_expect(FAKE_CALL("run", "c.yaml"), 0, "already complete", NULL);
    unsigned char *bytes = sample_read_file(path, &size);
    for (size_t length = 0; length < size; length += 700) {
        assert_true(sample_write_file(path, bytes, length));
        fake_expect(FAKE_CALL("run", "c.yaml"), 1, "",
                    "unreadable run file in the way, delete it or move it away");
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, length); /* left as it is */
    }
    free(bytes);
    assert_int_equal(remove(path), 0);
    fake_expect(FAKE_CALL("run", "c.yaml"), 0, "complete", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 1);
    free(path);
}

static void test_unusable_results_folder(void **state)
{
    (void)state;
    fake_write_config("seed: 0\n");
    assert_true(sample_write_file("results", "x", 1));
    fake_expect(FAKE_CALL("run", "c.yaml"), 1, "",
                "cannot create folder 'results': a file of that name is in the way");
    fake_expect(FAKE_CALL("run", "c.yaml", "--results", "/proc/none"), 1, "",
                "cannot create folder '/proc/none'");
    assert_int_equal(fake_trace_count("trace.txt", "start"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_folder_enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_record),
        TEST(test_complete_run_is_not_done_again),
        TEST(test_quiet),
        TEST(test_stop_and_resume),
        TEST(test_stop_before_the_first_step),
        TEST(test_second_interrupt_kills),
        TEST(test_kill_and_resume),
        TEST(test_one_process_at_a_time),
        TEST(test_failure),
        TEST(test_files_in_the_way),
        TEST(test_unusable_results_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
