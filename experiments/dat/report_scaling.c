/* Lines, points and power laws of a scaling figure, and its table. */
#include "report_scaling.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

const char *const scaling_family_names[SCALING_N_FAMILIES] = {"Transformer", "DAT", "DAT, RCA",
                                                              "DAT, DisRCA"};

/* Power laws are fitted from this share of a line's tokens on. */
static const double fitted_from = 0.1;

/* Any two points have a power law that fits them, which says nothing. */
static dat_power_law fit(const double *x, const double *y, int64_t n)
{
    return n >= 3 ? dat_fit_power_law(x, y, n) : (dat_power_law){NAN, NAN};
}

bool scaling_series_read(const dat_run *run, scaling_series *series)
{
    const dat_series *losses = dat_run_find_series(run, "eval/validation/loss");
    const dat_series *steps = dat_run_find_series(run, "eval/validation/step");
    const dat_series *tokens = dat_run_find_series(run, "train/tokens");
    *series = (scaling_series){0};
    if (!losses || !steps || !tokens || losses->count == 0 || steps->count != losses->count)
        return false;
    series->tokens = dat_allocate((size_t)losses->count, sizeof series->tokens[0]);
    series->losses = losses->values;
    series->count = losses->count;
    for (int64_t i = 0; i < losses->count; i++) {
        double step = steps->values[i], loss = losses->values[i];
        bool known = step >= 1 && step <= (double)tokens->count && isfinite(loss) && loss > 0;
        series->tokens[i] = known ? tokens->values[(int64_t)step - 1] : 0;
        double before = i > 0 ? series->tokens[i - 1] : 0;
        if (!isfinite(series->tokens[i]) || !(series->tokens[i] > before)) {
            free(series->tokens);
            *series = (scaling_series){0};
            return false;
        }
    }
    return true;
}

static scaling_family family_of(const curves_trial *trial)
{
    const dat_resolved *config = &trial->source->config;
    const char *architecture = dat_resolved_text(config, "model.architecture");
    const char *ra_type = dat_resolved_text(config, "model.ra_type");
    if (architecture && strcmp(architecture, "transformer") == 0)
        return SCALING_TRANSFORMER;
    if (ra_type && strcmp(ra_type, "rca") == 0)
        return SCALING_RCA;
    return ra_type && strcmp(ra_type, "disrca") == 0 ? SCALING_DISRCA : SCALING_DAT;
}

static int compare_tokens(const void *a, const void *b)
{
    const scaling_point *x = a, *y = b;
    return (x->tokens > y->tokens) - (x->tokens < y->tokens);
}

/* All losses of a line at one number of tokens; returns how many. */
static int64_t losses_at(const scaling_series *series, int64_t n_series, double tokens, double *losses)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_series; i++)
        for (int64_t j = 0; j < series[i].count; j++)
            if (series[i].tokens[j] == tokens)
                losses[n++] = series[i].losses[j];
    return n;
}

/* One point for each number of tokens at which a trial was validated. */
static void find_points(scaling_line *line, const scaling_series *series)
{
    int64_t most = 0;
    for (int64_t i = 0; i < line->trials; i++)
        most += series[i].count;
    line->points = dat_allocate((size_t)most, sizeof line->points[0]);
    for (int64_t i = 0; i < line->trials; i++)
        for (int64_t j = 0; j < series[i].count; j++)
            line->points[line->n_points++].tokens = series[i].tokens[j];
    qsort(line->points, (size_t)line->n_points, sizeof line->points[0], compare_tokens);
    int64_t distinct = 0;
    for (int64_t i = 0; i < line->n_points; i++)
        if (i == 0 || line->points[i].tokens > line->points[i - 1].tokens)
            line->points[distinct++].tokens = line->points[i].tokens;
    line->n_points = distinct;

    double *losses = dat_allocate((size_t)line->trials, sizeof losses[0]);
    for (int64_t i = 0; i < line->n_points; i++) {
        scaling_point *point = &line->points[i];
        point->trials = losses_at(series, line->trials, point->tokens, losses);
        point->mean = dat_mean(losses, point->trials);
        point->error = dat_standard_error(losses, point->trials);
        point->band = dat_bootstrap_mean(losses, point->trials, dat_rng_seed((uint64_t)point->tokens));
    }
    free(losses);
}

static void fit_line(scaling_line *line)
{
    double *tokens = dat_allocate((size_t)line->n_points, sizeof tokens[0]);
    double *losses = dat_allocate((size_t)line->n_points, sizeof losses[0]);
    double least = fitted_from * line->points[line->n_points - 1].tokens;
    int64_t n = 0;
    while (line->points[line->first_fitted].tokens < least)
        line->first_fitted++;
    for (int64_t i = line->first_fitted; i < line->n_points; i++, n++) {
        tokens[n] = line->points[i].tokens;
        losses[n] = line->points[i].mean;
    }
    line->law = fit(tokens, losses, n);
    free(tokens);
    free(losses);
}

