/* The table of bench. */
#include <stdlib.h>

#include "report_bench.h"

enum { KIND, CASE, THREADS, MS, GFLOP, GFLOPS, PEAK, UTILISATION, GBYTES, RSS, ALLOCATIONS };

static const dat_column columns[] = {
    [KIND] = {"kind", "kind", DAT_COLUMN_TEXT, 0},
    [CASE] = {"case", "case", DAT_COLUMN_TEXT, 0},
    [THREADS] = {"threads", "threads", DAT_COLUMN_NUMBER, 0},
    [MS] = {"ms", "ms", DAT_COLUMN_NUMBER, 3},
    [GFLOP] = {"GFLOP", "gflop", DAT_COLUMN_NUMBER, 3},
    [GFLOPS] = {"GFLOP/s", "gflops", DAT_COLUMN_NUMBER, 1},
    [PEAK] = {"sgemm GFLOP/s", "sgemm_peak_gflops", DAT_COLUMN_NUMBER, 1},
    [UTILISATION] = {"% of sgemm", "utilisation_percent", DAT_COLUMN_NUMBER, 1},
    [GBYTES] = {"GB/s", "gbytes_per_second", DAT_COLUMN_NUMBER, 1},
    [RSS] = {"peak MiB", "peak_rss_mib", DAT_COLUMN_NUMBER, 1},
    [ALLOCATIONS] = {"allocations", "allocations", DAT_COLUMN_NUMBER, 0},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char note[] =
    "A case's time is the median of its repeats in the round with the median utilisation; sgemm is the "
    "faster of the matrix products before and after that round on the same threads. GFLOP are those of "
    "matrix products and attention; ops without any are memory-bound and have GB/s instead. Peak memory is "
    "that of the case's own process, allocations those of one repeat. Missing numbers are shown as \"-\".";

static void add_row(dat_table *table, const char *name, int64_t threads, const bench_measurement *m)
{
    int length = bench_kind_length(name);
    char *kind = report_format("%.*s", length, name);
    dat_table_add_row(table);
    dat_table_set_text(table, KIND, kind);
    dat_table_set_text(table, CASE, name[length] == '/' ? name + length + 1 : name);
    free(kind);
    dat_table_set_number(table, THREADS, (double)threads);
    if (!m)
        return;
    dat_table_set_number(table, MS, m->ms);
    dat_table_set_number(table, PEAK, m->sgemm_peak_gflops);
    dat_table_set_number(table, RSS, m->peak_rss_mib);
    dat_table_set_number(table, ALLOCATIONS, (double)m->allocations);
    if (m->gflop > 0) {
        dat_table_set_number(table, GFLOP, m->gflop);
        dat_table_set_number(table, GFLOPS, m->gflops);
        dat_table_set_number(table, UTILISATION, 100 * m->utilisation);
    }
    if (m->gbytes_per_second > 0)
        dat_table_set_number(table, GBYTES, m->gbytes_per_second);
}

/* Every case of a kind with every thread count, in the order in which cases were first met. */
static void add_kind(dat_table *table, const bench_measurements *all, const char *kind)
{
    for (int64_t i = 0; i < all->count; i++) {
        const char *name = all->items[i].name;
        if (!bench_is_kind(name, kind) || !bench_is_first_of_case(all, i))
            continue;
        for (int64_t t = 0; t < all->n_threads; t++)
            add_row(table, name, all->threads[t], bench_measurements_find(all, name, all->threads[t]));
    }
}

static dat_status write_table(const dat_report *report, const bench_measurements *all)
{
    dat_table table = {
        .title = "bench", .note = note, .columns = columns, .n_columns = N_COLUMNS, .n_group_columns = CASE};
    for (int64_t i = 0; i < all->count; i++)
        if (bench_is_first_of_kind(all, i))
            add_kind(&table, all, all->items[i].name);
    dat_status status = report_write_table(report, &table, "bench");
    dat_table_free(&table);
    return status;
}

bool report_has_bench(const dat_report *report)
{
    char *folder = report_format("%s/bench", report->results);
    bool found = bench_has_measurements(folder);
    free(folder);
    return found;
}

dat_status report_bench(dat_report *report)
{
    bench_measurements all;
    char *folder = report_format("%s/bench", report->results);
    dat_status status = bench_measurements_read(folder, &all);
    if (status.code == DAT_CODE_OK)
        status = write_table(report, &all);
    if (status.code == DAT_CODE_OK && report->draws && report->drawing.code == DAT_CODE_OK)
        report->drawing = bench_draw(report, &all);
    bench_measurements_free(&all);
    free(folder);
    return status;
}
