#include <string.h>

#include "train/batches.h"
#include "train/trainer.h"

/* Sums over slices. */
typedef struct evaluation_sums {
    double loss;     /* of the labels that count */
    int64_t counted; /* of them */
    dat_tally tally;
} evaluation_sums;

static dat_status add_slice(dat_tape *tape, const dat_problem *problem, dat_batch *batch, int64_t start,
                            int64_t count, evaluation_sums *sums)
{
    dat_tape_begin(tape, 0);
    int64_t *indices = dat_tape_take(tape, (size_t)count * sizeof *indices);
    if (!indices)
        return tape->status;
    for (int64_t i = 0; i < count; i++)
        indices[i] = start + i;
    dat_batch_read(batch, 0, indices, count);
    dat_tensor *loss = dat_batch_loss(tape, problem->forward, problem->model, batch, &sums->tally);
    if (!loss)
        return tape->status;
    int64_t labels = dat_batch_counted(batch);
    sums->loss += (double)loss->data[0] * (double)labels;
    sums->counted += labels;
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
    dat_batch_init(&batch, data, micro_batch);
    if (confusion)
        memset(confusion, 0, (size_t)(data->n_classes * data->n_classes) * sizeof *confusion);
    bool training = tape->training, recording = tape->recording;
    tape->training = tape->recording = false;
    evaluation_sums sums = {.tally = {.confusion = confusion}};
    for (int64_t start = 0; start < data->size && !(stop && *stop); start += micro_batch) {
        int64_t count = start + micro_batch <= data->size ? micro_batch : data->size - start;
        status = add_slice(tape, problem, &batch, start, count, &sums);
        if (status.code != DAT_CODE_OK)
            break;
    }
    tape->training = training;
    tape->recording = recording;
    dat_batch_free(&batch);
    *result = means_of(&sums);
    return status;
}
