/* Batches made ahead of the step that uses them, by threads of their own. Batches come in the order of their
 * numbers whatever the number of threads; what is in them is up to a function of the number. */
#ifndef DAT_DATA_PREFETCH_H
#define DAT_DATA_PREFETCH_H

#include <stdint.h>

#include "util/status.h"

/* Makes batch `number` in `buffer`. Called by several threads at a time, with different numbers and buffers;
 * must not start a parallel loop. */
typedef dat_status dat_prefetch_make(const void *context, int64_t number, void *buffer);

typedef struct dat_prefetch_config {
    dat_prefetch_make *make;
    const void *context;  /* borrowed */
    int64_t first, end;   /* batches first..end-1 are made */
    void *const *buffers; /* [n_buffers], borrowed; one is in use while the others are filled */
    int n_buffers;        /* at least 2 */
    int n_workers;        /* at least 1 */
} dat_prefetch_config;

typedef struct dat_prefetch dat_prefetch;

/* Starts the workers. On failure *prefetch is NULL. Release with dat_prefetch_stop. */
dat_status dat_prefetch_start(const dat_prefetch_config *config, dat_prefetch **prefetch);

/* Waits for the next batch and gives its buffer, which is the caller's until the next call; NULL after the
 * last. An error of a batch comes when it is its turn, and again from then on. */
dat_status dat_prefetch_next(dat_prefetch *prefetch, void **buffer);

/* Ends the workers, at any time: batches that are being made are finished, others not begun. NULL is allowed.
 */
void dat_prefetch_stop(dat_prefetch *prefetch);

#endif
