#include "support/program_runs.h"

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

launch program_start(const char *program, const char *folder, void (*prepare)(void))
{
    const char *const arguments[] = {program,   "run",       "c.yaml", "--threads", "1",
                                     "--quiet", "--results", folder,   NULL};
    return launch_program(arguments, prepare);
}

launch_end *program_finish(const char *program, const char *folder)
{
    launch process = program_start(program, folder, NULL);
    return launch_wait(&process);
}

program_path program_completed(launch_end *end)
{
    program_path path;
    const char *place = strstr(end->out, "complete: ");
    if (end->status != 0 || !place)
        fail_msg("exit %d, signal %d: %s%s", end->status, end->signal, end->out, end->err);
    place += strlen("complete: ");
    snprintf(path.text, sizeof path.text, "%.*s", (int)strcspn(place, "\n"), place);
    free(end);
    return path;
}

program_path program_complete(const char *program, const char *folder)
{
    return program_completed(program_finish(program, folder));
}

void program_wait_for_saves(const char *path, int times)
{
    struct stat before = {0}, now;
    for (int i = 0; i < 5000 && times >= 0; i++) {
        if (stat(path, &now) == 0 &&
            (now.st_ino != before.st_ino || now.st_mtim.tv_nsec != before.st_mtim.tv_nsec)) {
            times--; /* the first time is what was there */
            before = now;
        }
        launch_pause(1);
    }
}

program_path program_path_in(const char *folder, const program_path *reference)
{
    program_path path;
    snprintf(path.text, sizeof path.text, "%s%s", folder, strchr(reference->text, '/'));
    return path;
}

void program_kill_and_resume(const char *program, const program_path *reference, int least_series)
{
    static const char folder[] = "killed";
    program_path path = program_path_in(folder, reference);
    int64_t steps = 0;
    int resumable = 0;
    for (int i = 0; i < 6; i++) {
        launch process = program_start(program, folder, NULL);
        if (i > 0)
            program_wait_for_saves(path.text, 2);
        launch_pause(7 * i);
        kill(process.pid, SIGKILL);
        free(launch_wait(&process));
        if (access(path.text, F_OK) != 0)
            continue;
        dat_run run = program_load(path.text); /* a file that is there is whole */
        const dat_series *losses = dat_run_find_series(&run, "train/loss");
        assert_true(!losses || losses->count >= steps);
        steps = losses ? losses->count : 0;
        resumable += steps > 0 && run.state == DAT_RUN_RUNNING && run.n_blobs > 0;
        dat_run_free(&run);
    }
    assert_true(resumable > 0);
    program_path killed = program_complete(program, folder);
    program_expect_same_run(killed.text, reference->text, least_series);
}

dat_run program_load(const char *path)
{
    dat_run run;
    dat_status status = dat_run_load(path, true, &run);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    return run;
}

static const char *parameters_hash(const dat_run *run)
{
    const dat_fact *fact = dat_run_find_environment(run, "parameters_xxh3");
    assert_non_null(fact);
    assert_int_equal(strlen(fact->text), 16);
    return fact->text;
}

/* Whether a fact of the summary says how fast the run was, not what came out. */
static bool is_speed(const char *name)
{
    static const char *const names[] = {"seconds", "waited_share", "samples_per_second", "tokens_per_second",
                                        "peak_rss_mib"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void expect_same_summary(const dat_run *run, const dat_run *reference)
{
    assert_int_equal(run->n_summary, reference->n_summary);
    for (int i = 0; i < reference->n_summary; i++) {
        const dat_fact *expected = &reference->summary[i];
        if (is_speed(expected->name))
            continue;
        if (expected->text)
            assert_string_equal(dat_run_summary_text(run, expected->name), expected->text);
        else
            assert_true(dat_run_summary(run, expected->name) == expected->number);
    }
}

void program_expect_same_run(const char *path, const char *reference_path, int least_series)
{
    dat_run run = program_load(path), reference = program_load(reference_path);
    assert_int_equal(run.state, DAT_RUN_COMPLETE);
    assert_string_equal(parameters_hash(&run), parameters_hash(&reference));
    assert_int_equal(run.n_series, reference.n_series);
    int compared = 0;
    for (int i = 0; i < reference.n_series; i++) {
        const dat_series *expected = &reference.series[i], *got = dat_run_find_series(&run, expected->name);
        assert_non_null(got);
        assert_int_equal(got->count, expected->count);
        if (strncmp(expected->name, "train/seconds", strlen("train/seconds")) == 0)
            continue;
        assert_memory_equal(got->values, expected->values, (size_t)got->count * sizeof(double));
        compared++;
    }
    assert_true(compared >= least_series);
    expect_same_summary(&run, &reference);
    assert_int_equal(run.n_blobs, reference.n_blobs);
    for (int i = 0; i < reference.n_blobs; i++) {
        const dat_run_blob *blob = dat_run_find_blob(&run, reference.blobs[i].name);
        assert_non_null(blob);
        assert_int_equal(blob->size, reference.blobs[i].size);
        assert_memory_equal(blob->bytes, reference.blobs[i].bytes, blob->size);
    }
    dat_run_free(&run);
    dat_run_free(&reference);
}

void program_expect_threads_do_not_matter(const char *program, int least_series)
{
    program_path one = program_complete(program, "one");
    const char *const arguments[] = {program,   "run",       "c.yaml", "--threads", "2",
                                     "--quiet", "--results", "two",    NULL};
    launch process = launch_program(arguments, NULL);
    fake_expect(launch_wait(&process), 0, "complete: two/", NULL);
    program_expect_same_run(program_path_in("two", &one).text, one.text, least_series);
}

void program_expect_refusal(const char *program, const char *change, int status, const char *error)
{
    const char *const arguments[] = {program, "run", "c.yaml", "--set", change, NULL};
    const char *name = strrchr(program, '/') + 1;
    launch process = launch_program(arguments, NULL);
    launch_end *end = launch_wait(&process);
    assert_string_equal(end->out, "");
    assert_true(strncmp(end->err, name, strlen(name)) == 0 && end->err[strlen(name)] == ':');
    assert_ptr_equal(strchr(end->err, '\n'), end->err + strlen(end->err) - 1); /* one line */
    fake_expect(end, status, "", error);
    program_expect_no_run_files(program);
}

void program_expect_no_run_files(const char *program)
{
    char folder[256];
    snprintf(folder, sizeof folder, "results%s", strrchr(program, '/'));
    assert_true(access(folder, F_OK) != 0 || sample_count_entries(folder) == 0);
}
