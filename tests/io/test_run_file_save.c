/* Saving run files: whatever goes wrong, the file on disk is the old one or the new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/rng.h"
#include "io/run_file.h"
#include "io/run_file_seal.h"
#include "support/run_file_sample.h"

static void assert_ok(dat_status status)
{
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

static void assert_failure_says(dat_status status, const char *words)
{
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    if (!strstr(status.message, words))
        fail_msg("\"%s\" does not say \"%s\"", status.message, words);
}

/* Blanks the seal and the one place of a text. */
static void blank(unsigned char *bytes, size_t size, const char *text)
{
    int n_places = 0;
    memset(bytes, 0, DAT_RUN_SEAL_SIZE);
    for (size_t i = 0; i + strlen(text) <= size; i++) {
        if (memcmp(bytes + i, text, strlen(text)) == 0) {
            memset(bytes + i, 0, strlen(text));
            n_places++;
        }
    }
    assert_int_equal(n_places, 1);
}

static void test_same_run_gives_same_bytes(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_run run = sample_run(), loaded;
    size_t size_before = 0, size_after = 0;
    strcpy(run.created, "2001-02-03T04:05:06Z");
    assert_ok(dat_run_save(&run, path.text));
    unsigned char *before = sample_read_file(path.text, &size_before);
    assert_ok(dat_run_load(path.text, true, &loaded));
    do { /* until the clock shows another second */
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
        assert_ok(dat_run_save(&loaded, path.text));
    } while (strcmp(loaded.updated, run.updated) == 0);
    unsigned char *after = sample_read_file(path.text, &size_after);
    assert_int_equal(size_before, size_after);
    blank(before, size_before, run.updated);
    blank(after, size_after, loaded.updated);
    assert_memory_equal(before, after, size_before);
    free(before);
    free(after);
    dat_run_free(&loaded);
    dat_run_free(&run);
}

static void test_creates_missing_folders(void **state)
{
    sample_path path = sample_path_in(state, "a//b/c/run.h5");
    dat_run run = sample_run(), loaded;
    assert_ok(dat_run_save(&run, path.text));
    assert_ok(dat_run_load(path.text, true, &loaded));
    assert_int_equal(sample_count_entries(sample_path_in(state, "a/b/c").text), 1);
    dat_run_free(&loaded);
    dat_run_free(&run);
}

static void test_parent_is_a_file(void **state)
{
    sample_path file = sample_path_in(state, "file"), below = sample_path_in(state, "file/run.h5"),
                deeper = sample_path_in(state, "file/folder/run.h5");
    dat_run run = sample_run();
    assert_true(sample_write_file(file.text, "text", 4));
    assert_failure_says(dat_run_save(&run, below.text), "a file of that name is in the way");
    assert_failure_says(dat_run_save(&run, deeper.text), "in the way");
    assert_string_equal(run.created, "");
    size_t size = 0;
    free(sample_read_file(file.text, &size));
    assert_int_equal(size, 4);
    assert_int_equal(sample_count_entries(*state), 1);
    dat_run_free(&run);
}

static void test_path_is_a_folder(void **state)
{
    sample_path folder = sample_path_in(state, "run.h5");
    dat_run run = sample_run();
    assert_int_equal(mkdir(folder.text, 0777), 0);
    assert_failure_says(dat_run_save(&run, folder.text), "Is a directory");
    assert_int_equal(sample_count_entries(*state), 1);
    dat_run_free(&run);
}

