/* `dat report`: run files in, tables and figures out. An experiment brings one file, report_<experiment>.c,
 * that turns its runs into tables and figures, and one line in the registry of report.c; finding and reading
 * runs, running gnuplot and learning curves are shared. */
#ifndef DAT_REPORT_H
#define DAT_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "io/resolved.h"
#include "io/run_file.h"
#include "io/table.h"
#include "util/status.h"

typedef struct report_run {
    char *path;
    dat_run run;
    dat_resolved config; /* of run.config_resolved */
} report_run;

typedef struct dat_report {
    const char *results, *experiment, *tables, *plots,
        *reference;   /* command line; experiment is NULL for all */
    bool draws;       /* false: tables only */
    report_run *runs; /* complete, by experiment and run id */
    int64_t n_runs, capacity;
    dat_status drawing; /* why figures could not be drawn; the tables are written all the same */
} dat_report;

/* Writes an experiment's tables and figures from its runs. Fails when a table cannot be written. */
typedef dat_status (*report_writer)(dat_report *report, const report_run *runs, int64_t n_runs);

dat_status report_math(dat_report *report, const report_run *runs, int64_t n_runs);
dat_status report_relational_games(dat_report *report, const report_run *runs, int64_t n_runs);
dat_status report_language_modeling(dat_report *report, const report_run *runs, int64_t n_runs);

/* Whether there is something that bench measured: <report->results>/bench/NAME.json. */
bool report_has_bench(const dat_report *report);

/* Reports all of it, as an experiment's writer does. A file that is not what `bench --json` writes is a
 * failure.
 */
dat_status report_bench(dat_report *report);
dat_status report_image_classification(dat_report *report, const report_run *runs, int64_t n_runs);

/* Reads every run file below report->results, sorted. What is unreadable, unfinished or a copy of another run
 * is named in a warning and left out. */
dat_status report_read_runs(dat_report *report);
void report_free_runs(dat_report *report);

/* Writes <report->tables>/`name`.md, .csv and .tex. */
dat_status report_write_table(const dat_report *report, const dat_table *table, const char *name);

/* A line on stderr; the report goes on. */
void report_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says on stdout that a file was written. */
void report_wrote(const char *path);

/* Whether a figure's name can be a file's name. */
bool report_is_file_name(const char *name);

/* A formatted string that the caller frees. */
char *report_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
