/* Batches of a dataset, and what a model makes of them on a tape: loss and right answers. */
#ifndef DAT_TRAIN_BATCHES_H
#define DAT_TRAIN_BATCHES_H

#include "core/tape.h"
#include "data/dataset.h"

/* Some examples of a dataset. */
typedef struct dat_batch {
    const dat_dataset *data; /* borrowed */
    int64_t capacity, count;
    dat_examples examples; /* owned, unless the batch is a slice of another */
    /* Of datasets that tell lengths, else NULL: */
    int64_t *lengths;       /* [count] of the examples, ascending; owned as they are */
    dat_examples unordered; /* where they are read; owned */
    int64_t *places;        /* [n_tokens + 1] where the next example of every length goes; owned */
} dat_batch;

void dat_batch_init(dat_batch *batch, const dat_dataset *data, int64_t capacity);
void dat_batch_free(dat_batch *batch);

/* Fills the batch with examples indices[0..count-1], in parallel, or on the calling thread alone. Examples
 * come in this order, or shorter ones before longer ones where the dataset tells lengths. */
void dat_batch_read(dat_batch *batch, int64_t epoch, const int64_t *indices, int64_t count);
void dat_batch_read_alone(dat_batch *batch, int64_t epoch, const int64_t *indices, int64_t count);

/* What a step takes at a time: the examples of a batch from `start` on, borrowed from it, at most
 * `micro_batch`. With lengths, at least one and as many more as cost no more tokens than `micro_batch`
 * examples of full length, each counting as much as the longest. */
dat_batch dat_batch_slice(const dat_batch *batch, int64_t start, int64_t micro_batch);

/* Labels that count, which a loss is the mean over. */
int64_t dat_batch_counted(const dat_batch *batch);

/* The batch's numbers as a tensor of the tape, (B, channel, row, column). */
dat_tensor *dat_batch_images(dat_tape *tape, const dat_batch *batch);

/* What a model says about a batch: logits (rows, classes) and as many labels, usually those of the batch; a
 * forward function that leaves out positions sets others. */
typedef struct dat_prediction {
    dat_tensor *logits;
    const int32_t *labels;
    const int32_t *second_labels; /* of mixed datasets, else NULL */
    const dat_real *weights;      /* of mixed datasets, else NULL */
} dat_prediction;

/* Logits for all labels of a batch. */
dat_prediction dat_batch_prediction(const dat_batch *batch, dat_tensor *logits);

typedef dat_prediction dat_forward(dat_tape *tape, const void *model, const dat_batch *batch);

/* Ranks of a label among the classes that are counted one by one. */
enum { DAT_TALLY_RANKS = 5 };

/* How predictions compare with labels that count (of mixed datasets: the first ones). Start with zeros. */
typedef struct dat_tally {
    int64_t ranks[DAT_TALLY_RANKS]; /* labels that have the best logit, the second best, ... */
    int64_t *confusion; /* (classes, classes), borrowed: labels by class and by the class predicted; NULL: not
                           counted */
} dat_tally;

/* Forward pass and mean loss of the batch on a tape that has begun; adds to the tally. NULL after an error of
 * the tape. */
dat_tensor *dat_batch_loss(dat_tape *tape, dat_forward *forward, const void *model, const dat_batch *batch,
                           dat_tally *tally);

#endif
