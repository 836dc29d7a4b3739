/* The drawing of a scaling figure: data and labels for plots/scaling.gp. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report_plot.h"
#include "report_scaling.h"
#include "util/memory.h"

/* A range that grows to hold what is drawn. */
typedef struct extent {
    double low, high;
} extent;

static const extent nothing = {INFINITY, -INFINITY};

static void include(extent *e, double value)
{
    e->low = fmin(e->low, value);
    e->high = fmax(e->high, value);
}

/* "20K", "1.5M", "10B"; the caller frees it. */
static char *count_words(double count)
{
    static const char *const units[] = {"", "K", "M", "B", "T"};
    int unit = 0;
    for (; count >= 999.5 && unit < 4; unit++)
        count /= 1000;
    return report_format("%.3g%s", count, units[unit]);
}

/* As many decimals as the multiples of a step need. */
static int decimals_of(double step)
{
    return step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
}

/* Places of ticks on a logarithmic axis; the text for gnuplot is the caller's to free. `step` > 0: every
 * multiple of it; else 1, 2 and 5 times powers of ten, on long axes the powers alone, or the middle where
 * there is none of them. */
static char *make_ticks(extent e, double step)
{
    static const double factors[] = {1, 2, 5};
    int n_factors = e.high / e.low > 1000 ? 1 : 3;
    char *ticks = dat_copy_string("");
    double decade = step > 0 ? 0 : floor(log10(e.low));
    for (int64_t i = 0;; i++) {
        double place = step > 0 ? (ceil(e.low / step) + (double)i) * step
                                : factors[i % n_factors] * pow(10, decade + (double)(i / n_factors));
        if (place > e.high && *ticks)
            return ticks;
        if (place < e.low)
            continue;
        if (place > e.high)
            place = sqrt(e.low * e.high);
        char *label = step > 0 ? report_format("%.*f", decimals_of(step), place) : count_words(place);
        char *longer = report_format("%s%s\"%s\" %.17g", ticks, *ticks ? ", " : "", label, place);
        free(label);
        free(ticks);
        ticks = longer;
    }
}

/* The round step that cuts a range into at most eight. */
static double round_step(extent e)
{
    static const double factors[] = {1, 2, 5};
    double step = 0.001;
    for (int i = 0; (e.high - e.low) / step > 8; i++)
        step = factors[i % 3] * pow(10, i / 3 - 3);
    return step;
}

static dat_status close_data(const report_plot *plot, FILE *file)
{
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? dat_failure("%s: the data of a figure cannot be written (disk full?)", plot->folder)
                  : DAT_OK;
}

static dat_status open_numbered(const report_plot *plot, const char *kind, int number, FILE **file)
{
    char *name = report_format("%s_%d", kind, number);
    dat_status status = report_plot_data(plot, name, file);
    free(name);
    return status;
}

/* Columns: tokens, mean, low, high (the mean where unknown). */
static dat_status write_curve(const report_plot *plot, const scaling_line *line, int number, extent *tokens,
                              extent *losses)
{
    FILE *file;
    DAT_TRY(open_numbered(plot, "curve", number, &file));
    for (int64_t i = 0; i < line->n_points; i++) {
        const scaling_point *point = &line->points[i];
        double low = isnan(point->band.low) ? point->mean : point->band.low;
        double high = isnan(point->band.high) ? point->mean : point->band.high;
        fprintf(file, "%.17g %.17g %.17g %.17g\n", point->tokens, point->mean, low, high);
        include(tokens, point->tokens);
        include(losses, low);
        include(losses, high);
    }
    return close_data(plot, file);
}

/* The two ends of a power law, which is straight on these axes; nothing where it is not known. */
static dat_status write_law(const report_plot *plot, const char *kind, int number, const dat_power_law *law,
                            extent x, extent *losses)
{
    FILE *file;
    DAT_TRY(open_numbered(plot, kind, number, &file));
    double ends[] = {x.low, x.high};
    for (int i = 0; i < 2 && isfinite(law->exponent); i++) {
        double loss = dat_power_law_at(law, ends[i]);
        fprintf(file, "%.17g %.17g\n", ends[i], loss);
        include(losses, loss);
    }
    return close_data(plot, file);
}

static void set_axis(report_plot *plot, const char *axis, extent e, bool counts)
{
    char *name = report_format("%s_ticks", axis);
    double margin = pow(e.high / e.low, 0.04);
    margin = margin > 1 ? margin : 1.1;
    e = (extent){e.low / margin, e.high * margin};
    char *ticks = make_ticks(e, counts ? 0 : round_step(e));
    report_plot_set_text(plot, name, 0, ticks);
    free(ticks);
    free(name);
    name = report_format("%s_low", axis);
    report_plot_set_number(plot, name, 0, e.low);
    free(name);
    name = report_format("%s_high", axis);
    report_plot_set_number(plot, name, 0, e.high);
    free(name);
}

