/* What `describe` prints about a model. */
#ifndef DAT_TRAIN_DESCRIBE_H
#define DAT_TRAIN_DESCRIBE_H

#include <stdio.h>

#include "train/trainer.h"

/* A table of all parameters (name, shape, count; tied ones say to what) and the totals. */
void dat_describe_params(const dat_params *params, FILE *stream);

/* The same, and what a training step takes: its FLOPs, and the memory for the parameters and for what a slice
 * computes (not for data). Counted on blank examples of the shape that the problem's training set says.
 * Allocates the parameters, which must not be yet. Nothing else of the problem but its model is needed. */
dat_status dat_describe_problem(const dat_train_config *config, const dat_problem *problem, FILE *stream);

/* Fills the model part of a run: n_params (trainable values) and the parameter table. */
void dat_run_set_model(dat_run *run, const dat_params *params);

#endif
