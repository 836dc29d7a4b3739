/* The section `train` of an experiment's config. */
#ifndef DAT_TRAIN_TRAIN_OPTIONS_H
#define DAT_TRAIN_TRAIN_OPTIONS_H

#include "io/config.h"
#include "train/trainer.h"

typedef struct dat_train_options {
    int64_t epochs, batch_size, micro_batch, evaluate_every;
    double learning_rate, beta1, beta2, checkpoint_seconds;
    int schedule;
} dat_train_options;

/* Keys, ranges and help; an experiment's base.yaml says what its paper does. */
extern const dat_schema dat_train_options_schema;

/* Training by these options with Adam. */
dat_train_config dat_train_options_config(const dat_train_options *options, int64_t seed);

/* Allocates the parameters of a model and starts them from the run's seed. */
void dat_train_start_params(dat_params *params, int64_t seed);

#endif
