/* Greedy decoding: the most likely token, one after the other. */
#ifndef DAT_MODELS_SEQ2SEQ_GREEDY_H
#define DAT_MODELS_SEQ2SEQ_GREEDY_H

#include "models/seq2seq.h"

/* Answers a batch of sequences: from the token `start` on, each next token is the one with the largest logit
 * (the first of equals), until `end` or `max_length` tokens. `out` (B, max_length) gets what follows the
 * start; from its first `end` on, an answer is `end`. The source's batch B is tokens.batch of a model that
 * reads tokens, else the vectors' first axis; the target of the model must be tokens, with as many outputs
 * as its vocabulary, and max_length from 1 to its max_target.
 *
 * Each token is computed from what a cache keeps of those before, if the model allows
 * (dat_seq2seq_can_cache); the cache may use as much memory as the tape.
 *
 * The tape is used for several steps, begun here: what it held is gone. On error `out` is not to be used. */
dat_status dat_seq2seq_greedy(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence *source,
                              int32_t start, int32_t end, int64_t max_length, int32_t *out);

/* The same without a cache, which computes all tokens so far for every new one: to compare with. */
dat_status dat_seq2seq_greedy_uncached(dat_tape *tape, const dat_seq2seq_model *model,
                                       const dat_sequence *source, int32_t start, int32_t end,
                                       int64_t max_length, int32_t *out);

#endif
