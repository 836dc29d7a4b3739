#include <stdlib.h>
#include <string.h>

#include "report_math.h"
#include "util/memory.h"

/* A model of one size and module: its points in all splits. */
typedef struct math_row {
    const curves_point *points[MATH_N_SPLITS];
    const curves_trial *example; /* one of its trials, or NULL */
} math_row;

/* Fills a row that starts with the point `first` of the first split. */
static math_row make_row(const curves_figure *figure, const curves_point *first)
{
    math_row row = {0};
    for (int64_t i = 0; i < figure->n_points; i++) {
        const curves_point *point = &figure->points[i];
        if (point->task == first->task && point->line == first->line && point->size == first->size)
            row.points[point->split] = point;
    }
    for (int64_t i = 0; i < figure->n_trials && !row.example; i++) {
        const curves_trial *trial = &figure->trials[i];
        if (trial->task == first->task && trial->line == first->line && trial->size == first->size)
            row.example = trial;
    }
    return row;
}

/* Calls `add` for every row of a figure and writes the table. */
static dat_status write_table(const dat_report *report, const curves_figure *figure, dat_table *table,
                              const char *suffix,
                              void (*add)(dat_table *table, const curves_figure *figure, const math_row *row))
{
    char *name = report_format("%s%s", figure->name, suffix);
    table->title = name;
    for (int64_t i = 0; i < figure->n_points; i++) {
        const curves_point *point = &figure->points[i];
        if (point->split != MATH_INTERPOLATE || point->absent)
            continue;
        math_row row = make_row(figure, point);
        add(table, figure, &row);
    }
    dat_status status = report_write_table(report, table, name);
    dat_table_free(table);
    free(name);
    return status;
}

/* What all tables begin with. */
enum { MODULE, MODEL, PARAMS, N_LEADING };
#define LEADING_COLUMNS                                                                                      \
    [MODULE] = {"module", "module", DAT_COLUMN_TEXT, 0}, [MODEL] = {"model", "model", DAT_COLUMN_TEXT, 0},   \
    [PARAMS] = {"parameters", "parameters", DAT_COLUMN_NUMBER, 0}

static void start_row(dat_table *table, const curves_figure *figure, const math_row *row)
{
    const curves_point *point = row->points[MATH_INTERPOLATE];
    dat_table_add_row(table);
    dat_table_set_text(table, MODULE, figure->subject->tasks[point->task].name);
    dat_table_set_text(table, MODEL, figure->lines[point->line].label);
    dat_table_set_number(table, PARAMS, (double)point->size);
}

/* The estimate of a split, where it was measured. */
static void set_split(dat_table *table, int column, const math_row *row, math_split split)
{
    dat_table_set_estimate(table, column, row->points[split]->mean, row->points[split]->error);
}

/* --- Table 2 --- */

enum {
    LAYERS = N_LEADING,
    WIDTH,
    PAIRS,
    TRIALS,
    MISSING,
    INTERPOLATE,
    HARD,
    ORIGINAL,
    DIFFERENCE,
    ERRORS,
    AGREES,
    N_COLUMNS,
};

static const dat_column columns[N_COLUMNS] = {
    LEADING_COLUMNS,
    [LAYERS] = {"layers", "layers", DAT_COLUMN_NUMBER, 0},
    [WIDTH] = {"width", "width", DAT_COLUMN_NUMBER, 0},
    [PAIRS] = {"pairs trained on", "training_pairs", DAT_COLUMN_NUMBER, 0},
    [TRIALS] = {"trials", "trials", DAT_COLUMN_NUMBER, 0},
    [MISSING] = {"missing trials", "missing_trials", DAT_COLUMN_NUMBER, 0},
    [INTERPOLATE] = {"interpolate", "interpolate", DAT_COLUMN_ESTIMATE, 3},
    [HARD] = {"train-hard", "train_hard", DAT_COLUMN_ESTIMATE, 3},
    [ORIGINAL] = {"paper", "original", DAT_COLUMN_ESTIMATE, 3},
    [DIFFERENCE] = {"difference", "difference", DAT_COLUMN_NUMBER, 3},
    [ERRORS] = {"in s.e.", "difference_in_sem", DAT_COLUMN_NUMBER, 1},
    [AGREES] = {"within 3 s.e. or 0.03", "agrees", DAT_COLUMN_TEXT, 0},
};

static const char note[] = "Character accuracy with the characters before given (teacher forcing), mean ± "
                           "standard error over trials "
                           "(seeds); \"paper\" is Table 2 of the paper, whose questions were of the level "
                           "train-hard, so that it stands "
                           "beside that column and is compared with it, in accuracy and in combined standard "
                           "errors. The paper trains "
                           "50 epochs on two million pairs. Missing numbers are shown as \"-\".";

static void set_setting(dat_table *table, int column, const math_row *row, const char *key)
{
    int64_t value;
    if (row->example && dat_resolved_integer(&row->example->source->config, key, &value))
        dat_table_set_number(table, column, (double)value);
}

static void set_pairs(dat_table *table, const math_row *row)
{
    int64_t size, epochs;
    if (row->example && dat_resolved_integer(&row->example->source->config, "data.train_size", &size) &&
        dat_resolved_integer(&row->example->source->config, "train.epochs", &epochs))
        dat_table_set_number(table, PAIRS, (double)size * (double)epochs);
}

