/* Augmented training batches, epoch after epoch in a seeded order, made ahead of the training step. */
#ifndef DAT_DATA_IMAGE_LOADER_H
#define DAT_DATA_IMAGE_LOADER_H

#include "core/rng.h"
#include "data/augment.h"
#include "util/status.h"

typedef struct dat_image_loader_config {
    dat_augmenter augmenter;
    dat_rng order;          /* epoch e goes through the set in the permutation of fork e of this stream */
    int64_t batch_size;     /* the last batch of an epoch may be smaller */
    int64_t first, end;     /* batches first..end-1, counted over all epochs: a resumed run begins late */
    int n_workers, n_ahead; /* threads, and batches that may be ready before they are wanted; at least 1 */
} dat_image_loader_config;

typedef struct dat_image_loader dat_image_loader;

/* Starts loading; the images must stay until the loader is closed. On failure *loader is NULL. Release with
 * dat_image_loader_close. */
dat_status dat_image_loader_open(const dat_image_loader_config *config, dat_image_loader **loader);

/* Waits for the next batch, which stays valid until the next call; NULL after the last. */
dat_status dat_image_loader_next(dat_image_loader *loader, const dat_image_batch **batch);

/* NULL is allowed. */
void dat_image_loader_close(dat_image_loader *loader);

#endif
