/* The bookkeeping of a sweep: which of its runs are waiting, running and over, and how much work is left.
 * Internal to the driver. */
#ifndef DAT_TRAIN_SWEEP_H
#define DAT_TRAIN_SWEEP_H

#include "train/experiment_session.h"
#include "util/progress.h"

typedef enum dat_sweep_state {
    DAT_SWEEP_WAITING,
    DAT_SWEEP_BUSY, /* another process trains it; its turn comes when nothing else waits */
    DAT_SWEEP_RUNNING,
    DAT_SWEEP_COMPLETE,
    DAT_SWEEP_STOPPED,
    DAT_SWEEP_FAILED,
} dat_sweep_state;

typedef struct dat_sweep_run {
    dat_task task;
    dat_sweep_state state;
    int64_t step, total_steps; /* 0 until the run has told */
    int64_t first_step;        /* done before this session */
    double started;            /* dat_seconds() */
    dat_status status;         /* of a failed run */
    char accuracies[DAT_ACCURACIES_SIZE];
} dat_sweep_run;

/* The runs of this shard, in the config's order. */
typedef struct dat_sweep_table {
    dat_sweep_run *runs;
    int64_t n_runs;
} dat_sweep_table;

/* Lists the runs of the session's shard, not yet looked for on disk; the caller frees with
 * dat_sweep_table_free. */
dat_sweep_table dat_sweep_list(const dat_session *session);
void dat_sweep_table_free(dat_sweep_table *table);

int64_t dat_sweep_count(const dat_sweep_table *table, dat_sweep_state state);

/* The run that should start next, or -1. */
int64_t dat_sweep_next(const dat_sweep_table *table);

/* Optimizer steps of all runs that are not complete from before; a run that has not told counts as many as
 * the others have on average. */
dat_work dat_sweep_work(const dat_sweep_table *table);

#endif
