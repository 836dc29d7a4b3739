#include "train/micro_batch.h"

static dat_status forward_bytes(dat_tape *tape, dat_examples_loss *loss, void *context, int64_t count,
                                int64_t *bytes)
{
    dat_tape_begin(tape, 0);
    loss(context, tape, count);
    *bytes = (int64_t)tape->arena.used;
    return tape->status;
}

dat_status dat_example_bytes(dat_tape *tape, dat_examples_loss *loss, void *context, int64_t *bytes)
{
    int64_t one, two;
    bool training = tape->training, recording = tape->recording, counting = tape->counting;
    tape->training = tape->recording = tape->counting = true;
    dat_status status = forward_bytes(tape, loss, context, 1, &one);
    if (status.code == DAT_CODE_OK)
        status = forward_bytes(tape, loss, context, 2, &two);
    tape->training = training;
    tape->recording = recording;
    tape->counting = counting;
    if (status.code == DAT_CODE_OK)
        *bytes = two - one;
    return status;
}

int64_t dat_micro_batch(int64_t batch_size, int64_t example_bytes, int64_t parameter_bytes)
{
    int64_t room = 4 * parameter_bytes > DAT_MICRO_BATCH_BYTES ? 4 * parameter_bytes : DAT_MICRO_BATCH_BYTES;
    int64_t most = example_bytes > 0 ? room / example_bytes : batch_size;
    most = most < 1 ? 1 : most < batch_size ? most : batch_size;
    for (int64_t slice = most; 2 * slice > most; slice--)
        if (batch_size % slice == 0)
            return slice;
    int64_t slices = (batch_size + most - 1) / most;
    return (batch_size + slices - 1) / slices;
}

/* What blank_examples_loss needs. */
typedef struct blank_examples {
    const dat_problem *problem;
    dat_batch batch;
} blank_examples;

static dat_tensor *blank_examples_loss(void *context, dat_tape *tape, int64_t count)
{
    blank_examples *blank = context;
    dat_tally tally = {0};
    blank->batch.count = count;
    return dat_batch_loss(tape, blank->problem->forward, blank->problem->model, &blank->batch, &tally);
}

dat_status dat_problem_micro_batch(const dat_train_config *config, const dat_problem *problem, dat_tape *tape,
                                   int64_t *micro_batch)
{
    *micro_batch = config->micro_batch < config->batch_size ? config->micro_batch : config->batch_size;
    if (config->micro_batch > 0)
        return DAT_OK;
    int64_t example_bytes, parameter_bytes = problem->params->size * (int64_t)sizeof(dat_real);
    blank_examples blank = {.problem = problem};
    dat_batch_init(&blank.batch, &problem->train, 2);
    dat_status status = dat_example_bytes(tape, blank_examples_loss, &blank, &example_bytes);
    dat_batch_free(&blank.batch);
    if (status.code == DAT_CODE_OK)
        *micro_batch = dat_micro_batch(config->batch_size, example_bytes, parameter_bytes);
    return status;
}
