/* The report of the mathematics experiment: accuracy over the number of parameters for every module (the
 * paper's Figure 3), and the numbers beside the paper's (Table 2). The paper's are those of questions of the
 * level train-hard: see results/reference/README.md. */
#include <string.h>

#include "report_math.h"

static const curves_task modules[] = {
    {"polynomials__expand", "polynomials: expand"},
    {"polynomials__add", "polynomials: add"},
    {"calculus__differentiate", "calculus: differentiate"},
    {"algebra__linear_1d", "algebra: linear 1d"},
    {"algebra__sequence_next_term", "algebra: sequence next term"},
};
enum { N_MODULES = sizeof modules / sizeof *modules };

static const curves_split splits[MATH_N_SPLITS] = {
    [MATH_INTERPOLATE] = {"interpolate", "character accuracy, interpolate", "accuracy/interpolate", NULL, ""},
    [MATH_HARD] = {"train-hard", "character accuracy, train-hard", "accuracy/train-hard", NULL,
                   "_train_hard"},
    [MATH_MEDIUM] = {"train-medium", NULL, "accuracy/train-medium", NULL, NULL},
    [MATH_EASY] = {"train-easy", NULL, "accuracy/train-easy", NULL, NULL},
    [MATH_ANSWERS_INTERPOLATE] = {"interpolate, whole answers", NULL, "answers/interpolate", NULL, NULL},
    [MATH_ANSWERS_HARD] = {"train-hard, whole answers", NULL, "answers/train-hard", NULL, NULL},
};

static const char *const paper_models[] = {"DAT", "Transformer", NULL};

static dat_status read_original(const dat_csv *csv, int64_t row, const int64_t *at, curves_original *original)
{
    const double percent = 0.01;
    *original = (curves_original){.task = dat_csv_text(csv, row, at[0]), .split = "train-hard"};
    snprintf(original->name, sizeof original->name, "%s", dat_csv_text(csv, row, at[1]));
    DAT_TRY(dat_csv_integer(csv, row, at[2], &original->size));
    DAT_TRY(dat_csv_number(csv, row, at[3], &original->mean));
    DAT_TRY(dat_csv_number(csv, row, at[4], &original->error));
    original->mean *= percent;
    original->error *= percent;
    return DAT_OK;
}

/* A cell without accuracy was not reported. */
static dat_status read_originals(const dat_csv *csv, curves_original *originals, int64_t *n_originals)
{
    static const char *const names[] = {"task", "model", "n_params", "char_accuracy_mean",
                                        "char_accuracy_sem"};
    int64_t at[5];
    for (int i = 0; i < 5; i++)
        DAT_TRY(dat_csv_column(csv, names[i], &at[i]));
    for (int64_t row = 0; row < csv->n_rows; row++)
        if (*dat_csv_text(csv, row, at[3]))
            DAT_TRY(read_original(csv, row, at, &originals[(*n_originals)++]));
    return DAT_OK;
}

/* The paper's line of a run's kind of model. Its points are told apart by their numbers of parameters. */
static void find_original(const dat_resolved *config, char name[CURVES_NAME_SIZE])
{
    const char *architecture = dat_resolved_text(config, "model.architecture");
    const char *symbols = dat_resolved_text(config, "model.symbols");
    const char *kind = dat_resolved_text(config, "model.ra_type");
    if (architecture && strcmp(architecture, "transformer") == 0)
        snprintf(name, CURVES_NAME_SIZE, "Transformer");
    else if (architecture && symbols && kind && strcmp(symbols, "position_relative") == 0 &&
             strcmp(kind, "relational_attention") == 0)
        snprintf(name, CURVES_NAME_SIZE, "DAT");
}

dat_status report_math(dat_report *report, const report_run *runs, int64_t n_runs)
{
    static const curves_subject subject = {
        .name = "math",
        .task_key = "data.module",
        .model_key = "model.family",
        .over_params = true,
        .tasks = modules,
        .n_tasks = N_MODULES,
        .splits = splits,
        .n_splits = MATH_N_SPLITS,
        .models = paper_models,
        .reference = "paper_math_table2.csv",
        .read_originals = read_originals,
        .find_original = find_original,
        .write_tables = math_write_tables,
    };
    return curves_report(report, &subject, runs, n_runs);
}
