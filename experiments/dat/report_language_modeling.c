/* The report of language modeling: the loss over tokens and parameters (the paper's Figures 4, 10 and 12),
 * and Table 5 beside the paper's. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"
#include "report_scaling.h"
#include "util/memory.h"

/* --- figures --- */

/* Reads what a run says about itself; false when it does not belong to a figure. */
static bool read_trial(const report_run *run, curves_trial *trial)
{
    const dat_resolved *config = &run->config;
    scaling_series series;
    *trial = (curves_trial){.source = run,
                            .figure = dat_resolved_text(config, "figure"),
                            .model = dat_resolved_text(config, "model.name")};
    const char *problem = NULL;
    if (!trial->figure || !trial->figure[0])
        return false; /* not every run is for a figure */
    if (!trial->model)
        problem = "in its config model.name is missing";
    else if (!report_is_file_name(trial->figure))
        problem = "in its config figure is not a plain name (letters, digits, _ and -)";
    else if (run->run.n_params < 1)
        problem = "it does not say how many parameters it has";
    else if (!scaling_series_read(&run->run, &series))
        problem = "it has no validation losses over tokens";
    else
        free(series.tokens);
    if (problem)
        report_warn("%s is left out: %s", run->path, problem);
    return !problem;
}

/* By figure, size and model: trials of one model are neighbours. */
static int compare_trials(const void *a, const void *b)
{
    const curves_trial *x = a, *y = b;
    int64_t size_x = x->source->run.n_params, size_y = y->source->run.n_params;
    int order = strcmp(x->figure, y->figure);
    if (order == 0)
        order = (size_x > size_y) - (size_x < size_y);
    if (order == 0)
        order = strcmp(x->model, y->model);
    return order ? order : strcmp(x->source->run.config_resolved, y->source->run.config_resolved);
}

/* Colours by size: the number of the model's first trial among the models. */
static void give_colours(curves_trial *trials, int64_t n_trials)
{
    int colours = 0;
    for (int64_t i = 0; i < n_trials; i++) {
        int64_t first = 0;
        while (strcmp(trials[first].model, trials[i].model) != 0)
            first++;
        trials[i].colour = first < i ? trials[first].colour : colours++;
    }
}

static dat_status write_figures(dat_report *report, curves_trial *trials, int64_t n_trials)
{
    if (n_trials > 0)
        qsort(trials, (size_t)n_trials, sizeof *trials, compare_trials);
    for (int64_t first = 0, next = 0; first < n_trials; first = next) {
        while (next < n_trials && strcmp(trials[next].figure, trials[first].figure) == 0)
            next++;
        give_colours(trials + first, next - first);
        DAT_TRY(scaling_write(report, trials[first].figure, trials + first, next - first));
    }
    return DAT_OK;
}

/* --- Table 5 --- */

enum { MODEL, PAPER_PARAMETERS, PARAMETERS, TOKENS, TRIALS, PERPLEXITY, PAPER, DIFFERENCE };

