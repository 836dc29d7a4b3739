/* Figures from trials: which there are, their points, and what is missing. */
#include "report_curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_trials(const void *a, const void *b)
{
    const curves_trial *x = a, *y = b;
    int order = strcmp(x->figure, y->figure);
    if (order == 0)
        order = x->task - y->task;
    if (order == 0)
        order = strcmp(x->model, y->model);
    if (order == 0)
        order = compare_numbers(x->size, y->size);
    return order ? order : strcmp(x->source->run.config_resolved, y->source->run.config_resolved);
}

static int compare_sizes(const void *a, const void *b)
{
    return compare_numbers(*(const int64_t *)a, *(const int64_t *)b);
}

static bool has_trials(const curves_figure *figure, int task)
{
    for (int64_t i = 0; i < figure->n_trials; i++)
        if (figure->trials[i].task == task)
            return true;
    return false;
}

/* The distinct sizes of a task's panel, ascending; the caller frees them. Models have the same sizes in every
 * task, training sets need not. */
static int64_t *task_sizes(const curves_figure *figure, int task, int64_t *n_sizes)
{
    int64_t *sizes = dat_allocate((size_t)figure->n_trials, sizeof *sizes);
    int64_t n = 0, distinct = 0;
    bool all = figure->subject->over_params && has_trials(figure, task);
    for (int64_t i = 0; i < figure->n_trials; i++)
        if (all || figure->trials[i].task == task)
            sizes[n++] = figure->trials[i].size;
    qsort(sizes, (size_t)n, sizeof *sizes, compare_sizes);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || sizes[i] != sizes[i - 1])
            sizes[distinct++] = sizes[i];
    *n_sizes = distinct;
    return sizes;
}

/* Whether a task was measured on published data: then trials without that number are missing, not mixed in.
 */
static bool is_published(const curves_figure *figure, int task, const curves_split *split)
{
    for (int64_t i = 0; split->published && i < figure->n_trials; i++)
        if (figure->trials[i].task == task &&
            !isnan(dat_run_summary(&figure->trials[i].source->run, split->published)))
            return true;
    return false;
}

static const curves_original *find_original(const curves_figure *figure, const curves_point *point)
{
    const curves_subject *subject = figure->subject;
    const curves_trial *trial = figure->lines[point->line].example;
    for (int64_t i = 0; *trial->original && i < figure->n_originals; i++) {
        const curves_original *original = &figure->originals[i];
        if (strcmp(original->task, subject->tasks[point->task].name) == 0 &&
            strcmp(original->split, subject->splits[point->split].name) == 0 &&
            original->size == point->size && strcmp(original->name, trial->original) == 0)
            return original;
    }
    return NULL;
}

/* A generator that is the same for the same point of the same figure, in whatever order points are visited.
 */
static dat_rng point_rng(const curves_figure *figure, const curves_point *point)
{
    const curves_subject *subject = figure->subject;
    const char *names[] = {figure->name, subject->tasks[point->task].name, subject->splits[point->split].name,
                           figure->lines[point->line].label};
    dat_rng rng = dat_rng_seed((uint64_t)point->size);
    for (int i = 0; i < 4; i++)
        for (const char *c = names[i]; *c != '\0'; c++)
            rng = dat_rng_fork(&rng, (unsigned char)*c);
    return rng;
}

/* Fills in a point; returns how many runs it has, with its number or without. */
static int64_t measure_point(const curves_figure *figure, curves_point *point)
{
    const curves_split *split = &figure->subject->splits[point->split];
    double *values = dat_allocate((size_t)figure->n_trials, sizeof *values);
    int64_t runs = 0;
    for (int64_t i = 0; i < figure->n_trials; i++) {
        const curves_trial *trial = &figure->trials[i];
        if (trial->task != point->task || trial->line != point->line || trial->size != point->size)
            continue;
        double value =
            dat_run_summary(&trial->source->run, point->published ? split->published : split->metric);
        if (isfinite(value))
            values[point->trials++] = value;
        runs++;
    }
    point->mean = dat_mean(values, point->trials);
    point->error = dat_standard_error(values, point->trials);
    point->band = dat_bootstrap_mean(values, point->trials, point_rng(figure, point));
    point->original = find_original(figure, point);
    free(values);
    return runs;
}

/* Whether a line has a size: every one, or the numbers of parameters of its own models. */
static bool line_has_size(const curves_figure *figure, int line, int64_t size)
{
    if (!figure->subject->over_params)
        return true;
    for (int64_t i = 0; i < figure->n_trials; i++)
        if (figure->trials[i].line == line && figure->trials[i].size == size)
            return true;
    return false;
}

/* Appends the points of one panel: every line at every size that its task has. */
static void add_panel(curves_figure *figure, int task, int split)
{
    int64_t n_sizes, most_runs = 0, first = figure->n_points;
    int64_t *sizes = task_sizes(figure, task, &n_sizes);
    size_t room = (size_t)(first + n_sizes * figure->n_lines);
    bool published = is_published(figure, task, &figure->subject->splits[split]), measured = false;
    if (n_sizes > 0)
        figure->points = dat_reallocate(figure->points, room, sizeof *figure->points);
    for (int line = 0; line < figure->n_lines; line++) {
        for (int64_t i = 0; i < n_sizes; i++) {
            curves_point *point = &figure->points[figure->n_points++];
            *point = (curves_point){.task = task,
                                    .split = split,
                                    .line = line,
                                    .size = sizes[i],
                                    .absent = !line_has_size(figure, line, sizes[i]),
                                    .published = published};
            int64_t runs = measure_point(figure, point);
            most_runs = runs > most_runs ? runs : most_runs;
            measured = measured || point->trials > 0;
        }
    }
    for (int64_t i = first; i < figure->n_points; i++)
        figure->points[i].expected = measured && !figure->points[i].absent ? most_runs : 0;
    free(sizes);
}

