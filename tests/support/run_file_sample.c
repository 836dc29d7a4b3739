#define _XOPEN_SOURCE 700 /* nftw */
#include "support/run_file_sample.h"

#include <dirent.h>
#include <ftw.h>
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

#include "util/memory.h"

static char *long_text(int length)
{
    char *text = dat_allocate((size_t)length + 1, 1);
    for (int i = 0; i < length; i++)
        text[i] = "abcdefghijklmnopqrstuvwxyz\n"[i % 27];
    return text;
}

static void add_series(dat_run *run)
{
    for (int i = 0; i < SAMPLE_LOSSES; i++)
        dat_run_append(run, "train/loss", 1.0 / (1 + i), 100);
    const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 5e-324, 1.7976931348623157e308};
    for (int i = 0; i < 6; i++)
        dat_run_append(run, "eval/hexos/accuracy", odd[i], 0);
    dat_run_append(run, "eval/pentos/accuracy", 0.5, 4);
    dat_run_append(run, "train/empty", 0, 1);
    run->series[run->n_series - 1].count = 0;
}

static void add_blobs(dat_run *run)
{
    static const unsigned char bytes[3000] = {1, 2, 3, 0, 255, [2999] = 7};
    for (int i = 0; i < SAMPLE_BLOBS; i++) {
        char name[32];
        snprintf(name, sizeof name, "adam.%d", i);
        dat_run_set_blob(run, name, bytes, (size_t)(i * 3000 / (SAMPLE_BLOBS - 1)));
    }
}

dat_run sample_run(void)
{
    static const dat_run_parameter parameters[] = {
        {"layers.blocks.0.dual_attn.relational_attention.wq_rel.weight", 2, {128, 64}},
        {"bias", 1, {7}},
        {"scale", 0, {0}},
        {"kernel", 4, {2, 3, 4, 5}},
    };
    dat_run run = {
        .experiment = "relational_games",
        .run_id = "same-dat-1-1-0123abcd",
        .state = DAT_RUN_COMPLETE,
        .config_resolved = dat_copy_string("seed: 1\nname: \"DAT(1,1) größe 数 ±\"\n"),
        .config_source = long_text(SAMPLE_SOURCE_LENGTH),
        .config_path = dat_copy_string(""),
        .n_params = 8320,
        .flops_per_step = 1.5e9,
        .parameters = memcpy(dat_allocate(1, sizeof parameters), parameters, sizeof parameters),
        .n_parameters = 4,
    };
    dat_run_set_environment_text(&run, "cpu", "Prozessor™ 数");
    dat_run_set_environment_number(&run, "threads", 2);
    dat_run_set_environment_text(&run, "flags", "");
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof name, "accuracy/split %d", 29 - i);
        dat_run_set_summary(&run, name, i / 30.0);
    }
    dat_run_set_summary(&run, "never", NAN);
    dat_run_set_summary_text(&run, "samples", "Solve 24 = 1601*c - 1605*c for c.\t-6\n");
    add_series(&run);
    add_blobs(&run);
    return run;
}

int sample_folder_create(void **state)
{
    char template[] = "/tmp/dat-run-file-XXXXXX";
    if (!mkdtemp(template))
        return -1;
    *state = dat_copy_string(template);
    return 0;
}

static int delete_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

int sample_folder_delete(void **state)
{
    int result = nftw(*state, delete_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return result;
}

sample_path sample_path_in(void *const *state, const char *name)
{
    sample_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", (const char *)*state, name);
    return path;
}

int sample_count_entries(const char *folder)
{
    DIR *stream = opendir(folder);
    int count = -2;
    while (stream && readdir(stream))
        count++;
    if (stream)
        closedir(stream);
    return count;
}

unsigned char *sample_read_file(const char *path, size_t *size)
{
    struct stat info;
    FILE *stream = fopen(path, "rb");
    if (!stream || fstat(fileno(stream), &info) != 0)
        return NULL;
    *size = (size_t)info.st_size;
    unsigned char *bytes = dat_allocate(*size, 1);
    size_t got = fread(bytes, 1, *size, stream);
    fclose(stream);
    return got == *size ? bytes : NULL;
}

bool sample_write_file(const char *path, const void *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    if (!stream)
        return false;
    size_t written = fwrite(bytes, 1, size, stream);
    return fclose(stream) == 0 && written == size;
}

unsigned char *sample_save(const char *path, size_t *size)
{
    dat_run run = sample_run();
    assert_string_equal(dat_run_save(&run, path).message, "");
    dat_run_free(&run);
    unsigned char *bytes = sample_read_file(path, size);
    assert_non_null(bytes);
    return bytes;
}

void sample_expect_refused(const char *path, const char *words)
{
    dat_run run;
    dat_status status = dat_run_load(path, true, &run);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    if (!strstr(status.message, words) || !strstr(status.message, path))
        fail_msg("\"%s\" does not say \"%s\" of %s", status.message, words, path);
    const dat_run empty = {0};
    assert_null(run.config_source);
    assert_null(run.series);
    assert_int_equal(run.n_blobs, 0);
    assert_string_equal(run.run_id, empty.run_id);
}
