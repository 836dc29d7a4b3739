/* The report of relational games: generalisation over the size of the training set (the paper's Figure 2), on
 * the training objects and on two sets of objects never trained on, beside the authors' own curves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"
#include "report_curves.h"
#include "util/memory.h"

static const curves_task tasks[] = {
    {"same", "same"},
    {"occurs", "occurs"},
    {"xoccurs", "xoccurs"},
    {"between", "between"},
    {"match_patt", "match pattern"},
    {"3task_col_patts", "column patterns"},
};
enum { N_TASKS = sizeof tasks / sizeof *tasks };

static const curves_split splits[] = {
    {"in_distribution", "accuracy, training objects", "accuracy/in_distribution", NULL, ""},
    {"hexos", "accuracy, hexos", "accuracy/hexos", "accuracy/hexos_real", "_hexos"},
    {"stripes", "accuracy, stripes", "accuracy/stripes", "accuracy/stripes_real", "_stripes"},
};
enum { N_SPLITS = sizeof splits / sizeof *splits };

/* The paper's models keep their colours whatever else is there. */
static const char *const paper_models[] = {"DAT(1,1)", "DAT(0,2)", "T(2)", "T(2, d=144)"};
enum { N_PAPER_MODELS = sizeof paper_models / sizeof *paper_models };

static int find_task(const char *name)
{
    for (int i = 0; name && i < N_TASKS; i++)
        if (strcmp(tasks[i].name, name) == 0)
            return i;
    return -1;
}

static dat_status read_original(const dat_csv *csv, int64_t row, const int64_t *at, curves_original *original)
{
    original->task = dat_csv_text(csv, row, at[0]);
    original->split = dat_csv_text(csv, row, at[1]);
    DAT_TRY(dat_csv_integer(csv, row, at[2], &original->heads_sa));
    DAT_TRY(dat_csv_integer(csv, row, at[3], &original->heads_ra));
    DAT_TRY(dat_csv_integer(csv, row, at[4], &original->d_model));
    DAT_TRY(dat_csv_integer(csv, row, at[5], &original->train_size));
    DAT_TRY(dat_csv_integer(csv, row, at[6], &original->trials));
    DAT_TRY(dat_csv_number(csv, row, at[7], &original->mean));
    return dat_csv_number(csv, row, at[8], &original->error);
}

static int compare_originals(const void *a, const void *b)
{
    const curves_original *x = a, *y = b;
    return (x->train_size > y->train_size) - (x->train_size < y->train_size);
}

/* Reads the authors' points by ascending size; they borrow texts from `csv`. */
static dat_status read_originals(const dat_csv *csv, curves_original *originals)
{
    static const char *const names[] = {"task",       "split",  "n_heads_sa",    "n_heads_ra", "d_model",
                                        "train_size", "trials", "mean_accuracy", "sem"};
    int64_t at[9];
    for (int i = 0; i < 9; i++)
        DAT_TRY(dat_csv_column(csv, names[i], &at[i]));
    for (int64_t row = 0; row < csv->n_rows; row++)
        DAT_TRY(read_original(csv, row, at, &originals[row]));
    qsort(originals, (size_t)csv->n_rows, sizeof *originals, compare_originals);
    return DAT_OK;
}

/* Whether a key has the value, or is not there at all. */
static bool is_or_absent(const dat_resolved *config, const char *key, const char *value)
{
    const char *text = dat_resolved_text(config, key);
    return !text || strcmp(text, value) == 0;
}

/* The authors' curves are of plain Transformers and of Dual Attention with symmetric relations, not of its
 * ablations or of the other baselines. */
static bool has_original(const dat_resolved *config)
{
    const char *architecture = dat_resolved_text(config, "model.architecture");
    if (!architecture || strcmp(architecture, "dat") != 0)
        return architecture && strcmp(architecture, "transformer") == 0;
    return is_or_absent(config, "model.symmetric_relations", "true") &&
           is_or_absent(config, "model.ra_type", "relational_attention");
}

