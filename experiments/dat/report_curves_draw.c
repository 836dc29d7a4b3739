/* The drawings of a figure of learning curves, one per split: data and labels for plots/learning_curves.gp.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_curves.h"
#include "report_plot.h"
#include "util/memory.h"

/* Okabe & Ito's palette, safe for colour-blind readers; wine (Tol) replaces its yellow, which is faint on
 * white. */
static const char *const palette[CURVES_N_COLOURS] = {"#0072B2", "#009E73", "#D55E00", "#E69F00",
                                                      "#CC79A7", "#56B4E9", "#000000", "#882255"};
static const char *const greys[] = {"#777777", "#333333", "#AAAAAA"};
static const int markers[] = {7, 5, 9, 13, 11, 15}; /* gnuplot's filled shapes */
enum {
    N_MARKERS = sizeof markers / sizeof *markers,
    N_GREYS = sizeof greys / sizeof *greys,
};

const char *curves_colour(int number)
{
    return palette[number % CURVES_N_COLOURS];
}

int curves_marker(int number)
{
    return markers[number % N_MARKERS];
}

/* One drawing: a split of a figure. */
typedef struct curves_drawing {
    const curves_figure *figure;
    int split;
    report_plot plot;
    int n_panels;
    double lowest;                                       /* of everything drawn */
    int64_t least_trials, most_trials;                   /* of points that are there */
    int64_t least_original_trials, most_original_trials; /* 0: unknown */
    bool has_originals;
} curves_drawing;

/* The panel being written: a task of the drawing. */
typedef struct curves_panel {
    int number, task;
    const curves_point *points; /* of all lines, by line and size */
    int64_t n_points, n_sizes;
    char *lines, *bands, *few, *originals; /* numbers of the lines that have such data, "1 2 5" */
} curves_panel;

static void list_number(char **list, int number)
{
    char *longer = report_format("%s%s%d", *list, **list ? " " : "", number);
    free(*list);
    *list = longer;
}

static dat_status open_data(curves_drawing *drawing, const curves_panel *panel, int line, const char *kind,
                            FILE **file)
{
    char *name = report_format("%d_%d.%s", panel->number, line + 1, kind);
    dat_status status = report_plot_data(&drawing->plot, name, file);
    free(name);
    return status;
}

/* Widens a range of numbers of trials, which starts as 0, 0: unknown. */
static void take_trials(int64_t trials, int64_t *least, int64_t *most)
{
    if (*most == 0 || trials < *least)
        *least = trials;
    if (trials > *most)
        *most = trials;
}

/* Columns: size, mean, low, high (NaN: unknown), 1 where trials are missing. A point without any trial is an
 * empty line, which interrupts the curve. */
static dat_status write_line(curves_drawing *drawing, curves_panel *panel, int line)
{
    const curves_point *points = panel->points + line * panel->n_sizes;
    bool any = false, any_band = false, any_few = false;
    FILE *file;
    DAT_TRY(open_data(drawing, panel, line, "curve", &file));
    for (int64_t i = 0; i < panel->n_sizes; i++) {
        const curves_point *point = &points[i];
        if (point->absent)
            continue;
        if (point->trials == 0) {
            fputc('\n', file);
            continue;
        }
        bool few = point->trials < point->expected, has_band = !isnan(point->band.low);
        fprintf(file, "%" PRId64 " %.17g ", point->size, point->mean);
        if (has_band)
            fprintf(file, "%.17g %.17g %d\n", point->band.low, point->band.high, few);
        else
            fprintf(file, "NaN NaN %d\n", few);
        drawing->lowest = fmin(drawing->lowest, has_band ? point->band.low : point->mean);
        take_trials(point->trials, &drawing->least_trials, &drawing->most_trials);
        any = true;
        any_band = any_band || has_band;
        any_few = any_few || few;
    }
    if (any)
        list_number(&panel->lines, line + 1);
    if (any_band)
        list_number(&panel->bands, line + 1);
    if (any_few)
        list_number(&panel->few, line + 1);
    return report_plot_data_end(&drawing->plot, file);
}

