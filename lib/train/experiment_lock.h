/* One process at a time trains a run. Internal to the driver. */
#ifndef DAT_TRAIN_EXPERIMENT_LOCK_H
#define DAT_TRAIN_EXPERIMENT_LOCK_H

#include <stdbool.h>

#include "util/status.h"

/* A held flock on `<run file>.lock`. It ends with the process, however that dies; the empty file may stay
 * then, and the next holder removes it. */
typedef struct dat_run_lock {
    int descriptor;
    char *path;
} dat_run_lock;

/* Takes the lock of a run file, creating missing folders, or sets `busy` when another process holds it. Only
 * when it was taken must the caller release it. */
dat_status dat_run_lock_take(const char *run_path, dat_run_lock *lock, bool *busy);

/* Releases the lock and removes its file. */
void dat_run_lock_release(dat_run_lock *lock);

#endif
