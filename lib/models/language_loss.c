#include "models/language_loss.h"

#include <inttypes.h>

/* The mean loss of one window of `length` tokens and their successors. */
static dat_status window_loss(dat_tape *tape, const dat_language_model *model, const int32_t *tokens,
                              int64_t length, double *loss)
{
    dat_tape_begin(tape, 0);
    dat_tensor *logits = dat_language_forward(tape, model, (dat_tokens){tokens, 1, length});
    dat_cross_entropy_args args = {.targets = tokens + 1, .ignore_index = -1};
    const dat_tensor *mean = dat_cross_entropy(tape, logits, &args);
    if (mean)
        *loss = (double)mean->data[0];
    return tape->status;
}

dat_status dat_language_loss(dat_tape *tape, const dat_language_model *model, const int32_t *tokens,
                             int64_t count, void step(void *context, int64_t done), void *context,
                             double *loss)
{
    const dat_language_config *c = &model->config;
    bool training = tape->training, recording = tape->recording;
    dat_status status = DAT_OK;
    double sum = 0;
    DAT_ASSERT(count >= 2);
    for (int64_t i = 0; i < count; i++)
        if (tokens[i] < 0 || tokens[i] >= c->vocab_size)
            return dat_failure("token %" PRId64 " is %" PRId32 ", outside the model's vocabulary of %" PRId64,
                               i, tokens[i], c->vocab_size);
    tape->training = tape->recording = false;
    for (int64_t start = 0; start < count - 1 && status.code == DAT_CODE_OK; start += c->max_length) {
        int64_t left = count - 1 - start, length = left < c->max_length ? left : c->max_length;
        double mean = 0;
        status = window_loss(tape, model, tokens + start, length, &mean);
        sum += mean * (double)length;
        if (step)
            step(context, start + length);
    }
    tape->training = training;
    tape->recording = recording;
    *loss = sum / (double)(count - 1);
    return status;
}
