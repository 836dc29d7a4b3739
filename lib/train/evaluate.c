#include <stdlib.h>
#include <string.h>

#include "train/batches.h"
#include "train/trainer.h"
#include "util/memory.h"

/* Examples of several lengths that are read and ordered at a time, in slices of full length. */
enum { ORDERED_SLICES = 16 };

/* Sums over slices. */
typedef struct evaluation_sums {
    double loss;     /* of the labels that count */
    int64_t counted; /* of them */
    dat_tally tally;
} evaluation_sums;

static dat_status add_slice(dat_tape *tape, const dat_problem *problem, const dat_batch *slice,
                            evaluation_sums *sums)
{
    dat_tape_begin_slice(tape, 0);
    dat_tensor *loss = dat_batch_loss(tape, problem->forward, problem->model, slice, &sums->tally);
    if (!loss)
        return tape->status;
    int64_t labels = dat_batch_counted(slice);
    sums->loss += (double)loss->data[0] * (double)labels;
    sums->counted += labels;
    return DAT_OK;
}

static bool stopped(const volatile sig_atomic_t *stop)
{
    return stop && *stop;
}

/* Fills a batch with the examples from `first` on. */
static void read_from(dat_batch *batch, int64_t first, int64_t *indices)
{
    int64_t left = batch->data->size - first, count = left < batch->capacity ? left : batch->capacity;
    for (int64_t i = 0; i < count; i++)
        indices[i] = first + i;
    dat_batch_read(batch, 0, indices, count);
}

static dat_status add_batch(dat_tape *tape, const dat_problem *problem, const dat_batch *batch,
                            int64_t micro_batch, const volatile sig_atomic_t *stop, evaluation_sums *sums)
{
    dat_batch slice;
    for (int64_t start = 0; start < batch->count && !stopped(stop); start += slice.count) {
        slice = dat_batch_slice(batch, start, micro_batch);
        DAT_TRY(add_slice(tape, problem, &slice, sums));
    }
    return DAT_OK;
}

static dat_evaluation means_of(const evaluation_sums *sums)
{
    double total = sums->counted > 0 ? (double)sums->counted : 1;
    dat_evaluation means = {.loss = sums->loss / total, .accuracy = (double)sums->tally.ranks[0] / total};
    int64_t right = 0;
    for (int k = 0; k < DAT_TALLY_RANKS; k++) {
        right += sums->tally.ranks[k];
        means.top_accuracy[k] = (double)right / total;
    }
    return means;
}

dat_status dat_evaluate(dat_tape *tape, const dat_problem *problem, const dat_dataset *data,
                        int64_t micro_batch, const volatile sig_atomic_t *stop, int64_t *confusion,
                        dat_evaluation *result)
{
    dat_status status = DAT_OK;
    dat_batch batch;
    dat_batch_init(&batch, data, data->length ? ORDERED_SLICES * micro_batch : micro_batch);
    int64_t *indices = dat_allocate((size_t)batch.capacity, sizeof *indices);
    if (confusion)
        memset(confusion, 0, (size_t)(data->n_classes * data->n_classes) * sizeof *confusion);
    bool training = tape->training, recording = tape->recording;
    tape->training = tape->recording = false;
    evaluation_sums sums = {.tally = {.confusion = confusion}};
    dat_tape_begin_batch(tape);
    for (int64_t first = 0; first < data->size && !stopped(stop) && status.code == DAT_CODE_OK;
         first += batch.count) {
        read_from(&batch, first, indices);
        status = add_batch(tape, problem, &batch, micro_batch, stop, &sums);
    }
    tape->training = training;
    tape->recording = recording;
    dat_batch_free(&batch);
    free(indices);
    *result = means_of(&sums);
    return status;
}
