/* A process that trains one run of a sweep and tells its parent about it through a pipe. Internal to the
 * driver. */
#ifndef DAT_TRAIN_SWEEP_WORKER_H
#define DAT_TRAIN_SWEEP_WORKER_H

#include <stdint.h>
#include <sys/types.h>

#include "train/experiment_run.h"

/* Small enough (PIPE_BUF) to arrive in one piece. */
typedef struct dat_worker_message {
    bool ended;                /* the last message */
    int64_t step, total_steps; /* before the end */
    dat_status status;         /* at the end */
    dat_task_result result;
} dat_worker_message;

typedef struct dat_worker {
    pid_t pid;
    int pipe;    /* read end */
    int64_t run; /* index among the sweep's runs */
} dat_worker;

/* How a worker trains. */
typedef struct dat_worker_plan {
    dat_task task;
    int64_t run;
    int threads;
    bool wait;                         /* for another process that trains this run */
    const volatile sig_atomic_t *stop; /* of dat_watch_stop_signals */
} dat_worker_plan;

/* Forks a process for one run. This process must not have started threads. `others` are the workers that run
 * already; the new one closes its copies of their pipes, so that a worker notices when its parent is gone. */
dat_status dat_worker_start(const dat_worker_plan *plan, const dat_worker *others, int n_others,
                            dat_worker *worker);

/* Reads the next message; false when the worker has ended. Blocks until there is something. */
bool dat_worker_receive(const dat_worker *worker, dat_worker_message *message);

/* Waits for the end of a worker that has closed its pipe, and says in one sentence what killed it, if
 * anything. */
dat_status dat_worker_finish(const dat_worker *worker);

#endif
