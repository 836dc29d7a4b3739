/* The model of a run: an encoder-decoder Transformer or Dual Attention Transformer from a question to its
 * answer. */
#ifndef MATH_MODEL_H
#define MATH_MODEL_H

#include "config.h"
#include "models/seq2seq.h"
#include "train/batches.h"

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status math_model_init(dat_seq2seq_model *model, dat_params *params, const math_model_config *config);

/* A batch of problems -> logits (B * 31, 85) of the answers' characters, each given those before it; `model`
 * is a dat_seq2seq_model. */
dat_prediction math_model_forward(dat_tape *tape, const void *model, const dat_batch *batch);

/* Copies tokens first .. first + length - 1 of every example of a batch: (B, length). */
void math_copy_tokens(const dat_batch *batch, int64_t first, int64_t length, int32_t *tokens);

#endif