static void find_line(scaling_figure *figure, int number)
{
    const curves_figure *curves = &figure->curves;
    scaling_line *line = &figure->lines[number];
    line->line = &curves->lines[number];
    line->family = family_of(line->line->example);
    scaling_series *series = dat_allocate((size_t)curves->n_trials, sizeof series[0]);
    for (int64_t i = 0; i < curves->n_trials; i++) {
        bool is_read = curves->trials[i].line == number &&
                       scaling_series_read(&curves->trials[i].source->run, &series[line->trials]);
        line->trials += is_read;
    }
    find_points(line, series);
    fit_line(line);
    for (int64_t i = 0; i < line->trials; i++)
        free(series[i].tokens);
    free(series);
    if (line->trials > figure->most_trials)
        figure->most_trials = line->trials;
}

static void fit_family(scaling_figure *figure, scaling_family family)
{
    int n_lines = figure->curves.n_lines;
    double *sizes = dat_allocate((size_t)n_lines, sizeof sizes[0]);
    double *losses = dat_allocate((size_t)n_lines, sizeof losses[0]);
    int64_t n = 0;
    for (int i = 0; i < n_lines; i++) {
        const scaling_line *line = &figure->lines[i];
        if (line->family != family || line->line->least_params != line->line->most_params)
            continue;
        sizes[n] = (double)line->line->least_params;
        losses[n++] = line->points[line->n_points - 1].mean;
    }
    figure->laws[family] = fit(sizes, losses, n);
    free(sizes);
    free(losses);
}

static void warn_missing(const scaling_figure *figure)
{
    for (int i = 0; i < figure->curves.n_lines; i++) {
        const scaling_line *line = &figure->lines[i];
        int64_t last = line->points[line->n_points - 1].trials;
        if (last < figure->most_trials)
            report_warn("%s: missing: %s: %" PRId64 " of %" PRId64 " trials", figure->curves.name,
                        line->line->label, last, figure->most_trials);
    }
}

/* --- table --- */

enum { MODEL, PARAMETERS, TOKENS, TRIALS, MISSING, LOSS, PERPLEXITY, EXPONENT, SCALE };

static const dat_column columns[] = {
    [MODEL] = {"model", "model", DAT_COLUMN_TEXT, 0},
    [PARAMETERS] = {"parameters", "parameters", DAT_COLUMN_NUMBER, 0},
    [TOKENS] = {"tokens", "tokens", DAT_COLUMN_NUMBER, 0},
    [TRIALS] = {"trials", "trials", DAT_COLUMN_NUMBER, 0},
    [MISSING] = {"missing trials", "missing_trials", DAT_COLUMN_NUMBER, 0},
    [LOSS] = {"validation loss", "loss", DAT_COLUMN_ESTIMATE, 4},
    [PERPLEXITY] = {"perplexity", "perplexity", DAT_COLUMN_NUMBER, 2},
    [EXPONENT] = {"exponent a", "exponent", DAT_COLUMN_NUMBER, 4},
    [SCALE] = {"log10 C", "log10_scale", DAT_COLUMN_NUMBER, 2},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char note[] =
    "Mean ± standard error over trials (seeds) at the end of training; perplexity = exp(loss). The loss over "
    "the tokens D, from a tenth of them on, is fitted by the power law (C / D)^a, a straight line on "
    "logarithmic axes, where there are three points. Missing numbers are shown as \"-\".";

static dat_status write_table(const dat_report *report, const scaling_figure *figure)
{
    dat_table table = {
        .title = figure->curves.name, .note = note, .columns = columns, .n_columns = N_COLUMNS};
    for (int i = 0; i < figure->curves.n_lines; i++) {
        const scaling_line *line = &figure->lines[i];
        const scaling_point *last = &line->points[line->n_points - 1];
        dat_table_add_row(&table);
        dat_table_set_text(&table, MODEL, line->line->label);
        if (line->line->least_params == line->line->most_params)
            dat_table_set_number(&table, PARAMETERS, (double)line->line->least_params);
        dat_table_set_number(&table, TOKENS, last->tokens);
        dat_table_set_number(&table, TRIALS, (double)last->trials);
        if (last->trials < figure->most_trials)
            dat_table_set_number(&table, MISSING, (double)(figure->most_trials - last->trials));
        dat_table_set_estimate(&table, LOSS, last->mean, last->error);
        dat_table_set_number(&table, PERPLEXITY, exp(last->mean));
        dat_table_set_number(&table, EXPONENT, line->law.exponent);
        dat_table_set_number(&table, SCALE, log10(line->law.coefficient) / line->law.exponent);
    }
    dat_status status = report_write_table(report, &table, figure->curves.name);
    dat_table_free(&table);
    return status;
}

dat_status scaling_write(dat_report *report, const char *name, curves_trial *trials, int64_t n_trials)
{
    scaling_figure figure = {.curves = {.name = name, .trials = trials, .n_trials = n_trials}};
    curves_find_lines(&figure.curves);
    figure.lines = dat_allocate((size_t)figure.curves.n_lines, sizeof figure.lines[0]);
    for (int i = 0; i < figure.curves.n_lines; i++)
        find_line(&figure, i);
    for (int family = 0; family < SCALING_N_FAMILIES; family++)
        fit_family(&figure, (scaling_family)family);
    warn_missing(&figure);
    dat_status status = write_table(report, &figure);
    if (status.code == DAT_CODE_OK && report->draws)
        scaling_draw(report, &figure);
    for (int i = 0; i < figure.curves.n_lines; i++)
        free(figure.lines[i].points);
    free(figure.lines);
    curves_free_lines(&figure.curves);
    return status;
}
