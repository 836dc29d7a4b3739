#include "models/language_generate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

dat_status dat_generator_init(dat_generator *generator, const dat_language_model *model, size_t memory_limit)
{
    *generator = (dat_generator){.model = model, .cached = dat_language_can_cache(model)};
    DAT_TRY(dat_tape_init(&generator->tape, memory_limit));
    DAT_TRY(dat_decode_cache_init(&generator->cache, model->config.max_length, memory_limit));
    generator->tape.training = generator->tape.recording = false;
    generator->tokens = dat_allocate((size_t)model->config.max_length, sizeof generator->tokens[0]);
    return DAT_OK;
}

void dat_generator_free(dat_generator *generator)
{
    dat_tape_free(&generator->tape);
    dat_decode_cache_free(&generator->cache);
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
    if (kept < generator->count)
        dat_decode_cache_cut(&generator->cache, 0);
    memmove(generator->tokens, generator->tokens + generator->count - kept, (size_t)kept * sizeof tokens[0]);
    memcpy(generator->tokens + kept, tokens + count - added, (size_t)added * sizeof tokens[0]);
    generator->count = kept + added;
    return DAT_OK;
}

/* The last token is computed again if nothing was appended since. */
static dat_tensor *compute_logits(dat_generator *g)
{
    dat_tape_begin(&g->tape, 0);
    if (!g->cached)
        return dat_language_forward_last(&g->tape, g->model, (dat_tokens){g->tokens, 1, g->count});
    dat_decode_cache_cut(&g->cache, g->count - 1);
    int64_t known = g->cache.length;
    return dat_language_next(&g->tape, g->model, &g->cache,
                             (dat_tokens){g->tokens + known, 1, g->count - known});
}

static dat_status check_logits(const dat_generator *generator, const dat_tensor *logits)
{
    if (!logits)
        return generator->tape.status;
    for (int64_t i = 0; i < dat_count(logits); i++)
        if (!isfinite(logits->data[i]))
            return dat_failure("the model's logits are not finite: its weights are damaged");
    return DAT_OK;
}

dat_status dat_generator_logits(dat_generator *generator, const dat_real **logits)
{
    DAT_ASSERT(generator->count > 0);
    const dat_tensor *out = compute_logits(generator);
    dat_status status = check_logits(generator, out);
    if (status.code == DAT_CODE_OK)
        *logits = out->data;
    else
        dat_decode_cache_clear(&generator->cache);
    return status;
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
