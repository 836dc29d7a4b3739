/* The table of a figure of image classification: one row per model, beside the paper's Tables 1, 3 and 4. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/statistics.h"
#include "report_images.h"
#include "util/memory.h"

/* --- the paper's rows --- */

static dat_status read_row(const dat_csv *csv, int64_t row, const int64_t *at, images_paper_row *paper)
{
    paper->dataset = dat_csv_text(csv, row, at[0]);
    paper->augmentation = dat_csv_text(csv, row, at[1]);
    paper->model = dat_csv_text(csv, row, at[2]);
    paper->symmetric = dat_csv_text(csv, row, at[3]);
    DAT_TRY(dat_csv_integer(csv, row, at[4], &paper->table));
    DAT_TRY(dat_csv_integer(csv, row, at[5], &paper->n_layers));
    DAT_TRY(dat_csv_integer(csv, row, at[6], &paper->d_model));
    DAT_TRY(dat_csv_integer(csv, row, at[7], &paper->heads_sa));
    DAT_TRY(dat_csv_integer(csv, row, at[8], &paper->heads_ra));
    DAT_TRY(dat_csv_number(csv, row, at[9], &paper->accuracy));
    return dat_csv_number(csv, row, at[10], &paper->error);
}

static dat_status read_rows(images_paper *paper)
{
    static const char *const names[] = {"dataset",    "augmentation",  "model",       "symmetric",
                                        "table",      "n_layers",      "d_model",     "n_heads_sa",
                                        "n_heads_ra", "accuracy_mean", "accuracy_sem"};
    enum { N_NAMES = sizeof names / sizeof *names };
    int64_t at[N_NAMES];
    for (int i = 0; i < N_NAMES; i++)
        DAT_TRY(dat_csv_column(&paper->csv, names[i], &at[i]));
    paper->rows = dat_allocate((size_t)paper->csv.n_rows + 1, sizeof *paper->rows);
    for (int64_t row = 0; row < paper->csv.n_rows; row++)
        DAT_TRY(read_row(&paper->csv, row, at, &paper->rows[row]));
    paper->n_rows = paper->csv.n_rows;
    return DAT_OK;
}

dat_status images_read_paper(const dat_report *report, images_paper *paper)
{
    *paper = (images_paper){0};
    char *path = report_format("%s/paper_vision_tables_1_3_4.csv", report->reference);
    dat_status status = dat_csv_read(path, &paper->csv);
    free(path);
    return status.code == DAT_CODE_OK ? read_rows(paper) : status;
}

void images_free_paper(images_paper *paper)
{
    free(paper->rows);
    dat_csv_free(&paper->csv);
    *paper = (images_paper){0};
}

/* --- the table --- */

static bool is_text(const report_run *run, const char *key, const char *text)
{
    return strcmp(images_text(run, key), text) == 0;
}

static bool is_number(const report_run *run, const char *key, int64_t number)
{
    int64_t value;
    return dat_resolved_integer(&run->config, key, &value) && value == number;
}

enum {
    DATASET,
    MODEL,
    AUGMENTATION,
    PARAMS,
    IMAGES,
    EPOCHS,
    TRIALS,
    ACCURACY,
    TOP5,
    PAPER,
    DIFFERENCE,
    ERRORS
};