static bool same_original(const curves_line *a, const curves_line *b)
{
    return *a->example->original && strcmp(a->example->original, b->example->original) == 0;
}

/* The first line with the same original, which is the one that draws it; -1 when the line has none. */
static int first_with_original(const curves_figure *figure, int line)
{
    for (int i = 0; i <= line; i++)
        if (same_original(&figure->lines[i], &figure->lines[line]))
            return i;
    return -1;
}

/* Whether some lines have the same original, so that it cannot have the colour of its line. */
static bool shares_originals(const curves_figure *figure)
{
    for (int i = 0; i < figure->n_lines; i++) {
        int first = first_with_original(figure, i);
        if (first >= 0 && first < i)
            return true;
    }
    return false;
}

/* The authors' curve from our smallest to our largest size, with all its points in between. */
static dat_status write_original(curves_drawing *drawing, curves_panel *panel, int line)
{
    const curves_subject *subject = drawing->figure->subject;
    const curves_trial *trial = drawing->figure->lines[line].example;
    int64_t smallest = panel->points[0].size, largest = panel->points[panel->n_sizes - 1].size;
    bool any = false;
    FILE *file;
    if (first_with_original(drawing->figure, line) != line)
        return DAT_OK;
    DAT_TRY(open_data(drawing, panel, line, "original", &file));
    for (int64_t i = 0; i < drawing->figure->n_originals; i++) {
        const curves_original *original = &drawing->figure->originals[i];
        if (strcmp(original->task, subject->tasks[panel->task].name) != 0 ||
            strcmp(original->split, subject->splits[drawing->split].name) != 0 ||
            strcmp(original->name, trial->original) != 0 || original->size < smallest ||
            original->size > largest)
            continue;
        fprintf(file, "%" PRId64 " %.17g\n", original->size, original->mean);
        any = true;
        drawing->lowest = fmin(drawing->lowest, original->mean);
        take_trials(original->trials, &drawing->least_original_trials, &drawing->most_original_trials);
    }
    if (any)
        list_number(&panel->originals, line + 1);
    drawing->has_originals = drawing->has_originals || any;
    return report_plot_data_end(&drawing->plot, file);
}

/* Where a size lies between the smallest (0) and the largest (1). */
static double place(const curves_panel *panel, int64_t i, bool logarithmic)
{
    double first = (double)panel->points[0].size, last = (double)panel->points[panel->n_sizes - 1].size;
    double size = (double)panel->points[i].size;
    if (panel->n_sizes < 2)
        return 0;
    return logarithmic ? log(size / first) / log(last / first) : (size - first) / (last - first);
}

static double narrowest_gap(const curves_panel *panel, bool logarithmic)
{
    double narrowest = 1;
    for (int64_t i = 1; i < panel->n_sizes; i++)
        narrowest = fmin(narrowest, place(panel, i, logarithmic) - place(panel, i - 1, logarithmic));
    return narrowest;
}

/* "405K", "1.43M"; the caller frees it. */
static char *format_params(int64_t params)
{
    if (params >= 999500)
        return report_format("%.2fM", (double)params / 1e6);
    return params >= 1000 ? report_format("%.0fK", (double)params / 1e3) : report_format("%" PRId64, params);
}

