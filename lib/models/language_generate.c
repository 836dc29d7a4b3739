#include "models/language_generate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

dat_status dat_generator_init(dat_generator *generator, const dat_language_model *model, size_t memory_limit)
{
    *generator = (dat_generator){.model = model};
    DAT_TRY(dat_tape_init(&generator->tape, memory_limit));
    generator->tape.training = generator->tape.recording = false;
    generator->tokens = dat_allocate((size_t)model->config.max_length, sizeof generator->tokens[0]);
    return DAT_OK;
}

void dat_generator_free(dat_generator *generator)
{
    dat_tape_free(&generator->tape);
    free(generator->tokens);
    *generator = (dat_generator){0};
}

dat_status dat_generator_append(dat_generator *generator, const int32_t *tokens, int64_t count)
{
    const dat_language_config *c = &generator->model->config;
    for (int64_t i = 0; i < count; i++)
        if (tokens[i] < 0 || tokens[i] >= c->vocab_size)
            return dat_failure("token %" PRId32 " is outside the model's vocabulary of %" PRId64
                               "; was it trained with another tokenizer?",
                               tokens[i], c->vocab_size);
    if (count == 0)
        return DAT_OK;
    int64_t added = count < c->max_length ? count : c->max_length, room = c->max_length - added;
    int64_t kept = generator->count < room ? generator->count : room;
    memmove(generator->tokens, generator->tokens + generator->count - kept, (size_t)kept * sizeof tokens[0]);
    memcpy(generator->tokens + kept, tokens + count - added, (size_t)added * sizeof tokens[0]);
    generator->count = kept + added;
    return DAT_OK;
}

dat_status dat_generator_logits(dat_generator *generator, const dat_real **logits)
{
    DAT_ASSERT(generator->count > 0);
    dat_tape_begin(&generator->tape, 0);
    dat_tensor *out = dat_language_forward_last(&generator->tape, generator->model,
                                                (dat_tokens){generator->tokens, 1, generator->count});
    if (!out)
        return generator->tape.status;
    for (int64_t i = 0; i < dat_count(out); i++)
        if (!isfinite(out->data[i]))
            return dat_failure("the model's logits are not finite: its weights are damaged");
    *logits = out->data;
    return DAT_OK;
}

dat_status dat_generate(dat_generator *generator, const dat_generation *generation,
                        bool take(void *context, int32_t token), void *context)
{
    dat_rng rng = dat_rng_seed(generation->seed);
    int64_t vocab_size = generator->model->config.vocab_size;
    if (generation->vocab_size > 0 && generation->vocab_size < vocab_size)
        vocab_size = generation->vocab_size;
    DAT_TRY(dat_sampling_check(&generation->sampling));
    for (int64_t i = 0; i < generation->n_tokens; i++) {
        const dat_real *logits;
        DAT_TRY(dat_generator_logits(generator, &logits));
        int32_t token = dat_sample(&generation->sampling, &rng, logits, vocab_size);
        if (token == generation->stop_token || !take(context, token))
            break;
        DAT_TRY(dat_generator_append(generator, &token, 1));
    }
    return DAT_OK;
}
