/* Curves: a quality over the size of the training set or of the model, one panel per task, one line per
 * model, a point per size with its trials (seeds). Shared by the experiments that have them. */
#ifndef DAT_REPORT_CURVES_H
#define DAT_REPORT_CURVES_H

#include <stdint.h>

#include "core/statistics.h"
#include "io/csv.h"
#include "report.h"

enum { CURVES_MAX_TASKS = 16, CURVES_MAX_SPLITS = 8, CURVES_NAME_SIZE = 48 };

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
    const char *suffix; /* of the figure's file name; NULL: not drawn */
} curves_split;

/* What the original authors measured at one point. */
typedef struct curves_original {
    const char *task, *split; /* borrowed from the reader's file */
    char name[CURVES_NAME_SIZE];
    int64_t size, trials; /* trials 0: unknown */
    double mean, error;
} curves_original;

typedef struct curves_figure curves_figure;

/* What an experiment's figures are about. */
typedef struct curves_subject {
    const char *name;                 /* of the experiment, and of the figure of runs that name none */
    const char *task_key, *model_key; /* the task and the line in configs */
    bool over_params; /* sizes are numbers of parameters, of which each line has its own; else data.train_size
                         of the configs */
    const curves_task *tasks;
    int n_tasks;
    const curves_split *splits;
    int n_splits;
    const char *const *models; /* that have the first colours; ends with NULL */
    const char *reference;     /* the authors' file */
    /* Reads the authors' points, at most one a row, in any order; they may borrow texts from the file. */
    dat_status (*read_originals)(const dat_csv *csv, curves_original *originals, int64_t *n_originals);
    /* Sets the name of the authors' line that a run compares with, if there is one. */
    void (*find_original)(const dat_resolved *config, char name[CURVES_NAME_SIZE]);
    dat_status (*write_tables)(const dat_report *report, const curves_figure *figure);
} curves_subject;

/* One run as a trial of a point. */
typedef struct curves_trial {
    const report_run *source;
    const char *figure, *model; /* borrowed from the source's config */
    int task;
    int64_t size;
    int colour;                      /* of the model, the same in every figure */
    char original[CURVES_NAME_SIZE]; /* name of the authors' line of this kind of model; "": none */
    int line;                        /* set by curves_find_lines */
} curves_trial;

/* Trials that differ by task, size and seed only. */
typedef struct curves_line {
    char *label; /* the model, and the values of the settings that tell lines of one model apart */
    const char *model;
    int colour;
    const curves_trial *example; /* a trial of the line, for its original */
    int64_t least_params, most_params;
} curves_line;

typedef struct curves_point {
    int task, split, line;
    int64_t size;
    bool absent; /* the line has other sizes */
    int64_t trials;
    int64_t expected;                /* the most runs that a point of this task has; 0: none has the number */
    bool published;                  /* measured on published data */
    double mean, error;              /* NAN where unknown */
    dat_interval band;               /* bootstrap 95% interval of the mean */
    const curves_original *original; /* NULL: none */
} curves_point;

struct curves_figure {
    const char *name;
    const curves_subject *subject;
    const curves_original *originals; /* borrowed, by size */
    int64_t n_originals;
    curves_trial *trials; /* borrowed, by task, model, size and run */
    int64_t n_trials;
    curves_line *lines;
    int n_lines;
    curves_point *points; /* by task, split, line and size; all sizes of a task for each of its lines */
    int64_t n_points;
};

/* Writes the tables and the drawings of every figure that the runs name; says what is missing. */
dat_status curves_report(dat_report *report, const curves_subject *subject, const report_run *runs,
                         int64_t n_runs);

/* The steps of curves_report. Trials: room for as many as there are runs; runs without what is needed are
 * left out with a warning. Returns the number of trials. */
int64_t curves_read_trials(const curves_subject *subject, const report_run *runs, int64_t n_runs,
                           curves_trial *trials);

/* Lines: trials of one point that differ in a setting other than the seed belong
 * to different lines. */
void curves_find_lines(curves_figure *figure);
void curves_free_lines(curves_figure *figure);
void curves_find_points(curves_figure *figure);
void curves_warn_missing(const curves_figure *figure);
dat_status curves_write_table(const dat_report *report, const curves_figure *figure); /* a row per point */
void curves_draw(dat_report *report, const curves_figure *figure);

/* Fills three columns from `column` on: how far a point is from its original, also in combined standard
 * errors, and whether it is within 3 of these or 0.03. Nothing without trials or original. */
void curves_add_comparison(dat_table *table, int column, const curves_point *point);

#endif