/* A tick at every size, labelled where there is room; the axis that spreads the sizes more evenly. */
static void set_sizes(curves_drawing *drawing, const curves_panel *panel)
{
    const double digit_width = 0.034; /* of a panel, in the narrowest layout */
    bool logarithmic = narrowest_gap(panel, true) > 1.01 * narrowest_gap(panel, false);
    char *ticks = dat_copy_string("");
    double labelled = 0;
    for (int64_t i = 0; i < panel->n_sizes; i++) {
        int64_t size = panel->points[i].size;
        double here = place(panel, i, logarithmic);
        char *words =
            drawing->figure->subject->over_params ? format_params(size) : report_format("%" PRId64, size);
        bool label = i == 0 || here - labelled >= digit_width * (double)strlen(words);
        char *longer =
            report_format("%s%s\"%s\" %" PRId64, ticks, i > 0 ? ", " : "", label ? words : "", size);
        free(words);
        free(ticks);
        ticks = longer;
        labelled = label ? here : labelled;
    }
    report_plot_set_text(&drawing->plot, "ticks", panel->number, ticks);
    free(ticks);
    report_plot_set_number(&drawing->plot, "logarithmic", panel->number, logarithmic);
    report_plot_set_number(&drawing->plot, "smallest", panel->number, (double)panel->points[0].size);
    report_plot_set_number(&drawing->plot, "largest", panel->number,
                           (double)panel->points[panel->n_sizes - 1].size);
}

static void set_panel(curves_drawing *drawing, const curves_panel *panel)
{
    const char *words = drawing->figure->subject->tasks[panel->task].words;
    char *title = report_format("%s%s", words, panel->points[0].published ? " (published images)" : "");
    report_plot_set_text(&drawing->plot, "title", panel->number, title);
    free(title);
    report_plot_set_text(&drawing->plot, "lines", panel->number, panel->lines);
    report_plot_set_text(&drawing->plot, "bands", panel->number, panel->bands);
    report_plot_set_text(&drawing->plot, "few", panel->number, panel->few);
    report_plot_set_text(&drawing->plot, "originals", panel->number, panel->originals);
    set_sizes(drawing, panel);
}

/* Collects the points of a panel; false when none has numbers. */
static bool find_panel_points(const curves_drawing *drawing, curves_panel *panel)
{
    const curves_figure *figure = drawing->figure;
    bool measured = false;
    for (int64_t i = 0; i < figure->n_points; i++) {
        const curves_point *point = &figure->points[i];
        if (point->task != panel->task || point->split != drawing->split)
            continue;
        if (!panel->points)
            panel->points = point;
        panel->n_points++;
        measured = measured || point->expected > 0;
    }
    panel->n_sizes = panel->n_points / figure->n_lines;
    return measured;
}

/* Writes the panel of a task, if the task has numbers of this split. */
static dat_status write_panel(curves_drawing *drawing, int task)
{
    const curves_figure *figure = drawing->figure;
    curves_panel panel = {.task = task, .number = drawing->n_panels + 1};
    if (!find_panel_points(drawing, &panel))
        return DAT_OK;
    drawing->n_panels++;
    panel.lines = dat_copy_string("");
    panel.bands = dat_copy_string("");
    panel.few = dat_copy_string("");
    panel.originals = dat_copy_string("");
    dat_status status = DAT_OK;
    for (int line = 0; line < figure->n_lines && status.code == DAT_CODE_OK; line++) {
        status = write_line(drawing, &panel, line);
        if (status.code == DAT_CODE_OK)
            status = write_original(drawing, &panel, line);
    }
    set_panel(drawing, &panel);
    free(panel.lines);
    free(panel.bands);
    free(panel.few);
    free(panel.originals);
    return status;
}

static void set_line(curves_drawing *drawing, int i)
{
    const curves_line *line = &drawing->figure->lines[i];
    char *least = format_params(line->least_params);
    char *most = format_params(line->most_params);
    char *label = NULL;
    if (line->least_params <= 0 || drawing->figure->subject->over_params)
        label = dat_copy_string(line->label);
    else if (strcmp(least, most) == 0)
        label = report_format("%s  %s", line->label, least);
    else
        label = report_format("%s  %s–%s", line->label, least, most);
    report_plot_set_text(&drawing->plot, "label", i + 1, label);
    report_plot_set_text(&drawing->plot, "colour", i + 1, curves_colour(line->colour));
    report_plot_set_number(&drawing->plot, "marker", i + 1, curves_marker(line->colour));
    free(least);
    free(most);
    free(label);
}

