/* Micro-batches of a dataset on a tape: reading, forward pass, loss and accuracy. */
#ifndef DAT_TRAIN_BATCHES_H
#define DAT_TRAIN_BATCHES_H

#include "train/trainer.h"

/* Buffers for up to `capacity` examples. */
typedef struct dat_batch {
    int64_t capacity, count;
    int64_t input_shape[4]; /* (capacity, the dataset's) */
    dat_real *inputs;       /* owned */
    int32_t *labels;        /* owned */
} dat_batch;

void dat_batch_init(dat_batch *batch, const dat_dataset *data, int64_t capacity);
void dat_batch_free(dat_batch *batch);

/* Fills the batch with examples indices[0..count-1], in parallel. */
void dat_batch_read(dat_batch *batch, const dat_dataset *data, const int64_t *indices, int64_t count);

/* Forward pass and loss of the batch on a tape that has begun; counts right answers in *correct. NULL after
 * an error of the tape. */
dat_tensor *dat_batch_loss(dat_tape *tape, const dat_problem *problem, const dat_batch *batch,
                           int64_t *correct);

#endif
