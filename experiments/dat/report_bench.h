/* The report of bench: what its JSON files measured, as a table and two figures. */
#ifndef DAT_REPORT_BENCH_H
#define DAT_REPORT_BENCH_H

#include "report.h"

/* One object of a file; the numbers are those of `bench --help`. */
typedef struct bench_measurement {
    char *name; /* "step/relational_games/dat_1_1", owned */
    int64_t threads;
    double ms, gflop, gflops, sgemm_peak_gflops, utilisation, gbytes_per_second, peak_rss_mib;
    int64_t allocations;
} bench_measurement;

typedef struct bench_measurements {
    bench_measurement *items; /* in the order of the files and of their objects */
    int64_t count, capacity;
    int64_t *threads; /* the thread counts that occur, ascending */
    int64_t n_threads;
} bench_measurements;

/* Whether a folder exists and has any *.json. */
bool bench_has_measurements(const char *folder);

/* Reads all *.json in a folder, in the order of their names. A file that is not what `bench --json` writes is
 * a failure; a case measured once more is left out with a warning. The caller frees the measurements whatever
 * the result. */
dat_status bench_measurements_read(const char *folder, bench_measurements *all);
void bench_measurements_free(bench_measurements *all);

/* The measurement of a case with so many threads, or NULL. */
const bench_measurement *bench_measurements_find(const bench_measurements *all, const char *name,
                                                 int64_t threads);

/* Whether measurement i is the first of its case; of its case's kind, the first part of a name ("step"). */
bool bench_is_first_of_case(const bench_measurements *all, int64_t i);
bool bench_is_first_of_kind(const bench_measurements *all, int64_t i);

/* Length of a name's first part. */
int bench_kind_length(const char *name);

/* Whether two cases are of one kind; `kind` may be the kind alone. */
bool bench_is_kind(const char *name, const char *kind);

/* Draws bench_utilisation, bars of training steps and evaluations, and bench_scaling, time and memory of
 * relational attention over the sequence length; each if there are such cases. */
dat_status bench_draw(const dat_report *report, const bench_measurements *all);

#endif
