/* Scaling of language models: the validation loss over the tokens of training, one line per model, and at the
 * end of training over the number of parameters, with the power laws that fit them. */
#ifndef DAT_REPORT_SCALING_H
#define DAT_REPORT_SCALING_H

#include "report_curves.h"

/* Models of one kind and different sizes. */
typedef enum scaling_family {
    SCALING_TRANSFORMER,
    SCALING_DAT,
    SCALING_RCA, /* Dual Attention Transformers with another kind of relational heads */
    SCALING_DISRCA,
    SCALING_N_FAMILIES,
} scaling_family;

extern const char *const scaling_family_names[SCALING_N_FAMILIES];

/* The trials of one model at one validation. */
typedef struct scaling_point {
    double tokens; /* trained on */
    int64_t trials;
    double mean, error; /* of the loss; NAN where unknown */
    dat_interval band;  /* bootstrap 95% interval of the mean */
} scaling_point;

typedef struct scaling_line {
    const curves_line *line;
    scaling_family family;
    int64_t trials;
    scaling_point *points; /* by tokens, owned; the last one is the end of training */
    int64_t n_points;
    int64_t first_fitted; /* point; those before it belong to the warm-up */
    dat_power_law law;    /* of the loss over tokens; NAN where there are fewer than three points */
} scaling_line;

typedef struct scaling_figure {
    curves_figure curves;                   /* name, trials and their lines */
    scaling_line *lines;                    /* [curves.n_lines], owned */
    int64_t most_trials;                    /* that a line has */
    dat_power_law laws[SCALING_N_FAMILIES]; /* of the last losses over parameters; NAN with fewer than three
                                               models */
} scaling_figure;

/* The validations of a run: losses[i] was measured after tokens[i]. Both are borrowed or, tokens, the
 * caller's to free. */
typedef struct scaling_series {
    const double *losses;
    double *tokens;
    int64_t count;
} scaling_series;

/* Reads a run's validations; false when it does not have them, all with positive numbers. */
bool scaling_series_read(const dat_run *run, scaling_series *series);

/* Writes the table and the drawing of one figure, whose trials are sorted so that those of a model are
 * neighbours; says what is missing. */
dat_status scaling_write(dat_report *report, const char *name, curves_trial *trials, int64_t n_trials);

/* A step of scaling_write. */
void scaling_draw(dat_report *report, const scaling_figure *figure);

#endif