/* "5 trials", "3 to 5 trials"; the caller frees it. */
static char *trials_words(int64_t least, int64_t most)
{
    return least == most ? report_format("%" PRId64 " trial%s", most, most == 1 ? "" : "s")
                         : report_format("%" PRId64 " to %" PRId64 " trials", least, most);
}

/* Colours and legend of the originals: the colour of their line and one entry for all; where lines share an
 * original, greys and an entry for each. */
static void set_originals(curves_drawing *drawing)
{
    const curves_figure *figure = drawing->figure;
    bool shares = shares_originals(figure);
    char *trials = drawing->most_original_trials == 0
                       ? dat_copy_string("")
                       : trials_words(drawing->least_original_trials, drawing->most_original_trials);
    int n = 0;
    for (int i = 0; i < figure->n_lines; i++) {
        const char *grey = greys[n % N_GREYS], *own = curves_colour(figure->lines[i].colour);
        report_plot_set_text(&drawing->plot, "original_colour", i + 1, shares ? grey : own);
        bool drawn = first_with_original(figure, i) == i && drawing->has_originals;
        if (!drawn || (n > 0 && !shares))
            continue;
        const char *name = figure->lines[i].example->original;
        char *label = report_format("original%s%s%s%s%s", shares ? ", " : "", shares ? name : "",
                                    *trials ? "  (" : "", trials, *trials ? ")" : "");
        n++;
        report_plot_set_text(&drawing->plot, "original_label", n, label);
        report_plot_set_text(&drawing->plot, "original_tint", n, grey);
        free(label);
    }
    free(trials);
    report_plot_set_number(&drawing->plot, "n_originals", 0, n);
}

static void set_whole(curves_drawing *drawing)
{
    int64_t least = drawing->least_trials, most = drawing->most_trials;
    char *trials = trials_words(least, most);
    char *note =
        report_format("%s per point%s.%s", trials, least < most ? ", hollow where trials are missing" : "",
                      most > 1 ? " Bands: bootstrap 95% interval of the mean." : "");
    double lowest = floor(20 * drawing->lowest) / 20;
    report_plot_set_text(&drawing->plot, "note", 0, note);
    free(note);
    free(trials);
    report_plot_set_text(&drawing->plot, "axis", 0, drawing->figure->subject->splits[drawing->split].axis);
    bool over_params = drawing->figure->subject->over_params;
    report_plot_set_text(&drawing->plot, "x_axis", 0, over_params ? "parameters" : "training set size");
    report_plot_set_number(&drawing->plot, "sparse", 0, over_params);
    report_plot_set_number(&drawing->plot, "n_panels", 0, drawing->n_panels);
    report_plot_set_number(&drawing->plot, "n_lines", 0, drawing->figure->n_lines);
    report_plot_set_number(&drawing->plot, "lowest", 0, lowest < 0.5 ? lowest : 0.5);
    set_originals(drawing);
}

static dat_status draw_split(const dat_report *report, const curves_figure *figure, int split)
{
    curves_drawing drawing = {.figure = figure, .split = split, .lowest = 1};
    dat_status status = report_plot_open(&drawing.plot);
    if (status.code != DAT_CODE_OK)
        return status;
    for (int task = 0; task < figure->subject->n_tasks && status.code == DAT_CODE_OK; task++)
        status = write_panel(&drawing, task);
    if (status.code != DAT_CODE_OK || drawing.n_panels == 0)
        goto done;
    for (int i = 0; i < figure->n_lines; i++)
        set_line(&drawing, i);
    set_whole(&drawing);
    char *name = report_format("%s%s", figure->name, figure->subject->splits[split].suffix);
    status = report_plot_render(&drawing.plot, report, "learning_curves.gp", name);
    free(name);
done:
    report_plot_close(&drawing.plot);
    return status;
}

void curves_draw(dat_report *report, const curves_figure *figure)
{
    for (int split = 0; split < figure->subject->n_splits && report->drawing.code == DAT_CODE_OK; split++)
        if (figure->subject->splits[split].suffix)
            report->drawing = draw_split(report, figure, split);
}
