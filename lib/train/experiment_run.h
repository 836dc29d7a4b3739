/* One run of an experiment, from its config to its run file. Internal to the driver. */
#ifndef DAT_TRAIN_EXPERIMENT_RUN_H
#define DAT_TRAIN_EXPERIMENT_RUN_H

#include "train/experiment.h"

/* What to train; everything is borrowed. */
typedef struct dat_task {
    const dat_experiment *experiment;
    const dat_config *config;
    const dat_run_config *run; /* one of config->runs */
    const char *overrides;     /* what the command line changed, for the record */
    const char *results;       /* folder; the run file is <results>/<experiment>/<run id>.h5 */
} dat_task;

/* What the disk holds of a run. */
typedef enum dat_presence {
    DAT_PRESENCE_MISSING,
    DAT_PRESENCE_UNFINISHED,
    DAT_PRESENCE_COMPLETE,
    DAT_PRESENCE_BLOCKED, /* an unreadable file, a failed run or another run stands there */
} dat_presence;

/* How an attempt to train a run ended, if not by an error. */
typedef enum dat_ending {
    DAT_ENDING_COMPLETE,
    DAT_ENDING_ALREADY_COMPLETE,
    DAT_ENDING_STOPPED, /* by control->stop; the run file has a checkpoint */
    DAT_ENDING_BUSY,    /* another process trains this run */
} dat_ending;

enum { DAT_ACCURACIES_SIZE = 256 };

typedef struct dat_task_result {
    dat_ending ending;
    /* "accuracy hexos 0.912, pentos 0.971, waited for data 0.4%" of a complete run, or "" */
    char accuracies[DAT_ACCURACIES_SIZE];
} dat_task_result;

/* Path of the run file; the caller frees it. */
char *dat_task_path(const dat_task *task);

/* Looks what the disk holds. The error says why a run is blocked and what to do; `accuracies` as in
 * dat_task_result. */
dat_status dat_task_look(const dat_task *task, dat_presence *presence, char accuracies[DAT_ACCURACIES_SIZE]);

/* Trains the run, or what is left of it, while holding its lock. `control` needs no path. With `wait` a lock
 * that another process holds is waited for; else the ending is BUSY. */
dat_status dat_task_train(const dat_task *task, const dat_run_control *control, bool wait,
                          dat_task_result *result);

#endif