static void add_accuracies(dat_table *table, const curves_figure *figure, const math_row *row)
{
    const curves_point *point = row->points[MATH_INTERPOLATE], *hard = row->points[MATH_HARD];
    start_row(table, figure, row);
    set_setting(table, LAYERS, row, "model.n_layers");
    set_setting(table, WIDTH, row, "model.d_model");
    set_pairs(table, row);
    dat_table_set_number(table, TRIALS, (double)point->trials);
    if (point->trials < point->expected)
        dat_table_set_number(table, MISSING, (double)(point->expected - point->trials));
    set_split(table, INTERPOLATE, row, MATH_INTERPOLATE);
    set_split(table, HARD, row, MATH_HARD);
    if (hard->original)
        dat_table_set_estimate(table, ORIGINAL, hard->original->mean, hard->original->error);
    curves_add_comparison(table, DIFFERENCE, hard);
}

/* --- by difficulty --- */

enum {
    LEVEL_EASY = N_LEADING,
    LEVEL_MEDIUM,
    LEVEL_HARD,
    LEVEL_INTERPOLATE,
    ANSWERS_HARD,
    ANSWERS_INTERPOLATE,
    N_LEVEL_COLUMNS,
};

static const dat_column level_columns[N_LEVEL_COLUMNS] = {
    LEADING_COLUMNS,
    [LEVEL_EASY] = {"train-easy", "train_easy", DAT_COLUMN_ESTIMATE, 3},
    [LEVEL_MEDIUM] = {"train-medium", "train_medium", DAT_COLUMN_ESTIMATE, 3},
    [LEVEL_HARD] = {"train-hard", "train_hard", DAT_COLUMN_ESTIMATE, 3},
    [LEVEL_INTERPOLATE] = {"interpolate", "interpolate", DAT_COLUMN_ESTIMATE, 3},
    [ANSWERS_HARD] = {"whole answers, train-hard", "answers_train_hard", DAT_COLUMN_ESTIMATE, 3},
    [ANSWERS_INTERPOLATE] = {"whole answers, interpolate", "answers_interpolate", DAT_COLUMN_ESTIMATE, 3},
};

static const char level_note[] =
    "Character accuracy by difficulty of fresh questions (teacher forcing), and the share of questions whose "
    "whole answer is right when the model writes it alone, greedily; mean ± standard error over trials.";

static void add_levels(dat_table *table, const curves_figure *figure, const math_row *row)
{
    start_row(table, figure, row);
    set_split(table, LEVEL_EASY, row, MATH_EASY);
    set_split(table, LEVEL_MEDIUM, row, MATH_MEDIUM);
    set_split(table, LEVEL_HARD, row, MATH_HARD);
    set_split(table, LEVEL_INTERPOLATE, row, MATH_INTERPOLATE);
    set_split(table, ANSWERS_HARD, row, MATH_ANSWERS_HARD);
    set_split(table, ANSWERS_INTERPOLATE, row, MATH_ANSWERS_INTERPOLATE);
}

/* --- predictions --- */

enum { QUESTION = N_LEADING, ANSWER, PREDICTION, RIGHT, N_PREDICTION_COLUMNS };

static const dat_column prediction_columns[N_PREDICTION_COLUMNS] = {
    LEADING_COLUMNS,
    [QUESTION] = {"question", "question", DAT_COLUMN_TEXT, 0},
    [ANSWER] = {"answer", "answer", DAT_COLUMN_TEXT, 0},
    [PREDICTION] = {"prediction", "prediction", DAT_COLUMN_TEXT, 0},
    [RIGHT] = {"right", "right", DAT_COLUMN_TEXT, 0},
};

static const char prediction_note[] = "The first questions of the split interpolate and what a trained model "
                                      "wrote, greedily; one run of each model.";

/* A row per line of text: question, answer and prediction between tabs. */
static void add_predictions(dat_table *table, const curves_figure *figure, const math_row *row)
{
    enum { MOST = 5 };
    const char *text =
        row->example ? dat_run_summary_text(&row->example->source->run, "predictions/interpolate") : NULL;
    char *copy = dat_copy_string(text ? text : ""), *next_line = NULL;
    char *line = strtok_r(copy, "\n", &next_line);
    for (int i = 0; line && i < MOST; i++, line = strtok_r(NULL, "\n", &next_line)) {
        char *answer = strchr(line, '\t'), *prediction = answer ? strchr(answer + 1, '\t') : NULL;
        if (!prediction)
            continue;
        *answer++ = *prediction++ = '\0';
        start_row(table, figure, row);
        dat_table_set_text(table, QUESTION, line);
        dat_table_set_text(table, ANSWER, answer);
        dat_table_set_text(table, PREDICTION, prediction);
        dat_table_set_text(table, RIGHT, strcmp(answer, prediction) == 0 ? "yes" : "no");
    }
    free(copy);
}

dat_status math_write_tables(const dat_report *report, const curves_figure *figure)
{
    dat_table table = {.note = note, .columns = columns, .n_columns = N_COLUMNS, .n_group_columns = MODEL};
    DAT_TRY(write_table(report, figure, &table, "", add_accuracies));
    table = (dat_table){
        .note = level_note, .columns = level_columns, .n_columns = N_LEVEL_COLUMNS, .n_group_columns = MODEL};
    DAT_TRY(write_table(report, figure, &table, "_difficulty", add_levels));
    table = (dat_table){.note = prediction_note,
                        .columns = prediction_columns,
                        .n_columns = N_PREDICTION_COLUMNS,
                        .n_group_columns = MODEL};
    return write_table(report, figure, &table, "_predictions", add_predictions);
}
