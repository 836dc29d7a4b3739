/* Text from a language model, token by token. */
#ifndef DAT_MODELS_LANGUAGE_GENERATE_H
#define DAT_MODELS_LANGUAGE_GENERATE_H

#include "models/language.h"
#include "models/sampling.h"

/* A text that a model continues. Of more than max_length tokens it sees the last max_length, the first of
 * them at position 0, as in the reference.
 *
 * Each token is computed from what the cache keeps of those before. Once the text is longer than max_length,
 * its window slides and nothing that was kept is right any more: every position is another one, and what the
 * layers made of it came from a token that the model no longer sees. So each token then costs a pass over the
 * window, as it does without a cache. */
typedef struct dat_generator {
    const dat_language_model *model; /* borrowed, with weights that stay the same */
    dat_tape tape;
    dat_decode_cache cache;
    bool cached; /* use the cache, if the model allows; a caller may turn it off before the first logits */
    int32_t *tokens; /* [max_length], what the model sees, owned */
    int64_t count;
} dat_generator;

/* A generator without text; each step and the cache may use `memory_limit` bytes. The caller frees it
 * whatever the result. */
dat_status dat_generator_init(dat_generator *generator, const dat_language_model *model, size_t memory_limit);
void dat_generator_free(dat_generator *generator);

/* Continues the text by `count` tokens; refuses ids outside the vocabulary. */
dat_status dat_generator_append(dat_generator *generator, const int32_t *tokens, int64_t count);

/* The logits [vocab_size] of the token after the text, which must not be empty; valid until the next call
 * with this generator. Refused when they are not finite: the weights are of no use then. */
dat_status dat_generator_logits(dat_generator *generator, const dat_real **logits);

typedef struct dat_generation {
    dat_sampling sampling;
    uint64_t seed;
    int64_t n_tokens;   /* at most */
    int64_t vocab_size; /* only tokens below; 0: of the model, which may have more than its tokenizer */
    int32_t stop_token; /* ends the text, and is not part of it; -1: none */
} dat_generation;

/* Continues the generator's text, which must not be empty, and hands each token to `take`, until it returns
 * false. Same seed, same tokens. */
dat_status dat_generate(dat_generator *generator, const dat_generation *generation,
                        bool take(void *context, int32_t token), void *context);

#endif