static const dat_column columns[] = {
    [DATASET] = {"dataset", "dataset", DAT_COLUMN_TEXT, 0},
    [MODEL] = {"model", "model", DAT_COLUMN_TEXT, 0},
    [AUGMENTATION] = {"augmentation", "augmentation", DAT_COLUMN_TEXT, 0},
    [PARAMS] = {"million parameters", "million_parameters", DAT_COLUMN_NUMBER, 2},
    [IMAGES] = {"training images", "train_size", DAT_COLUMN_NUMBER, 0},
    [EPOCHS] = {"epochs", "epochs", DAT_COLUMN_NUMBER, 0},
    [TRIALS] = {"trials", "trials", DAT_COLUMN_NUMBER, 0},
    [ACCURACY] = {"test accuracy, %", "accuracy", DAT_COLUMN_ESTIMATE, 1},
    [TOP5] = {"top 5, %", "top5_accuracy", DAT_COLUMN_ESTIMATE, 1},
    [PAPER] = {"paper, %", "paper", DAT_COLUMN_ESTIMATE, 1},
    [DIFFERENCE] = {"difference", "difference", DAT_COLUMN_NUMBER, 1},
    [ERRORS] = {"in s.e.", "difference_in_sem", DAT_COLUMN_NUMBER, 1},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char note[] = "Mean ± standard error over trials (seeds). The paper's numbers stand beside runs "
                           "with the paper's model, images, "
                           "augmentation and epochs only; the last columns compare the two means, in "
                           "percentage points and in combined "
                           "standard errors. Missing numbers are shown as \"-\".";

/* "crop, flip, cutmix": what is done to training images; the caller frees it. */
static char *augmentation_words(const report_run *run)
{
    static const struct {
        const char *key, *off, *words;
    } parts[] = {
        {"data.crop_padding", "0", "crop"},
        {"data.flip", "false", "flip"},
        {"data.autoaugment", "none", "autoaugment"},
        {"data.crop_paste", "false", "crop-paste"},
        {"data.cutmix", "0", "cutmix"},
        {"data.mixup", "0", "mixup"},
    };
    char *words = dat_copy_string("");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *value = images_text(run, parts[i].key);
        bool never =
            strcmp(parts[i].words, "mixup") == 0 && is_text(run, "data.cutmix", "1"); /* always CutMix */
        if (!*value || never || strcmp(value, parts[i].off) == 0)
            continue;
        char *longer = report_format("%s%s%s", words, *words ? ", " : "", parts[i].words);
        free(words);
        words = longer;
    }
    return words;
}

/* Whether a group is what a row of the paper reports. */
static bool is_paper_row(const images_group *group, const images_paper_row *paper)
{
    const int64_t paper_images = 50000, paper_epochs = 100, paper_batch = 128;
    const report_run *run = group->runs[0];
    bool cutmix = !is_text(run, "data.cutmix", "0"), autoaugment = !is_text(run, "data.autoaugment", "none");
    bool symmetric = is_text(run, "model.symmetric_relations", "true");
    return strcmp(images_dataset_words(group->dataset), paper->dataset) == 0 &&
           group->train_size == paper_images && group->epochs == paper_epochs &&
           is_number(run, "train.batch_size", paper_batch) &&
           is_number(run, "model.n_layers", paper->n_layers) &&
           is_number(run, "model.d_model", paper->d_model) &&
           is_number(run, "model.n_heads_sa", paper->heads_sa) &&
           is_number(run, "model.n_heads_ra", paper->heads_ra) &&
           (paper->heads_ra == 0 || symmetric == (strcmp(paper->symmetric, "yes") == 0)) &&
           cutmix == (strstr(paper->augmentation, "cutmix") != NULL) &&
           autoaugment == (strstr(paper->augmentation, "autoaugment") != NULL);
}

/* Sets a percentage and gives its mean and standard error. */
static void set_percent(dat_table *table, int column, const images_group *group, const char *metric,
                        double *mean, double *error)
{
    double *values = dat_allocate((size_t)group->n_trials, sizeof *values);
    int64_t n = 0;
    for (int64_t i = 0; i < group->n_trials; i++) {
        double value = 100 * dat_run_summary(&group->runs[i]->run, metric);
        if (isfinite(value))
            values[n++] = value;
    }
    *mean = dat_mean(values, n);
    *error = dat_standard_error(values, n);
    dat_table_set_estimate(table, column, *mean, *error);
    free(values);
}

