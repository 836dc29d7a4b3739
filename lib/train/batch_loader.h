/* Batches of training examples, epoch after epoch in a seeded order; made when they are wanted, or ahead of
 * the training step by threads of their own. The bits are the same. */
#ifndef DAT_TRAIN_BATCH_LOADER_H
#define DAT_TRAIN_BATCH_LOADER_H

#include "core/rng.h"
#include "train/batches.h"
#include "util/status.h"

typedef struct dat_batch_loader_config {
    const dat_dataset *data; /* borrowed; at least one example */
    dat_rng order;      /* epoch e goes through the examples in the permutation of fork e of this stream */
    int64_t batch_size; /* the last batch of an epoch may be smaller */
    int64_t first, end; /* batches first..end-1, counted over all epochs: a resumed run begins late */
    int n_workers;      /* threads that make batches ahead; 0: each is made when it is wanted */
} dat_batch_loader_config;

typedef struct dat_batch_loader dat_batch_loader;

/* Starts loading. On failure *loader is NULL. Release with dat_batch_loader_close. */
dat_status dat_batch_loader_open(const dat_batch_loader_config *config, dat_batch_loader **loader);

/* The next batch, which stays valid until the next call; NULL after the last. */
dat_status dat_batch_loader_next(dat_batch_loader *loader, const dat_batch **batch);

/* Ends the workers and releases everything; NULL is allowed. */
void dat_batch_loader_close(dat_batch_loader *loader);

#endif
