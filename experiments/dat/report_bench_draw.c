/* The figures of bench: data and labels for plots/bench_*.gp. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report_bench.h"
#include "report_plot.h"
#include "util/memory.h"

static void set_threads(report_plot *plot, int row, int64_t threads)
{
    char *words = report_format("%" PRId64 " thread%s", threads, threads == 1 ? "" : "s");
    report_plot_set_text(plot, "threads", row, words);
    free(words);
}

static dat_status open_data(const report_plot *plot, int row, int line, FILE **file)
{
    char *name = report_format("%d_%d.data", row, line);
    dat_status status = report_plot_data(plot, name, file);
    free(name);
    return status;
}

/* --- utilisation --- */

static bool is_bar(const bench_measurement *m)
{
    return bench_is_kind(m->name, "step") || bench_is_kind(m->name, "eval");
}

static bool has_bars(const bench_measurements *all, int64_t threads)
{
    for (int64_t i = 0; i < all->count; i++)
        if (all->items[i].threads == threads && is_bar(&all->items[i]))
            return true;
    return false;
}

/* The bars of one thread count: number of the case, percentage; to `missing` the cases that have none. */
static dat_status write_bars(const report_plot *plot, const bench_measurements *all, int row, int64_t threads,
                             FILE *missing, int *n_missing)
{
    FILE *file;
    int number = 0;
    DAT_TRY(open_data(plot, row, 0, &file));
    for (int64_t i = 0; i < all->count; i++) {
        if (!is_bar(&all->items[i]) || !bench_is_first_of_case(all, i))
            continue;
        const bench_measurement *m = bench_measurements_find(all, all->items[i].name, threads);
        number++;
        if (m)
            fprintf(file, "%d %.17g\n", number, 100 * m->utilisation);
        else
            fprintf(missing, "%d %d\n", number, row);
        *n_missing += !m;
    }
    return report_plot_data_end(plot, file);
}

static dat_status write_all_bars(report_plot *plot, const bench_measurements *all, int *n_rows,
                                 int *n_missing)
{
    FILE *missing;
    DAT_TRY(report_plot_data(plot, "missing", &missing));
    dat_status status = DAT_OK;
    for (int64_t t = 0; t < all->n_threads && status.code == DAT_CODE_OK; t++)
        if (has_bars(all, all->threads[t])) {
            set_threads(plot, ++*n_rows, all->threads[t]);
            status = write_bars(plot, all, *n_rows, all->threads[t], missing, n_missing);
        }
    dat_status end = report_plot_data_end(plot, missing);
    return status.code == DAT_CODE_OK ? end : status;
}

static dat_status draw_bars(report_plot *plot, const dat_report *report, const bench_measurements *all)
{
    int n_cases = 0, n_rows = 0, n_missing = 0;
    for (int64_t i = 0; i < all->count; i++)
        if (is_bar(&all->items[i]) && bench_is_first_of_case(all, i))
            report_plot_set_text(plot, "case", ++n_cases, all->items[i].name);
    if (n_cases == 0)
        return DAT_OK;
    DAT_TRY(write_all_bars(plot, all, &n_rows, &n_missing));
    report_plot_set_number(plot, "n_cases", 0, n_cases);
    report_plot_set_number(plot, "n_threads", 0, n_rows);
    report_plot_set_number(plot, "n_missing", 0, n_missing);
    return report_plot_render(plot, report, "bench_utilisation.gp", "bench_utilisation");
}

/* --- scaling --- */

static const struct {
    const char *prefix, *core, *label; /* cases prefix + N + core */
} lines[] = {
    {"scaling/relational_attention/n", "/naive", "all scores in memory"},
    {"scaling/relational_attention/n", "/tiled", "tiled"},
    {"scaling/causal_relational_attention/n", "/naive", "all scores in memory, causal"},
    {"scaling/causal_relational_attention/n", "/tiled", "tiled, causal"},
};
enum { N_LINES = sizeof lines / sizeof *lines };

/* The smallest and the largest of some positive numbers; zeros before the first. */
typedef struct range {
    double least, most;
} range;

