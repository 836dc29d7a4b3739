/* What `describe` prints about a model. */
#ifndef DAT_TRAIN_DESCRIBE_H
#define DAT_TRAIN_DESCRIBE_H

#include <stdio.h>

#include "core/params.h"
#include "io/run_file.h"

/* A table of all parameters (name, shape, count; tied ones say to what) and the totals. */
void dat_describe_params(const dat_params *params, FILE *stream);

/* Fills the model part of a run: n_params (trainable values) and the parameter table. */
void dat_run_set_model(dat_run *run, const dat_params *params);

#endif
