/* The subcommand sweep: skips, failures, crashes, stops, jobs, shards, locks. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fake_experiment.h"
#include "support/run_file_sample.h"
#include "train/environment.h"

static launch start_sweep(const char *flag, const char *value)
{
    const char *const arguments[] = {"fake", "sweep", "c.yaml", flag, value, NULL};
    return launch_function(fake_main, arguments, NULL);
}

/* The first `n` runs of c.yaml, whose only axis is seed: [0, 1, ...], are complete. */
static void expect_seeds_complete(int64_t n, int64_t steps)
{
    for (int64_t i = 0; i < n; i++) {
        char *path = fake_run_path(NULL, 0, i);
        fake_expect_complete(path, i, steps);
        free(path);
    }
    assert_int_equal(sample_count_entries("results/fake"), n); /* no locks, no temporary files */
}

static int count_lines(const char *text, const char *fragment)
{
    int count = 0;
    for (const char *place = text; (place = strstr(place, fragment)) != NULL; place++)
        count++;
    return count;
}

static void test_trains_every_run_once(void **state)
{
    (void)state;
    fake_write_config("sweep: {seed: [0, 1, 2, 3, 4]}\n");
    launch_end *end = FAKE_CALL("sweep", "c.yaml", "--jobs", "2");
    assert_string_equal(end->out, "5 of 5 runs complete (0 before), in results/fake\n");
    assert_int_equal(count_lines(end->err, "complete, accuracy fake 0.7500 ("), 5);
    assert_int_equal(count_lines(end->err, "\n"), 5);
    fake_expect(end, 0, NULL, "[5/5] seed=");
    expect_seeds_complete(5, 4);

    end = FAKE_CALL("sweep", "c.yaml");
    assert_string_equal(end->err, "");
    fake_expect(end, 0, "5 of 5 runs complete (5 before), in results/fake\n", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 5);
}

static void test_only_what_is_missing(void **state)
{
    (void)state;
    fake_write_config("sweep: {seed: [0, 1, 2]}\n");
    fake_expect(FAKE_CALL("run", "c.yaml", "--set", "seed=1"), 0, "complete", NULL);
    fake_expect(FAKE_CALL("sweep", "c.yaml", "--quiet"), 0, "3 of 3 runs complete (1 before)", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 3);
    expect_seeds_complete(3, 4);
}

static void test_one_run_config(void **state)
{
    (void)state;
    fake_write_config("seed: 0\n");
    fake_expect(FAKE_CALL("sweep", "c.yaml"), 0, "1 of 1 runs complete", "[1/1] c-");
    expect_seeds_complete(1, 4);
}

static void test_jobs_limit(void **state)
{
    (void)state;
    fake_write_config("milliseconds: 20\nsweep: {seed: [0, 1, 2, 3, 4, 5, 6]}\n");
    launch_end *end = FAKE_CALL("sweep", "c.yaml", "--jobs", "3", "--quiet");
    assert_string_equal(end->err, "");
    fake_expect(end, 0, "7 of 7", NULL);
    assert_int_equal(fake_trace_most_at_once("trace.txt"), 3);
}

static double threads_of(const char *path)
{
    dat_run run;
    assert_int_equal(dat_run_load(path, false, &run).code, DAT_CODE_OK);
    const dat_fact *threads = dat_run_find_environment(&run, "threads");
    assert_non_null(threads);
    double number = threads->number;
    dat_run_free(&run);
    return number;
}

static void test_cores_are_divided(void **state)
{
    (void)state;
    int cores = dat_count_cores();
    static const int jobs[] = {1, 2, 64};
    for (int i = 0; i < 3; i++) {
        char config[100], number[16];
        snprintf(config, sizeof config, "steps: %d\nsweep: {seed: [0, 1]}\n", 2 + i);
        snprintf(number, sizeof number, "%d", jobs[i]);
        fake_write_config(config);
        fake_expect(FAKE_CALL("sweep", "c.yaml", "--jobs", number), 0, NULL, NULL);
        char *path = fake_run_path(NULL, 0, 0);
        int at_once = jobs[i] < 2 ? jobs[i] : 2; /* there are only two runs */
        assert_true(threads_of(path) == (cores / at_once > 0 ? cores / at_once : 1));
        free(path);
    }
}