/* Fills a trial from a run's config; false, with a warning, when something needed is not there. */
static bool read_trial(const report_run *run, curves_trial *trial)
{
    const dat_resolved *config = &run->config;
    const char *task = dat_resolved_text(config, "data.task"), *figure = dat_resolved_text(config, "figure");
    const char *architecture = dat_resolved_text(config, "model.architecture");
    *trial = (curves_trial){.source = run,
                            .figure = figure && *figure ? figure : "relational_games",
                            .model = dat_resolved_text(config, "model.name"),
                            .task = find_task(task),
                            .original = has_original(config)};
    const char *problem = NULL;
    if (trial->task < 0)
        problem = "data.task is not a task of relational games";
    else if (!trial->model)
        problem = "model.name is missing";
    else if (!dat_resolved_integer(config, "data.train_size", &trial->train_size) || trial->train_size < 1)
        problem = "data.train_size is not a positive integer";
    else if (!report_is_file_name(trial->figure))
        problem = "figure is not a plain name (letters, digits, _ and -)";
    if (problem)
        report_warn("%s is left out: in its config %s", run->path, problem);
    bool has_heads = dat_resolved_integer(config, "model.n_heads_sa", &trial->heads_sa) &&
                     dat_resolved_integer(config, "model.n_heads_ra", &trial->heads_ra) &&
                     dat_resolved_integer(config, "model.d_model", &trial->d_model);
    trial->original = trial->original && has_heads;
    if (trial->original && strcmp(architecture, "transformer") == 0)
        trial->heads_ra = 0; /* whatever its config says, it has none */
    return !problem;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paper's models first, then the others of all figures by name. */
static void give_colours(curves_trial *trials, int64_t n_trials)
{
    const char **others = dat_allocate((size_t)n_trials + 1, sizeof *others);
    for (int64_t i = 0; i < n_trials; i++)
        others[i] = trials[i].model;
    qsort(others, (size_t)n_trials, sizeof *others, compare_names);
    int next = N_PAPER_MODELS;
    for (int64_t i = 0; i < n_trials; i++) {
        if (i > 0 && strcmp(others[i], others[i - 1]) == 0)
            continue;
        int colour = 0;
        while (colour < N_PAPER_MODELS && strcmp(paper_models[colour], others[i]) != 0)
            colour++;
        colour = colour < N_PAPER_MODELS ? colour : next++;
        for (int64_t j = 0; j < n_trials; j++)
            if (strcmp(trials[j].model, others[i]) == 0)
                trials[j].colour = colour;
    }
    free(others);
}

dat_status report_relational_games(dat_report *report, const report_run *runs, int64_t n_runs)
{
    dat_csv csv = {0};
    char *path = report_format("%s/relational_games_curves.csv", report->reference);
    curves_trial *trials = dat_allocate((size_t)n_runs, sizeof *trials);
    curves_original *originals = NULL;
    curves_subject subject = {.tasks = tasks, .n_tasks = N_TASKS, .splits = splits, .n_splits = N_SPLITS};

    dat_status status = dat_csv_read(path, &csv);
    if (status.code == DAT_CODE_OK) {
        originals = dat_allocate((size_t)csv.n_rows + 1, sizeof *originals);
        status = read_originals(&csv, originals);
    }
    if (status.code == DAT_CODE_OK) {
        subject.originals = originals;
        subject.n_originals = csv.n_rows;
    } else {
        report_warn("no comparison with the original: %s", status.message);
    }

    int64_t n_trials = 0;
    for (int64_t i = 0; i < n_runs; i++)
        if (read_trial(&runs[i], &trials[n_trials]))
            n_trials++;
    give_colours(trials, n_trials);
    status = curves_write(report, &subject, trials, n_trials);
    free(trials);
    free(originals);
    free(path);
    dat_csv_free(&csv);
    return status;
}
