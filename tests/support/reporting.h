/* A folder for one test of `dat report`: run files in runs/, reference numbers in reference/, results
 * anywhere. */
#ifndef TESTS_SUPPORT_REPORTING_H
#define TESTS_SUPPORT_REPORTING_H

#include <stdbool.h>
#include <stddef.h>

#include "io/csv.h"
#include "io/run_file.h"

enum { REPORTING_PATH_SIZE = 256, REPORTING_TEXT_SIZE = 1 << 20 };

/* cmocka setup and teardown. */
int reporting_make_folder(void **state);
int reporting_remove_folder(void **state);

/* "<folder>/<name>", until the next call. */
const char *reporting_path(const char *name);

/* Whole files of the folder; reading one that is not there fails. */
void reporting_write_text(const char *name, const char *text);
size_t reporting_read_file(const char *name, char text[REPORTING_TEXT_SIZE]);
bool reporting_exists(const char *name);

/* Saves a run as a file of the folder and frees it. */
void reporting_save_run(dat_run *run, const char *name);

/* Runs `dat report` on the folder, writing to <folder>/`out`, with up to two further arguments. Returns the
 * exit status; what it printed is in the files stdout and stderr. */
int reporting_run(const char *out, const char *extra, const char *more, char *const *environment);

/* Asserts that a file ("stderr") holds some words. */
void reporting_says(const char *stream, const char *words);

/* A table that was written; the caller frees it. */
dat_csv reporting_open_table(const char *name);

/* The cell in `column` of the one row where n keys have the values wanted. */
const char *reporting_cell(const dat_csv *table, const char *const *keys, const char *const *wanted, int n,
                           const char *column);

/* Asserts that a cell is a number, within 1e-12. */
void reporting_number(const char *text, double expected);

#endif