static void test_failures_and_crashes(void **state)
{
    (void)state;
    fake_write_config("sweep: {behaviour: [succeed, fail, crash], seed: [0, 1]}\n");
    launch_end *end = FAKE_CALL("sweep", "c.yaml", "--jobs", "2");
    assert_string_equal(end->out, "");
    const char *summary = strstr(end->err, "fake: 2 of 6 runs complete; 4 failed:\n");
    assert_non_null(summary);
    assert_int_equal(count_lines(summary, "\n"), 5);
    assert_int_equal(count_lines(summary, ": it failed as it was told\n"), 2);
    assert_int_equal(count_lines(summary, ": crashed by signal 6 (Aborted)\n"), 2);
    assert_int_equal(count_lines(summary, "  fail_s1-"), 1);
    assert_int_equal(count_lines(summary, "  crash_s0-"), 1);
    fake_expect(end, 1, NULL, "behaviour=fail seed=0: failed: it failed as it was told (");

    /* the next sweep tries them again and leaves the complete ones alone */
    fake_expect(FAKE_CALL("sweep", "c.yaml", "--quiet"), 1, "", "fake: 2 of 6 runs complete; 4 failed:\n");
    assert_int_equal(fake_trace_count("trace.txt", "start succeed"), 2);
    assert_int_equal(fake_trace_count("trace.txt", "start fail"), 4);
    assert_int_equal(fake_trace_count("trace.txt", "start crash"), 4);
}

static void test_blocked_run(void **state)
{
    (void)state;
    fake_write_config("sweep: {seed: [0, 1]}\n");
    char *path = fake_run_path(NULL, 0, 0);
    fake_expect(FAKE_CALL("run", "c.yaml", "--set", "seed=0"), 0, NULL, NULL);
    assert_true(sample_write_file(path, "garbage", 7));
    fake_expect(FAKE_CALL("sweep", "c.yaml"), 1, "", "1 of 2 runs complete; 1 failed:\n  s0-");
    fake_expect(FAKE_CALL("sweep", "c.yaml"), 1, "",
                ": unreadable run file in the way, delete it or move it away");
    free(path);
}

static void test_bad_config_stops_all(void **state)
{
    (void)state;
    fake_write_config("sweep: {seed: [0, 13]}\n");
    fake_expect(FAKE_CALL("sweep", "c.yaml"), 2, "", "c.yaml: seed=13: seed 13 is refused");
    fake_expect(FAKE_CALL("sweep", "c.yaml", "--shard", "1/2"), 2, "", "c.yaml: seed=13: seed 13 is refused");
    assert_int_equal(access("results", F_OK), -1);
}

static void test_dry_run(void **state)
{
    (void)state;
    fake_write_config("milliseconds: 30\nsteps: 20\nsweep: {seed: [0, 1, 2, 3]}\n");
    launch_end *end = FAKE_CALL("sweep", "c.yaml", "--dry-run");
    assert_int_equal(count_lines(end->out, "missing     s"), 4);
    fake_expect(end, 0, "4 runs: 0 complete, 0 unfinished, 4 missing, 0 blocked\n", NULL);
    assert_int_equal(access("results", F_OK), -1);

    const char *const unfinished[] = {"fake", "run", "c.yaml", "--set", "seed=1", NULL};
    launch process = launch_function(fake_main, unfinished, NULL);
    while (fake_trace_count("trace.txt", "step") < 1)
        launch_pause(5);
    kill(process.pid, SIGTERM);
    fake_expect(launch_wait(&process), 130, NULL, NULL);
    fake_expect(FAKE_CALL("run", "c.yaml", "--set", "seed=2", "--quiet"), 0, NULL, NULL);
    char *path = fake_run_path(NULL, 0, 3);
    assert_true(sample_write_file(path, "garbage", 7));
    free(path);

    end = FAKE_CALL("sweep", "c.yaml", "--dry-run");
    assert_true(strncmp(end->out, "missing     s0-", 15) == 0);
    assert_non_null(strstr(end->out, "seed=0\nunfinished  s1-"));
    assert_non_null(strstr(end->out, "seed=1\ncomplete    s2-"));
    assert_non_null(strstr(end->out, "seed=2\nblocked     s3-"));
    fake_expect(end, 0, "4 runs: 1 complete, 1 unfinished, 1 missing, 1 blocked\n", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 2);
}

