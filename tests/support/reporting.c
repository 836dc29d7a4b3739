#define _XOPEN_SOURCE 700 /* nftw */
#include "support/reporting.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static char folder[64];

int reporting_make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dat-test-report-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info, (void)type, (void)place;
    return remove(path);
}

int reporting_remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *reporting_path(const char *name)
{
    static char path[REPORTING_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void reporting_write_text(const char *name, const char *text)
{
    FILE *file = fopen(reporting_path(name), "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

size_t reporting_read_file(const char *name, char text[REPORTING_TEXT_SIZE])
{
    FILE *file = fopen(reporting_path(name), "rb");
    if (!file)
        fail_msg("%s was not written", name);
    size_t size = fread(text, 1, REPORTING_TEXT_SIZE - 1, file);
    fclose(file);
    text[size] = '\0';
    return size;
}

void reporting_save_run(dat_run *run, const char *name)
{
    dat_status status = dat_run_save(run, reporting_path(name));
    assert_string_equal(status.message, "");
    dat_run_free(run);
}

int reporting_run(const char *out, const char *extra, const char *more, char *const *environment)
{
    char program[] = DAT_BINARY_DIR "/bin/dat";
    char words[7][REPORTING_PATH_SIZE] = {"report"};
    snprintf(words[1], REPORTING_PATH_SIZE, "--results=%s/runs", folder);
    snprintf(words[2], REPORTING_PATH_SIZE, "--reference=%s/reference", folder);
    snprintf(words[3], REPORTING_PATH_SIZE, "--out-tables=%s/%s/tables", folder, out);
    snprintf(words[4], REPORTING_PATH_SIZE, "--out-plots=%s/%s/plots", folder, out);
    snprintf(words[5], REPORTING_PATH_SIZE, "%s", extra ? extra : "");
    snprintf(words[6], REPORTING_PATH_SIZE, "%s", more ? more : "");
    char *arguments[9] = {program};
    for (int i = 0; i < 7 && words[i][0] != '\0'; i++)
        arguments[i + 1] = words[i];

    char output[REPORTING_PATH_SIZE], errors[REPORTING_PATH_SIZE];
    snprintf(output, sizeof output, "%s/stdout", folder);
    snprintf(errors, sizeof errors, "%s/stderr", folder);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    pid_t child;
    int outcome;
    assert_int_equal(posix_spawn(&child, program, &actions, NULL, arguments, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome));
    return WEXITSTATUS(outcome);
}

void reporting_says(const char *stream, const char *words)
{
    static char text[REPORTING_TEXT_SIZE];
    reporting_read_file(stream, text);
    if (!strstr(text, words))
        fail_msg("%s does not say \"%s\" but:\n%s", stream, words, text);
}

bool reporting_exists(const char *name)
{
    return access(reporting_path(name), F_OK) == 0;
}

dat_csv reporting_open_table(const char *name)
{
    dat_csv csv;
    dat_status status = dat_csv_read(reporting_path(name), &csv);
    assert_string_equal(status.message, "");
    return csv;
}

const char *reporting_cell(const dat_csv *table, const char *const *keys, const char *const *wanted, int n,
                           const char *column)
{
    int64_t at, result;
    assert_int_equal(dat_csv_column(table, column, &result).code, DAT_CODE_OK);
    const char *found = NULL;
    for (int64_t row = 0; row < table->n_rows; row++) {
        bool here = true;
        for (int i = 0; i < n; i++) {
            assert_int_equal(dat_csv_column(table, keys[i], &at).code, DAT_CODE_OK);
            here = here && strcmp(dat_csv_text(table, row, at), wanted[i]) == 0;
        }
        if (here && found)
            fail_msg("two rows of %s, %s, ...", wanted[0], wanted[1]);
        if (here)
            found = dat_csv_text(table, row, result);
    }
    if (!found)
        fail_msg("no row of %s, %s, ...", wanted[0], wanted[1]);
    return found;
}

void reporting_number(const char *text, double expected)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(fabs(value - expected) <= 1e-12))
        fail_msg("\"%s\" is not %.17g", text, expected);
}