/* Runs `body` in a child process and returns its exit status; -1 when it did not exit. */
static int in_child(int (*body)(const char *path), const char *path)
{
    pid_t child = fork();
    if (child == 0)
        _exit(body(path));
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int save_without_permission(const char *path)
{
    if (geteuid() == 0 && setuid(65534) != 0)
        return 77;
    dat_run run = sample_run();
    dat_status status = dat_run_save(&run, path);
    dat_run_free(&run);
    return status.code == DAT_CODE_FAILURE && strstr(status.message, "Permission denied") ? 0 : 1;
}

/* A disk that is full after 100,000 bytes; the sample takes more. */
static int save_beyond_limit(const char *path)
{
    const struct rlimit limit = {100000, 100000};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 77;
    dat_run run = sample_run();
    dat_status status = dat_run_save(&run, path);
    bool unchanged = !*run.created && !*run.updated;
    dat_run_free(&run);
    return unchanged && status.code == DAT_CODE_FAILURE && strstr(status.message, "File too large") ? 0 : 1;
}

static void assert_save_leaves_old_file(void *const *state, int (*save)(const char *path), mode_t folder_mode)
{
    sample_path folder = sample_path_in(state, "runs"), path = sample_path_in(state, "runs/run.h5");
    dat_run old = {.experiment = "old"}, loaded;
    assert_ok(dat_run_save(&old, path.text));
    assert_int_equal(chmod(folder.text, folder_mode), 0);
    assert_int_equal(chmod(*state, 0755), 0);
    int result = in_child(save, path.text);
    assert_int_equal(chmod(folder.text, 0755), 0);
    assert_int_equal(result, 0);
    assert_ok(dat_run_load(path.text, true, &loaded));
    assert_string_equal(loaded.experiment, "old");
    assert_int_equal(sample_count_entries(folder.text), 1);
    dat_run_free(&loaded);
    dat_run_free(&old);
}

static void test_unwritable_folder(void **state)
{
    assert_save_leaves_old_file(state, save_without_permission, 0555);
}

static void test_full_disk(void **state)
{
    assert_save_leaves_old_file(state, save_beyond_limit, 0755);
}

static int save_to_full_device(const char *path)
{
    (void)path;
    dat_run run = sample_run();
    dat_status status = dat_run_save(&run, "/dev/full/run.h5");
    dat_run_free(&run);
    return status.code == DAT_CODE_FAILURE ? 0 : 1;
}

static int save_prints_nothing(const char *path)
{
    if (!freopen(path, "w", stderr) || !freopen(path, "a", stdout))
        return 1;
    dat_run run = sample_run(), loaded;
    int result = save_to_full_device(path);
    dat_run_append(&run, "train", 1, 1); /* below which there are series already: HDF5 refuses */
    dat_status status = dat_run_save(&run, "/dev/null/run.h5");
    result |= status.code != DAT_CODE_FAILURE || !strstr(status.message, "'train'");
    result |= dat_run_load("/dev/null", true, &loaded).code != DAT_CODE_FAILURE;
    dat_run_free(&run);
    fflush(NULL);
    return result;
}

static void test_prints_nothing(void **state)
{
    sample_path path = sample_path_in(state, "output");
    assert_int_equal(in_child(save_prints_nothing, path.text), 0);
    size_t size = 1;
    free(sample_read_file(path.text, &size));
    assert_int_equal(size, 0);
}

/* Saves for ever and tells `ready` after every save; the series' length and a number in the summary always
 * agree. */
static int save_again_and_again(const char *path, int ready)
{
    dat_run run = sample_run();
    for (int i = 1;; i++) {
        dat_run_append(&run, "train/step", i, 100);
        dat_run_set_summary(&run, "steps", i);
        if (dat_run_save(&run, path).code != DAT_CODE_OK || write(ready, "", 1) != 1)
            return 1;
    }
}

static void test_killed_writer(void **state)
{
    sample_path path = sample_path_in(state, "run.h5");
    dat_rng rng = dat_rng_seed(1);
    dat_run run = sample_run(), loaded;
    assert_ok(dat_run_save(&run, path.text));
    dat_run_free(&run);
    int n_progressed = 0;
    for (int i = 0; i < 30; i++) {
        int ready[2];
        char byte;
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0)
            _exit(save_again_and_again(path.text, ready[1]));
        if (i % 2 == 0) /* however slow the machine is, half of the writers get to save once */
            assert_int_equal(read(ready[0], &byte, 1), 1);
        nanosleep(&(struct timespec){.tv_nsec = (long)dat_rng_below(&rng, 40 * 1000 * 1000)}, NULL);
        int status = 0;
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        close(ready[0]);
        close(ready[1]);
        assert_true(WIFSIGNALED(status));
        assert_ok(dat_run_load(path.text, true, &loaded));
        const dat_series *steps = dat_run_find_series(&loaded, "train/step");
        assert_true(!steps || (int64_t)dat_run_summary(&loaded, "steps") == steps->count);
        assert_int_equal(loaded.n_blobs, SAMPLE_BLOBS);
        n_progressed += steps != NULL;
        dat_run_free(&loaded);
    }
    assert_true(n_progressed > 0);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, sample_folder_create, sample_folder_delete)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_same_run_gives_same_bytes),
        WITH_FOLDER(test_creates_missing_folders),
        WITH_FOLDER(test_parent_is_a_file),
        WITH_FOLDER(test_path_is_a_folder),
        WITH_FOLDER(test_unwritable_folder),
        WITH_FOLDER(test_full_disk),
        WITH_FOLDER(test_prints_nothing),
        WITH_FOLDER(test_killed_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
