#include "train/batches.h"
#include "train/trainer.h"

/* Adds the sums of one slice: of the losses, of the labels that count and of those that are right. */
static dat_status add_slice(dat_tape *tape, const dat_problem *problem, dat_batch *batch, int64_t start,
                            int64_t count, double *loss_sum, int64_t *counted, int64_t *correct)
{
    dat_tape_begin(tape, 0);
    int64_t *indices = dat_tape_take(tape, (size_t)count * sizeof *indices);
    if (!indices)
        return tape->status;
    for (int64_t i = 0; i < count; i++)
        indices[i] = start + i;
    dat_batch_read(batch, 0, indices, count);
    dat_tensor *loss = dat_batch_loss(tape, problem->forward, problem->model, batch, correct);
    if (!loss)
        return tape->status;
    int64_t labels = dat_batch_counted(batch);
    *loss_sum += (double)loss->data[0] * (double)labels;
    *counted += labels;
    return DAT_OK;
}

dat_status dat_evaluate(dat_tape *tape, const dat_problem *problem, const dat_dataset *data,
                        int64_t micro_batch, const volatile sig_atomic_t *stop, dat_evaluation *result)
{
    dat_status status = DAT_OK;
    dat_batch batch;
    dat_batch_init(&batch, data, micro_batch);
    bool training = tape->training, recording = tape->recording;
    tape->training = tape->recording = false;
    double loss_sum = 0;
    int64_t counted = 0, correct = 0;
    for (int64_t start = 0; start < data->size && !(stop && *stop); start += micro_batch) {
        int64_t count = start + micro_batch <= data->size ? micro_batch : data->size - start;
        status = add_slice(tape, problem, &batch, start, count, &loss_sum, &counted, &correct);
        if (status.code != DAT_CODE_OK)
            break;
    }
    tape->training = training;
    tape->recording = recording;
    dat_batch_free(&batch);
    double total = counted > 0 ? (double)counted : 1;
    *result = (dat_evaluation){.loss = loss_sum / total, .accuracy = (double)correct / total};
    return status;
}