void curves_find_points(curves_figure *figure)
{
    for (int task = 0; task < figure->subject->n_tasks; task++)
        for (int split = 0; split < figure->subject->n_splits; split++)
            add_panel(figure, task, split);
}

/* The index after the last point of the line that point `first` starts. */
static int64_t end_of_line(const curves_figure *figure, int64_t first)
{
    const curves_point *points = figure->points;
    int64_t i = first;
    while (i < figure->n_points && points[i].task == points[first].task &&
           points[i].split == points[first].split && points[i].line == points[first].line)
        i++;
    return i;
}

/* "250 (3 of 5 trials), 500 (0 of 5 trials)"; empty when nothing is missing. */
static void list_missing(const curves_point *points, int64_t n_points, char *text, size_t size)
{
    text[0] = '\0';
    for (int64_t i = 0; i < n_points; i++) {
        if (points[i].trials == points[i].expected)
            continue;
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%" PRId64 " (%" PRId64 " of %" PRId64 " trials)",
                 used > 0 ? ", " : "", points[i].size, points[i].trials, points[i].expected);
    }
}

/* Whether no point of a line has the number of its split. */
static bool is_unmeasured(const curves_point *points, int64_t n_points)
{
    for (int64_t i = 0; i < n_points; i++)
        if (points[i].expected > 0)
            return false;
    return true;
}

void curves_warn_missing(const curves_figure *figure)
{
    char text[512], first_text[512];
    for (int64_t i = 0, next = 0; i < figure->n_points; i = next) {
        const curves_point *point = &figure->points[i];
        const char *task = figure->subject->tasks[point->task].name;
        const char *split = figure->subject->splits[point->split].name;
        const char *line = figure->lines[point->line].label;
        next = end_of_line(figure, i);
        list_missing(point, next - i, text, sizeof text);
        /* Every split of a task has as many points. A run that is missing is so in all of them: said once. */
        int64_t panel = (next - i) * figure->n_lines;
        list_missing(point - point->split * panel, next - i, first_text, sizeof first_text);
        if (is_unmeasured(point, next - i) && point->line == 0)
            report_warn("%s: missing: %s, %s: no run has this number", figure->name, task, split);
        else if (text[0] != '\0' && point->split == 0)
            report_warn("%s: missing: %s, %s: %s", figure->name, task, line, text);
        else if (text[0] != '\0' && strcmp(text, first_text) != 0)
            report_warn("%s: missing: %s, %s, %s: %s", figure->name, task, split, line, text);
    }
}

static dat_status write_figure(dat_report *report, curves_figure *figure)
{
    curves_find_lines(figure);
    curves_find_points(figure);
    curves_warn_missing(figure);
    dat_status status = figure->subject->write_tables(report, figure);
    if (status.code == DAT_CODE_OK && report->draws)
        curves_draw(report, figure);
    curves_free_lines(figure);
    free(figure->points);
    return status;
}

/* Writes the figures that the trials name, which are reordered. */
static dat_status write_figures(dat_report *report, const curves_figure *all)
{
    curves_trial *trials = all->trials;
    if (all->n_trials > 0)
        qsort(trials, (size_t)all->n_trials, sizeof *trials, compare_trials);
    for (int64_t first = 0, next = 0; first < all->n_trials; first = next) {
        while (next < all->n_trials && strcmp(trials[next].figure, trials[first].figure) == 0)
            next++;
        curves_figure figure = *all;
        figure.name = trials[first].figure;
        figure.trials = trials + first;
        figure.n_trials = next - first;
        DAT_TRY(write_figure(report, &figure));
    }
    return DAT_OK;
}

static int compare_originals(const void *a, const void *b)
{
    const curves_original *x = a, *y = b;
    return compare_numbers(x->size, y->size);
}

/* Reads the authors' points; without them, which a warning says, the figures are drawn all the same. The
 * caller frees the points and, after them, the file. */
static curves_original *read_originals(const dat_report *report, const curves_subject *subject, dat_csv *csv,
                                       int64_t *n_originals)
{
    char *path = report_format("%s/%s", report->reference, subject->reference);
    curves_original *originals = NULL;
    dat_status status = dat_csv_read(path, csv);
    free(path);
    *n_originals = 0;
    if (status.code == DAT_CODE_OK) {
        originals = dat_allocate((size_t)csv->n_rows + 1, sizeof *originals);
        status = subject->read_originals(csv, originals, n_originals);
    }
    if (status.code != DAT_CODE_OK) {
        report_warn("no comparison with the original: %s", status.message);
        *n_originals = 0;
    }
    if (*n_originals > 0)
        qsort(originals, (size_t)*n_originals, sizeof *originals, compare_originals);
    return originals;
}

dat_status curves_report(dat_report *report, const curves_subject *subject, const report_run *runs,
                         int64_t n_runs)
{
    DAT_ASSERT(subject->n_tasks <= CURVES_MAX_TASKS && subject->n_splits <= CURVES_MAX_SPLITS);
    dat_csv csv = {0};
    int64_t n_originals;
    curves_original *originals = read_originals(report, subject, &csv, &n_originals);
    curves_trial *trials = dat_allocate((size_t)n_runs, sizeof *trials);
    curves_figure all = {
        .subject = subject, .originals = originals, .n_originals = n_originals, .trials = trials};
    all.n_trials = curves_read_trials(subject, runs, n_runs, trials);
    dat_status status = write_figures(report, &all);
    free(trials);
    free(originals);
    dat_csv_free(&csv);
    return status;
}