static const dat_column columns[] = {
    [MODEL] = {"model", "model", DAT_COLUMN_TEXT, 0},
    [PAPER_PARAMETERS] = {"paper's parameters", "paper_parameters", DAT_COLUMN_TEXT, 0},
    [PARAMETERS] = {"parameters", "parameters", DAT_COLUMN_NUMBER, 0},
    [TOKENS] = {"tokens", "tokens", DAT_COLUMN_NUMBER, 0},
    [TRIALS] = {"trials", "trials", DAT_COLUMN_NUMBER, 0},
    [PERPLEXITY] = {"perplexity", "perplexity", DAT_COLUMN_ESTIMATE, 2},
    [PAPER] = {"paper's perplexity", "paper_perplexity", DAT_COLUMN_NUMBER, 2},
    [DIFFERENCE] = {"difference", "difference", DAT_COLUMN_NUMBER, 2},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char note[] =
    "Validation perplexity after 10 billion tokens of FineWeb-Edu, mean ± standard error over trials "
    "(seeds), "
    "beside the paper's Table 5. A run belongs to a row when it has its architecture, was trained on token "
    "files and belongs to the figure fig4_scaling. Missing runs are shown as \"-\".";

/* What identifies a row of the paper's table among runs. */
static const struct {
    const char *column, *key;
    bool relational; /* only rows of DAT have it */
} row_keys[] = {
    {"d_model", "model.d_model", false},        {"n_layers", "model.n_layers", false},
    {"n_heads_sa", "model.n_heads_sa", false},  {"n_heads_ra", "model.n_heads_ra", false},
    {"n_relations", "model.n_relations", true}, {"n_kv_heads", "model.n_kv_heads", true},
};
enum { N_ROW_KEYS = sizeof row_keys / sizeof *row_keys };

static bool has_text(const report_run *run, const char *key, const char *text)
{
    const char *value = dat_resolved_text(&run->config, key);
    return value && strcmp(value, text) == 0;
}

/* Whether a run trained the model of a row. The quick presets of the same figure learn from a text. */
static bool is_of_row(const report_run *run, const dat_csv *csv, int64_t row, const int64_t *at, bool dual)
{
    if (!has_text(run, "figure", "fig4_scaling") || has_text(run, "data.train", "") ||
        !has_text(run, "model.architecture", dual ? "dat" : "transformer"))
        return false;
    for (int i = 0; i < N_ROW_KEYS; i++)
        if ((dual || !row_keys[i].relational) &&
            !has_text(run, row_keys[i].key, dat_csv_text(csv, row, at[i])))
            return false;
    return true;
}

static dat_status add_row(dat_table *table, const dat_csv *csv, int64_t row, const int64_t *at,
                          const report_run *runs, int64_t n_runs)
{
    int64_t model, params, perplexity, n = 0;
    double paper, *values = NULL;
    DAT_TRY(dat_csv_column(csv, "model", &model));
    DAT_TRY(dat_csv_column(csv, "params", &params));
    DAT_TRY(dat_csv_column(csv, "val_perplexity", &perplexity));
    DAT_TRY(dat_csv_number(csv, row, perplexity, &paper));
    bool dual = strcmp(dat_csv_text(csv, row, model), "DAT") == 0;
    values = dat_allocate((size_t)n_runs, sizeof values[0]);
    dat_table_add_row(table);
    dat_table_set_text(table, MODEL, dat_csv_text(csv, row, model));
    dat_table_set_text(table, PAPER_PARAMETERS, dat_csv_text(csv, row, params));
    dat_table_set_number(table, PAPER, paper);
    for (int64_t i = 0; i < n_runs; i++) {
        const dat_run *run = &runs[i].run;
        const dat_series *tokens = dat_run_find_series(run, "train/tokens");
        double value = dat_run_summary(run, "perplexity/validation");
        if (!is_of_row(&runs[i], csv, row, at, dual) || !isfinite(value) || !tokens || tokens->count == 0)
            continue;
        values[n++] = value;
        dat_table_set_number(table, PARAMETERS, (double)run->n_params);
        dat_table_set_number(table, TOKENS, tokens->values[tokens->count - 1]);
    }
    dat_table_set_number(table, TRIALS, (double)n);
    dat_table_set_estimate(table, PERPLEXITY, dat_mean(values, n), dat_standard_error(values, n));
    if (n > 0)
        dat_table_set_number(table, DIFFERENCE, dat_mean(values, n) - paper);
    free(values);
    return DAT_OK;
}

static dat_status fill_table(dat_table *table, const dat_csv *csv, const report_run *runs, int64_t n_runs)
{
    int64_t at[N_ROW_KEYS];
    for (int i = 0; i < N_ROW_KEYS; i++)
        DAT_TRY(dat_csv_column(csv, row_keys[i].column, &at[i]));
    for (int64_t row = 0; row < csv->n_rows; row++)
        DAT_TRY(add_row(table, csv, row, at, runs, n_runs));
    return DAT_OK;
}

static dat_status write_table5(const dat_report *report, const report_run *runs, int64_t n_runs)
{
    dat_csv csv = {0};
    dat_table table = {
        .title = "Table 5: language models", .note = note, .columns = columns, .n_columns = N_COLUMNS};
    char *path = report_format("%s/paper_language_table5.csv", report->reference);
    dat_status status = dat_csv_read(path, &csv);
    if (status.code == DAT_CODE_OK)
        status = fill_table(&table, &csv, runs, n_runs);
    if (status.code == DAT_CODE_OK) {
        status = report_write_table(report, &table, "table5_language");
    } else {
        report_warn("no Table 5: %s", status.message);
        status = DAT_OK;
    }
    dat_table_free(&table);
    dat_csv_free(&csv);
    free(path);
    return status;
}

dat_status report_language_modeling(dat_report *report, const report_run *runs, int64_t n_runs)
{
    curves_trial *trials = dat_allocate((size_t)n_runs, sizeof *trials);
    int64_t n_trials = 0;
    for (int64_t i = 0; i < n_runs; i++)
        if (read_trial(&runs[i], &trials[n_trials]))
            n_trials++;
    dat_status status = write_figures(report, trials, n_trials);
    free(trials);
    return status.code == DAT_CODE_OK ? write_table5(report, runs, n_runs) : status;
}