/* A row of ours, beside the paper's where there is one (or NULL). */
static void add_group(dat_table *table, const images_group *group, const images_paper_row *paper)
{
    double mean, error, top5, top5_error;
    char *augmentation = augmentation_words(group->runs[0]);
    dat_table_add_row(table);
    dat_table_set_text(table, DATASET, images_dataset_words(group->dataset));
    dat_table_set_text(table, MODEL, group->model);
    dat_table_set_text(table, AUGMENTATION, augmentation);
    free(augmentation);
    if (group->runs[0]->run.n_params > 0)
        dat_table_set_number(table, PARAMS, (double)group->runs[0]->run.n_params / 1e6);
    dat_table_set_number(table, IMAGES, (double)group->train_size);
    dat_table_set_number(table, EPOCHS, (double)group->epochs);
    dat_table_set_number(table, TRIALS, (double)group->n_trials);
    set_percent(table, TOP5, group, "top5_accuracy/test", &top5, &top5_error);
    set_percent(table, ACCURACY, group, "accuracy/test", &mean, &error);
    if (!paper)
        return;
    dat_table_set_estimate(table, PAPER, paper->accuracy, paper->error);
    dat_table_set_number(table, DIFFERENCE, mean - paper->accuracy);
    dat_table_set_number(table, ERRORS, dat_difference_in_errors(mean, error, paper->accuracy, paper->error));
}

/* A row of the paper that nobody has trained yet. */
static void add_missing(dat_table *table, const images_paper_row *paper)
{
    bool asymmetric = strcmp(paper->symmetric, "no") == 0;
    char *model = report_format("%s%s", paper->model, asymmetric ? ", asymmetric" : "");
    dat_table_add_row(table);
    dat_table_set_text(table, DATASET, paper->dataset);
    dat_table_set_text(table, MODEL, model);
    dat_table_set_number(table, TRIALS, 0);
    dat_table_set_estimate(table, PAPER, paper->accuracy, paper->error);
    free(model);
}

/* The number of the paper's table in "table4_autoaugment"; 0: none. */
static int64_t table_number(const char *figure)
{
    const char prefix[] = "table";
    return strncmp(figure, prefix, strlen(prefix)) == 0 ? strtoll(figure + strlen(prefix), NULL, 10) : 0;
}

/* Adds the groups that a row of the paper reports, or says that they are missing. */
static void add_paper_row(dat_table *table, const images_figure *figure, const images_paper_row *paper,
                          bool *shown)
{
    bool found = false;
    for (int i = 0; i < figure->n_groups; i++) {
        if (shown[i] || !is_paper_row(&figure->groups[i], paper))
            continue;
        add_group(table, &figure->groups[i], paper);
        shown[i] = found = true;
    }
    if (!found)
        add_missing(table, paper);
}

/* Adds the groups that are left, of one dataset or of all (NULL). */
static void add_others(dat_table *table, const images_figure *figure, const char *dataset, bool *shown)
{
    for (int i = 0; i < figure->n_groups; i++) {
        const images_group *group = &figure->groups[i];
        if (shown[i] || (dataset && strcmp(images_dataset_words(group->dataset), dataset) != 0))
            continue;
        add_group(table, group, NULL);
        shown[i] = true;
    }
}

/* For each dataset the rows of the paper's table first, those of other runs after them. */
dat_status images_write_table(const dat_report *report, const images_figure *figure,
                              const images_paper *paper)
{
    dat_table table = {.title = figure->name,
                       .note = note,
                       .columns = columns,
                       .n_columns = N_COLUMNS,
                       .n_group_columns = MODEL};
    bool *shown = dat_allocate((size_t)figure->n_groups, sizeof *shown);
    const char *dataset = NULL;
    for (int64_t i = 0; i < paper->n_rows; i++) {
        const images_paper_row *row = &paper->rows[i];
        if (row->table != table_number(figure->name))
            continue;
        if (dataset && strcmp(dataset, row->dataset) != 0)
            add_others(&table, figure, dataset, shown);
        dataset = row->dataset;
        add_paper_row(&table, figure, row, shown);
    }
    if (dataset)
        add_others(&table, figure, dataset, shown);
    add_others(&table, figure, NULL, shown);
    dat_status status = report_write_table(report, &table, figure->name);
    free(shown);
    dat_table_free(&table);
    return status;
}
