/* The driver that all experiment programs share: command line, configs, run files, sweeps.
 *
 *     PROGRAM run CONFIG.yaml [--set key=value]... [--preset NAME] [--threads N] [--results DIR] [--resume]
 * [--quiet] PROGRAM sweep CONFIG.yaml [--set ...] [--preset NAME] [--jobs N] [--shard I/N] [--dry-run]
 * [--results DIR] [--quiet] PROGRAM describe CONFIG.yaml [--set ...] [--preset NAME] PROGRAM --help |
 * --help-config | --version
 *
 * A run writes DIR/<experiment>/<run-id>.h5. A complete run is not done again; an unfinished one goes on from
 * its checkpoint. Exit status: 0 done, 1 a run failed, 2 bad usage or config, 130 stopped by Ctrl-C or
 * SIGTERM. */
#ifndef DAT_TRAIN_EXPERIMENT_H
#define DAT_TRAIN_EXPERIMENT_H

#include <stdio.h>

#include "io/config.h"
#include "train/trainer.h"

typedef struct dat_experiment {
    const char *name;    /* of the program and of the folder of its run files */
    const char *summary; /* one line for --help */
    const dat_schema *schema;

    /* Checks what the schema can't, without building or reading much: head counts, file existence. */
    dat_status (*check)(const void *config);

    /* Trains one run: builds data and model from the filled schema struct, fills run->n_params, parameters
     * and flops_per_step, and calls dat_train. */
    dat_status (*run)(const void *config, dat_run *run, const dat_run_control *control);

    /* Prints the model's parameters by name, shape and count, and the FLOPs of a step. */
    dat_status (*describe)(const void *config, FILE *stream);
} dat_experiment;

/* The whole program. Returns its exit status. */
int dat_experiment_main(const dat_experiment *experiment, int argc, char **argv);

#endif
