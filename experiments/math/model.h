/* The model of a run: an encoder-decoder Transformer or Dual Attention Transformer from a question to its
 * answer. */
#ifndef MATH_MODEL_H
#define MATH_MODEL_H

#include "config.h"
#include "models/seq2seq.h"
#include "train/batches.h"

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status math_model_init(dat_seq2seq_model *model, dat_params *params, const math_model_config *config);

/* A batch of problems -> logits (B, 31, 85) of the answers' characters, each given those before it; `model`
 * is a dat_seq2seq_model. Where the problems' dataset tells lengths, questions and answers are trimmed to the
 * longest of the batch, and nothing sees the padding of shorter ones. */
dat_prediction math_model_forward(dat_tape *tape, const void *model, const dat_batch *batch);

/* The questions of a batch as a sequence over the caller's memory: `tokens` has room for (B, 161). With
 * `lengths` (B), which are written, trimmed as above; NULL: with all padding. */
dat_sequence math_copy_questions(const dat_batch *batch, int32_t *tokens, int64_t *lengths);

#endif