static void test_shards_cover_every_run_once(void **state)
{
    (void)state;
    fake_write_config("sweep: {seed: [0, 1, 2, 3, 4, 5, 6]}\n");
    for (int n = 1; n <= 9; n++) {
        int seen[7] = {0};
        for (int i = 1; i <= n; i++) {
            char shard[16];
            snprintf(shard, sizeof shard, "%d/%d", i, n);
            launch_end *end = FAKE_CALL("sweep", "c.yaml", "--shard", shard, "--dry-run");
            for (int seed = 0; seed < 7; seed++) {
                char label[16];
                snprintf(label, sizeof label, "  seed=%d\n", seed);
                seen[seed] += count_lines(end->out, label);
            }
            fake_expect(end, 0, NULL, NULL);
        }
        for (int seed = 0; seed < 7; seed++)
            assert_int_equal(seen[seed], 1);
    }
    fake_expect(FAKE_CALL("sweep", "c.yaml", "--shard", "2/2"), 0, "3 of 3 runs complete (0 before)", NULL);
    fake_expect(FAKE_CALL("sweep", "c.yaml", "--shard", "1/2"), 0, "4 of 4 runs complete (0 before)", NULL);
    expect_seeds_complete(7, 4);
}

static void test_stop_and_continue(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    fake_write_config("steps: 20\nmilliseconds: 30\nsweep: {seed: [0, 1, 2, 3, 4]}\n");
    for (int i = 0; i < 2; i++) {
        int before = fake_trace_count("trace.txt", "start");
        launch process = start_sweep("--jobs", "2");
        while (fake_trace_count("trace.txt", "start") < before + 2)
            launch_pause(5);
        launch_pause(50);
        kill(process.pid, signals[i]);
        fake_expect(launch_wait(&process), 130, "",
                    "of 5 runs complete; stopped, run the same command again");
        /* all runs that were started have ended by themselves */
        assert_int_equal(fake_trace_count("trace.txt", "start"), fake_trace_count("trace.txt", "end"));
    }
    assert_int_equal(fake_trace_count("trace.txt", "start"), 4);
    fake_expect(FAKE_CALL("sweep", "c.yaml"), 0, "5 of 5 runs complete (0 before)", NULL);
    expect_seeds_complete(5, 20);
}

static void test_two_sweeps_share_the_work(void **state)
{
    (void)state;
    fake_write_config("milliseconds: 40\nsweep: {seed: [0, 1, 2, 3, 4, 5]}\n");
    launch first = start_sweep("--jobs", "2"), second = start_sweep("--jobs", "2");
    fake_expect(launch_wait(&first), 0, "6 of 6 runs complete", NULL);
    fake_expect(launch_wait(&second), 0, "6 of 6 runs complete", NULL);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 6);
    assert_true(fake_trace_most_at_once("trace.txt") > 2);
    expect_seeds_complete(6, 4);
}

static void test_workers_end_when_their_parent_is_killed(void **state)
{
    (void)state;
    fake_write_config("steps: 1000\nmilliseconds: 20\nsweep: {seed: [0, 1]}\n");
    launch process = start_sweep("--jobs", "2");
    while (fake_trace_count("trace.txt", "start") < 2)
        launch_pause(5);
    kill(process.pid, SIGKILL);
    free(launch_wait(&process));
    for (int i = 0; i < 500 && fake_trace_count("trace.txt", "end") < 2; i++)
        launch_pause(10);
    assert_int_equal(fake_trace_count("trace.txt", "end"), 2);
}

static void test_a_killed_run_is_told_and_continued(void **state)
{
    (void)state;
    fake_write_config("steps: 40\nmilliseconds: 30\nsweep: {seed: [0]}\n");
    char *path = fake_run_path(NULL, 0, 0);
    const char *const arguments[] = {"fake", "run", "c.yaml", NULL};
    launch process = launch_function(fake_main, arguments, NULL);
    assert_true(launch_wait_for_file(path, 1));
    launch sweep = start_sweep("--quiet", NULL); /* finds the run locked and waits */
    launch_pause(60);
    kill(process.pid, SIGKILL);
    free(launch_wait(&process));
    fake_expect(launch_wait(&sweep), 0, "1 of 1 runs complete", NULL);
    fake_expect_complete(path, 0, 40); /* a temporary file of the killed process may be there */
    assert_int_equal(fake_trace_count("trace.txt", "start"), 2);
    free(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_folder_enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_trains_every_run_once),
        TEST(test_only_what_is_missing),
        TEST(test_one_run_config),
        TEST(test_jobs_limit),
        TEST(test_cores_are_divided),
        TEST(test_failures_and_crashes),
        TEST(test_blocked_run),
        TEST(test_bad_config_stops_all),
        TEST(test_dry_run),
        TEST(test_shards_cover_every_run_once),
        TEST(test_stop_and_continue),
        TEST(test_two_sweeps_share_the_work),
        TEST(test_workers_end_when_their_parent_is_killed),
        TEST(test_a_killed_run_is_told_and_continued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
