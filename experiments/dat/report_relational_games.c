/* The report of relational games: generalisation over the size of the training set (the paper's Figure 2), on
 * the training objects and on two sets of objects never trained on, beside the authors' own curves. */
#include <inttypes.h>
#include <string.h>

#include "report_curves.h"

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
static const char *const paper_models[] = {"DAT(1,1)", "DAT(0,2)", "T(2)", "T(2, d=144)", NULL};

/* What the authors' curves of a model are called. */
static void name_original(int64_t heads_sa, int64_t heads_ra, int64_t d_model, char name[CURVES_NAME_SIZE])
{
    const int64_t usual = 128;
    int length = heads_ra == 0
                     ? snprintf(name, CURVES_NAME_SIZE, "T(%" PRId64 ")", heads_sa)
                     : snprintf(name, CURVES_NAME_SIZE, "DAT(%" PRId64 ",%" PRId64 ")", heads_sa, heads_ra);
    if (d_model != usual && length < CURVES_NAME_SIZE)
        snprintf(name + length, (size_t)(CURVES_NAME_SIZE - length), ", d=%" PRId64, d_model);
}

static dat_status read_original(const dat_csv *csv, int64_t row, const int64_t *at, curves_original *original)
{
    original->task = dat_csv_text(csv, row, at[0]);
    original->split = dat_csv_text(csv, row, at[1]);
    int64_t heads_sa, heads_ra, d_model;
    DAT_TRY(dat_csv_integer(csv, row, at[2], &heads_sa));
    DAT_TRY(dat_csv_integer(csv, row, at[3], &heads_ra));
    DAT_TRY(dat_csv_integer(csv, row, at[4], &d_model));
    name_original(heads_sa, heads_ra, d_model, original->name);
    DAT_TRY(dat_csv_integer(csv, row, at[5], &original->size));
    DAT_TRY(dat_csv_integer(csv, row, at[6], &original->trials));
    DAT_TRY(dat_csv_number(csv, row, at[7], &original->mean));
    return dat_csv_number(csv, row, at[8], &original->error);
}

static dat_status read_originals(const dat_csv *csv, curves_original *originals, int64_t *n_originals)
{
    static const char *const names[] = {"task",       "split",  "n_heads_sa",    "n_heads_ra", "d_model",
                                        "train_size", "trials", "mean_accuracy", "sem"};
    int64_t at[9];
    for (int i = 0; i < 9; i++)
        DAT_TRY(dat_csv_column(csv, names[i], &at[i]));
    for (int64_t row = 0; row < csv->n_rows; row++)
        DAT_TRY(read_original(csv, row, at, &originals[row]));
    *n_originals = csv->n_rows;
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

/* The authors' line to compare a run with, if there is one. */
static void find_original(const dat_resolved *config, char name[CURVES_NAME_SIZE])
{
    int64_t heads_sa, heads_ra, d_model;
    if (!has_original(config) || !dat_resolved_integer(config, "model.n_heads_sa", &heads_sa) ||
        !dat_resolved_integer(config, "model.n_heads_ra", &heads_ra) ||
        !dat_resolved_integer(config, "model.d_model", &d_model))
        return;
    if (strcmp(dat_resolved_text(config, "model.architecture"), "transformer") == 0)
        heads_ra = 0; /* whatever its config says, it has none */
    name_original(heads_sa, heads_ra, d_model, name);
}

dat_status report_relational_games(dat_report *report, const report_run *runs, int64_t n_runs)
{
    static const curves_subject subject = {
        .name = "relational_games",
        .task_key = "data.task",
        .model_key = "model.name",
        .tasks = tasks,
        .n_tasks = N_TASKS,
        .splits = splits,
        .n_splits = N_SPLITS,
        .models = paper_models,
        .reference = "relational_games_curves.csv",
        .read_originals = read_originals,
        .find_original = find_original,
        .write_tables = curves_write_table,
    };
    return curves_report(report, &subject, runs, n_runs);
}
