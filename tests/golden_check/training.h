/* A stored training run: the same steps from the same parameters must give the same losses. */
#ifndef TESTS_GOLDEN_CHECK_TRAINING_H
#define TESTS_GOLDEN_CHECK_TRAINING_H

#include "golden_check/run.h"
#include "optim/optimizer.h"

struct golden_instance;

typedef struct golden_train {
    int64_t steps;     /* 0: the file is not about training */
    int64_t n_batches; /* micro-step m of step s uses batch (s grad_accum + m) mod n_batches */
    int64_t grad_accum;
    dat_optimizer_config optimizer;
} golden_train;

/* Reads the config's "train". */
void golden_train_read(golden_train *train, golden_arguments *arguments);

/* Trains and compares losses, learning rates, gradient norms and final parameters. */
void golden_check_training(golden_run *run, const struct golden_instance *instance);

#endif
