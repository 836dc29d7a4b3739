/* The model of a run: a Transformer or a Dual Attention Transformer over tokens. */
#ifndef LANGUAGE_MODELING_MODEL_H
#define LANGUAGE_MODELING_MODEL_H

#include "config.h"
#include "models/language.h"
#include "train/batches.h"

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status lm_model_init(dat_language_model *model, dat_params *params, const lm_config *config,
                         int64_t vocab_size);

/* Sets of `config` what makes lm_model_init initialise a model like `language`, as far as there are keys for
 * it. */
void lm_config_describe(const dat_language_config *language, lm_config *config);

/* The logits of every next token and those tokens; `model` is a dat_language_model. */
dat_prediction lm_model_forward(dat_tape *tape, const void *model, const dat_batch *batch);

/* What a training step costs. */
typedef struct lm_step_cost {
    double flops;        /* of one example, forward and backward */
    int64_t activations; /* bytes that the tensors and gradients of one micro-batch take */
    int64_t parameters;  /* bytes of the values, gradients and moments of all parameters */
} lm_step_cost;

/* Counts, with nothing allocated for the parameters. */
dat_status lm_model_cost(const dat_language_model *model, const dat_params *params, int64_t micro_batch,
                         int64_t memory_limit, lm_step_cost *cost);

#endif
