#include "models/seq2seq_greedy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "models/sampling.h"
#include "util/memory.h"

/* A batch of answers that grow. */
typedef struct decoding {
    dat_tape *tape;
    const dat_seq2seq_model *model;
    bool cached;
    dat_decode_cache cache; /* if so, of max_length positions */
    int32_t start, end;
    int64_t batch, max_length;
    dat_real *memory; /* of the encoder, (memory_shape), owned: it outlives the steps of the tape */
    int64_t memory_shape[3];
    const int64_t *memory_lengths; /* (batch) or NULL */
    int32_t *prefix;               /* (batch, length so far, or 1 if cached), owned */
    int32_t *out;                  /* (batch, max_length) */
} decoding;

static dat_status check(const dat_seq2seq_config *c, int32_t start, int32_t end, int64_t max_length)
{
    if (c->target.vocab_size < 1 || c->target.vocab_size != c->n_outputs)
        return dat_usage("greedy decoding needs a target of tokens with an output each, not %" PRId64
                         " tokens and %" PRId64 " outputs",
                         c->target.vocab_size, c->n_outputs);
    if (start < 0 || start >= c->n_outputs || end < 0 || end >= c->n_outputs)
        return dat_usage("greedy decoding: start %d and end %d must be tokens of the %" PRId64
                         " in the target's vocabulary",
                         (int)start, (int)end, c->n_outputs);
    if (max_length < 1 || max_length > c->max_target)
        return dat_usage("greedy decoding: max_length = %" PRId64 " must be from 1 to max_target = %" PRId64,
                         max_length, c->max_target);
    return DAT_OK;
}

static dat_status encode(decoding *d, const dat_sequence *source)
{
    dat_tape_begin(d->tape, 0);
    const dat_tensor *memory = dat_seq2seq_encode(d->tape, d->model, source).states;
    if (!memory)
        return d->tape->status;
    d->batch = memory->shape[0];
    d->memory_lengths = source->lengths;
    memcpy(d->memory_shape, memory->shape, sizeof d->memory_shape);
    d->memory = dat_allocate((size_t)dat_count(memory), sizeof(dat_real));
    memcpy(d->memory, memory->data, (size_t)dat_count(memory) * sizeof(dat_real));
    return DAT_OK;
}

/* Writes positions `first` to `length` of the decoder's input to the prefix: the start, then every answer. */
static dat_tokens make_prefix(decoding *d, int64_t first, int64_t length)
{
    int32_t *next = d->prefix;
    for (int64_t b = 0; b < d->batch; b++)
        for (int64_t i = first; i <= length; i++)
            *next++ = i == 0 ? d->start : d->out[b * d->max_length + i - 1];
    return (dat_tokens){d->prefix, d->batch, length + 1 - first};
}

/* The logits (batch, n_outputs) of token `length`. */
static const dat_tensor *compute_logits(decoding *d, int64_t length)
{
    dat_tape_begin(d->tape, 0);
    dat_memory memory = {dat_tape_input(d->tape, "memory", d->memory, 3, d->memory_shape), d->memory_lengths};
    if (d->cached)
        return dat_seq2seq_next(d->tape, d->model, &d->cache, memory, make_prefix(d, length, length));
    dat_sequence prefix = {.tokens = make_prefix(d, 0, length)};
    return dat_seq2seq_decode(d->tape, d->model, memory, &prefix, true);
}

/* Adds token `length` to every answer that has not ended; *open says whether there is one
 * after it. */
static dat_status extend(decoding *d, int64_t length, bool *open)
{
    const dat_tensor *logits = compute_logits(d, length);
    if (!logits)
        return d->tape->status;
    *open = false;
    for (int64_t b = 0; b < d->batch; b++) {
        int32_t *answer = d->out + b * d->max_length;
        if (length > 0 && answer[length - 1] == d->end)
            continue;
        answer[length] = dat_most_likely(logits->data + b * dat_width(logits), dat_width(logits));
        *open = *open || answer[length] != d->end;
    }
    return DAT_OK;
}

static dat_status decode(decoding *d)
{
    bool open = true;
    if (d->cached)
        DAT_TRY(dat_decode_cache_init(&d->cache, d->max_length, d->tape->arena.limit));
    d->prefix = dat_allocate((size_t)(d->batch * d->max_length), sizeof *d->prefix);
    for (int64_t i = 0; i < d->batch * d->max_length; i++)
        d->out[i] = d->end;
    for (int64_t length = 0; length < d->max_length && open; length++)
        DAT_TRY(extend(d, length, &open));
    return DAT_OK;
}

/* Fills d->out, and frees what d owns. */
static dat_status answer(decoding *d, const dat_sequence *source)
{
    dat_tape *tape = d->tape;
    DAT_TRY(check(&d->model->config, d->start, d->end, d->max_length));
    bool training = tape->training, recording = tape->recording;
    tape->training = tape->recording = false;
    dat_status status = encode(d, source);
    if (status.code == DAT_CODE_OK)
        status = decode(d);
    tape->training = training;
    tape->recording = recording;
    dat_decode_cache_free(&d->cache);
    free(d->memory);
    free(d->prefix);
    return status;
}

dat_status dat_seq2seq_greedy(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence *source,
                              int32_t start, int32_t end, int64_t max_length, int32_t *out)
{
    decoding d = {.tape = tape,
                  .model = model,
                  .cached = dat_seq2seq_can_cache(model),
                  .start = start,
                  .end = end,
                  .max_length = max_length,
                  .out = out};
    return answer(&d, source);
}

dat_status dat_seq2seq_greedy_uncached(dat_tape *tape, const dat_seq2seq_model *model,
                                       const dat_sequence *source, int32_t start, int32_t end,
                                       int64_t max_length, int32_t *out)
{
    decoding d = {
        .tape = tape, .model = model, .start = start, .end = end, .max_length = max_length, .out = out};
    return answer(&d, source);
}