static void widen(range *r, double value)
{
    r->least = r->most == 0 || value < r->least ? value : r->least;
    r->most = value > r->most ? value : r->most;
}

static void set_range(report_plot *plot, const char *least, const char *most, range r)
{
    report_plot_set_number(plot, least, 0, r.least);
    report_plot_set_number(plot, most, 0, r.most);
}

typedef struct scaling_ranges {
    range length, ms, mib;
} scaling_ranges;

/* The sequence length of a case of a line; 0 for other cases. */
static int64_t length_of(const char *name, int line)
{
    size_t prefix = strlen(lines[line].prefix);
    if (strncmp(name, lines[line].prefix, prefix) != 0)
        return 0;
    char *end;
    long long length = strtoll(name + prefix, &end, 10);
    return strcmp(end, lines[line].core) == 0 && length > 0 ? length : 0;
}

/* Columns: length, milliseconds, MiB. Returns the number of points in `count`. */
static dat_status write_line(const report_plot *plot, const bench_measurements *all, int row, int64_t threads,
                             int line, scaling_ranges *ranges, int *count)
{
    FILE *file;
    *count = 0;
    DAT_TRY(open_data(plot, row, line + 1, &file));
    for (int64_t i = 0; i < all->count; i++) {
        const bench_measurement *m = &all->items[i];
        int64_t length = length_of(m->name, line);
        if (length == 0 || m->threads != threads)
            continue;
        fprintf(file, "%" PRId64 " %.17g %.17g\n", length, m->ms, m->peak_rss_mib);
        widen(&ranges->length, (double)length);
        widen(&ranges->ms, m->ms);
        widen(&ranges->mib, m->peak_rss_mib);
        ++*count;
    }
    return report_plot_data_end(plot, file);
}

/* The lines of one thread count, if there are any: those with points are listed, "1 2 4". */
static dat_status write_row(report_plot *plot, const bench_measurements *all, int64_t threads,
                            scaling_ranges *ranges, int *n_rows)
{
    char list[2 * N_LINES + 1] = "";
    for (int line = 0; line < N_LINES; line++) {
        int count;
        size_t length = strlen(list);
        DAT_TRY(write_line(plot, all, *n_rows + 1, threads, line, ranges, &count));
        if (count > 0)
            snprintf(list + length, sizeof list - length, "%s%d", length > 0 ? " " : "", line + 1);
    }
    if (list[0] == '\0')
        return DAT_OK;
    ++*n_rows;
    report_plot_set_text(plot, "lines", *n_rows, list);
    set_threads(plot, *n_rows, threads);
    return DAT_OK;
}

static dat_status draw_lines(report_plot *plot, const dat_report *report, const bench_measurements *all)
{
    int n_rows = 0;
    scaling_ranges ranges = {0};
    for (int64_t t = 0; t < all->n_threads; t++)
        DAT_TRY(write_row(plot, all, all->threads[t], &ranges, &n_rows));
    if (n_rows == 0)
        return DAT_OK;
    for (int line = 0; line < N_LINES; line++)
        report_plot_set_text(plot, "label", line + 1, lines[line].label);
    report_plot_set_number(plot, "n_lines", 0, N_LINES);
    report_plot_set_number(plot, "n_threads", 0, n_rows);
    set_range(plot, "shortest", "longest", ranges.length);
    set_range(plot, "least_ms", "most_ms", ranges.ms);
    set_range(plot, "least_mib", "most_mib", ranges.mib);
    return report_plot_render(plot, report, "bench_scaling.gp", "bench_scaling");
}

dat_status bench_draw(const dat_report *report, const bench_measurements *all)
{
    static dat_status (*const figures[])(report_plot *, const dat_report *,
                                         const bench_measurements *) = {draw_bars, draw_lines};
    dat_status status = DAT_OK;
    for (int i = 0; i < 2 && status.code == DAT_CODE_OK; i++) {
        report_plot plot;
        DAT_TRY(report_plot_open(&plot));
        status = figures[i](&plot, report, all);
        report_plot_close(&plot);
    }
    return status;
}
