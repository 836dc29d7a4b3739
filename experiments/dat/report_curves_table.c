/* The table of a figure of learning curves: one row per point, beside the original's. */
#include <math.h>

#include "report_curves.h"

enum {
    TASK,
    SPLIT,
    IMAGES,
    MODEL,
    SIZE,
    TRIALS,
    MISSING,
    QUALITY,
    ORIGINAL,
    ORIGINAL_TRIALS,
    DIFFERENCE,
    ERRORS,
    AGREES
};

static const dat_column columns[] = {
    [TASK] = {"task", "task", DAT_COLUMN_TEXT, 0},
    [SPLIT] = {"split", "split", DAT_COLUMN_TEXT, 0},
    [IMAGES] = {"images", "images", DAT_COLUMN_TEXT, 0},
    [MODEL] = {"model", "model", DAT_COLUMN_TEXT, 0},
    [SIZE] = {"train size", "train_size", DAT_COLUMN_NUMBER, 0},
    [TRIALS] = {"trials", "trials", DAT_COLUMN_NUMBER, 0},
    [MISSING] = {"missing trials", "missing_trials", DAT_COLUMN_NUMBER, 0},
    [QUALITY] = {"accuracy", "accuracy", DAT_COLUMN_ESTIMATE, 3},
    [ORIGINAL] = {"original", "original", DAT_COLUMN_ESTIMATE, 3},
    [ORIGINAL_TRIALS] = {"original's trials", "original_trials", DAT_COLUMN_NUMBER, 0},
    [DIFFERENCE] = {"difference", "difference", DAT_COLUMN_NUMBER, 3},
    [ERRORS] = {"in s.e.", "difference_in_sem", DAT_COLUMN_NUMBER, 1},
    [AGREES] = {"within 3 s.e. or 0.03", "agrees", DAT_COLUMN_TEXT, 0},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char note[] =
    "Mean ± standard error over trials (seeds). \"Original\" are the authors' own runs; the last columns "
    "compare the two "
    "means, in accuracy and in combined standard errors. Missing numbers are shown as \"-\".";

static void add_point(dat_table *table, const curves_figure *figure, const curves_point *point)
{
    dat_table_add_row(table);
    dat_table_set_text(table, TASK, figure->subject->tasks[point->task].name);
    dat_table_set_text(table, SPLIT, figure->subject->splits[point->split].name);
    if (point->published)
        dat_table_set_text(table, IMAGES, "published images");
    dat_table_set_text(table, MODEL, figure->lines[point->line].label);
    dat_table_set_number(table, SIZE, (double)point->size);
    dat_table_set_number(table, TRIALS, (double)point->trials);
    if (point->trials < point->expected)
        dat_table_set_number(table, MISSING, (double)(point->expected - point->trials));
    dat_table_set_estimate(table, QUALITY, point->mean, point->error);
    curves_add_comparison(table, DIFFERENCE, point);
    if (!point->original)
        return;
    dat_table_set_estimate(table, ORIGINAL, point->original->mean, point->original->error);
    dat_table_set_number(table, ORIGINAL_TRIALS, (double)point->original->trials);
}

void curves_add_comparison(dat_table *table, int column, const curves_point *point)
{
    const double close_enough = 0.03, errors_enough = 3;
    const curves_original *original = point->original;
    if (!original || point->trials == 0)
        return;
    double difference = point->mean - original->mean;
    double errors = dat_difference_in_errors(point->mean, point->error, original->mean, original->error);
    dat_table_set_number(table, column, difference);
    dat_table_set_number(table, column + 1, errors);
    /* With one trial the errors are unknown (NAN) and only the difference itself counts. */
    bool agrees = fabs(difference) <= close_enough || fabs(errors) <= errors_enough;
    dat_table_set_text(table, column + 2, agrees ? "yes" : "no");
}

dat_status curves_write_table(const dat_report *report, const curves_figure *figure)
{
    dat_table table = {.title = figure->name,
                       .note = note,
                       .columns = columns,
                       .n_columns = N_COLUMNS,
                       .n_group_columns = MODEL};
    for (int64_t i = 0; i < figure->n_points; i++)
        if (figure->points[i].expected > 0)
            add_point(&table, figure, &figure->points[i]);
    dat_status status = report_write_table(report, &table, figure->name);
    dat_table_free(&table);
    return status;
}