/* Whether a family has models of several sizes, so that there is something to see over parameters. */
static bool has_sizes(const scaling_figure *figure)
{
    const scaling_line *lines = figure->lines;
    for (int i = 0; i < figure->curves.n_lines; i++)
        for (int j = 0; j < i; j++)
            if (lines[i].family == lines[j].family &&
                lines[i].line->most_params != lines[j].line->most_params)
                return true;
    return false;
}

static void set_line(report_plot *plot, const scaling_line *line, int number)
{
    char *size = count_words((double)line->line->most_params);
    char *law =
        isnan(line->law.exponent) ? dat_copy_string("") : report_format(",  a = %.3f", line->law.exponent);
    char *label = report_format("%s (%s)%s", line->line->label, size, law);
    const scaling_point *last = &line->points[line->n_points - 1];
    report_plot_set_text(plot, "label", number, label);
    report_plot_set_text(plot, "colour", number, curves_colour(line->line->colour));
    report_plot_set_number(plot, "marker", number, curves_marker((int)line->family));
    report_plot_set_number(plot, "params", number, (double)line->line->most_params);
    report_plot_set_number(plot, "last", number, last->mean);
    free(size);
    free(law);
    free(label);
}

static dat_status write_families(const scaling_figure *figure, report_plot *plot, extent sizes,
                                 extent *losses)
{
    for (int i = 0; i < SCALING_N_FAMILIES; i++) {
        const dat_power_law *law = &figure->laws[i];
        DAT_TRY(write_law(plot, "family", i + 1, law, sizes, losses));
        char *label = isfinite(law->exponent)
                          ? report_format("%s,  a = %.3f", scaling_family_names[i], law->exponent)
                          : dat_copy_string("");
        report_plot_set_text(plot, "family", i + 1, label);
        report_plot_set_number(plot, "family_marker", i + 1, curves_marker(i));
        free(label);
    }
    return DAT_OK;
}

static bool has_law(const scaling_figure *figure)
{
    bool has = false;
    for (int i = 0; i < figure->curves.n_lines; i++)
        has = has || isfinite(figure->lines[i].law.exponent);
    for (int i = 0; i < SCALING_N_FAMILIES; i++)
        has = has || isfinite(figure->laws[i].exponent);
    return has;
}

static void set_note(const scaling_figure *figure, report_plot *plot)
{
    bool equal = true, several = figure->most_trials > 1;
    for (int i = 0; i < figure->curves.n_lines; i++)
        equal = equal && figure->lines[i].trials == figure->most_trials;
    char *note = report_format(
        "%s%" PRId64 " trial%s per model%s.%s", equal ? "" : "Up to ", figure->most_trials,
        several ? "s" : "", several ? ", bands: bootstrap 95% interval of the mean" : "",
        has_law(figure) ? " Dashed: the power law (C / x)^a with the least squares on logarithmic axes."
                        : "");
    report_plot_set_text(plot, "note", 0, note);
    free(note);
}

static dat_status write_panels(const scaling_figure *figure, report_plot *plot)
{
    extent tokens = nothing, losses = nothing, sizes = nothing, ends = nothing;
    for (int i = 0; i < figure->curves.n_lines; i++) {
        const scaling_line *line = &figure->lines[i];
        const scaling_point *last = &line->points[line->n_points - 1];
        DAT_TRY(write_curve(plot, line, i + 1, &tokens, &losses));
        extent fitted = {line->points[line->first_fitted].tokens, last->tokens};
        DAT_TRY(write_law(plot, "law", i + 1, &line->law, fitted, &losses));
        set_line(plot, line, i + 1);
        include(&sizes, (double)line->line->most_params);
        include(&ends, last->mean);
    }
    DAT_TRY(write_families(figure, plot, sizes, &ends));
    report_plot_set_number(plot, "n_lines", 0, figure->curves.n_lines);
    report_plot_set_number(plot, "n_families", 0, SCALING_N_FAMILIES);
    report_plot_set_number(plot, "n_panels", 0, has_sizes(figure) ? 2 : 1);
    set_axis(plot, "tokens", tokens, true);
    set_axis(plot, "losses", losses, false);
    set_axis(plot, "sizes", sizes, true);
    set_axis(plot, "ends", ends, false);
    set_note(figure, plot);
    return DAT_OK;
}

void scaling_draw(dat_report *report, const scaling_figure *figure)
{
    report_plot plot;
    if (report->drawing.code != DAT_CODE_OK)
        return;
    report->drawing = report_plot_open(&plot);
    if (report->drawing.code != DAT_CODE_OK)
        return;
    report->drawing = write_panels(figure, &plot);
    if (report->drawing.code == DAT_CODE_OK)
        report->drawing = report_plot_render(&plot, report, "scaling.gp", figure->curves.name);
    report_plot_close(&plot);
}
