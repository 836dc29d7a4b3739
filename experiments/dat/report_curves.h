/* Learning curves: a quality over the size of the training set, one panel per task, one line per model, a
 * point per size with its trials (seeds). Shared by the experiments that have them. */
#ifndef DAT_REPORT_CURVES_H
#define DAT_REPORT_CURVES_H

#include <stdint.h>

#include "core/statistics.h"
#include "report.h"

enum { CURVES_MAX_TASKS = 16, CURVES_MAX_SPLITS = 8 };

/* Colours that can be told apart; a line of colour c is drawn in colour c modulo this. */
enum { CURVES_N_COLOURS = 8 };

/* A line's colour ("#0072B2") and its marker in gnuplot, by any number from 0 on. */
const char *curves_colour(int number);
int curves_marker(int number);

typedef struct curves_task {
    const char *name;  /* as in configs and reference files */
    const char *words; /* as a panel's title */
} curves_task;

typedef struct curves_split {
    const char *name;   /* as in tables and reference files */
    const char *axis;   /* the vertical axis */
    const char *metric; /* the summary number */
    const char
        *published; /* the summary number on published data, which replaces it where a task has it; or NULL */
    const char *suffix; /* of the figure's file name */
} curves_split;

/* What the original authors measured at one point. */
typedef struct curves_original {
    const char *task, *split; /* borrowed from the reader's file */
    int64_t heads_sa, heads_ra, d_model, train_size, trials;
    double mean, error;
} curves_original;

/* What is the same for all figures of an experiment. */
typedef struct curves_subject {
    const curves_task *tasks;
    int n_tasks;
    const curves_split *splits;
    int n_splits;
    const curves_original *originals;
    int64_t n_originals;
} curves_subject;

/* One run as a trial of a point. */
typedef struct curves_trial {
    const report_run *source;
    const char *figure, *model; /* borrowed from the source's config */
    int task;
    int64_t train_size;
    int colour;    /* of the model, the same in every figure */
    bool original; /* the authors' numbers apply to this kind of model */
    int64_t heads_sa, heads_ra, d_model;
    int line; /* set by curves_find_lines */
} curves_trial;

/* Trials that differ by task, size and seed only. */
typedef struct curves_line {
    char *label; /* the model, and the values of the settings that tell lines of one model apart */
    const char *model;
    int colour;
    const curves_trial *example; /* a trial of the line, for its heads and width */
    int64_t least_params, most_params;
} curves_line;

typedef struct curves_point {
    int task, split, line;
    int64_t train_size;
    int64_t trials,
        expected;       /* expected: the most runs that a point of this task has; 0: none has the number */
    bool published;     /* measured on published data */
    double mean, error; /* NAN where unknown */
    dat_interval band;  /* bootstrap 95% interval of the mean */
    const curves_original *original; /* NULL: none */
} curves_point;

typedef struct curves_figure {
    const char *name;
    const curves_subject *subject;
    curves_trial *trials; /* borrowed, by task, model, size and run */
    int64_t n_trials;
    curves_line *lines;
    int n_lines;
    curves_point *points; /* by task, split, line and size; all sizes of a task for each of its lines */
    int64_t n_points;
} curves_figure;

/* Writes the table and the drawings of every figure named in the trials, which are reordered; says what is
 * missing. */
dat_status curves_write(dat_report *report, const curves_subject *subject, curves_trial *trials,
                        int64_t n_trials);

/* The steps of curves_write. Lines: trials of one point that differ in a setting other than the seed belong
 * to different lines. */
void curves_find_lines(curves_figure *figure);
void curves_free_lines(curves_figure *figure);
void curves_find_points(curves_figure *figure);
void curves_warn_missing(const curves_figure *figure);
dat_status curves_write_table(const dat_report *report, const curves_figure *figure);
void curves_draw(dat_report *report, const curves_figure *figure);

#endif
