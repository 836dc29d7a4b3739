#include "train/batches.h"

dat_status dat_evaluate(dat_tape *tape, const dat_problem *problem, const dat_dataset *data,
                        int64_t micro_batch, const volatile sig_atomic_t *stop, dat_evaluation *result)
{
    dat_status status = DAT_OK;
    dat_batch batch;
    dat_batch_init(&batch, data, micro_batch);
    bool training = tape->training, recording = tape->recording;
    tape->training = tape->recording = false;
    double loss_sum = 0;
    int64_t correct = 0;
    for (int64_t start = 0; start < data->size && !(stop && *stop); start += micro_batch) {
        int64_t count = start + micro_batch <= data->size ? micro_batch : data->size - start;
        dat_tape_begin(tape, 0);
        int64_t *indices = dat_tape_take(tape, (size_t)count * sizeof *indices);
        for (int64_t i = 0; indices && i < count; i++)
            indices[i] = start + i;
        if (indices)
            dat_batch_read(&batch, data, indices, count);
        dat_tensor *loss = indices ? dat_batch_loss(tape, problem, &batch, &correct) : NULL;
        if (!loss) {
            status = tape->status;
            break;
        }
        loss_sum += (double)loss->data[0] * (double)count;
    }
    tape->training = training;
    tape->recording = recording;
    dat_batch_free(&batch);
    double total = data->size > 0 ? (double)data->size : 1;
    *result = (dat_evaluation){.loss = loss_sum / total, .accuracy = (double)correct / total};
    return status;
}
