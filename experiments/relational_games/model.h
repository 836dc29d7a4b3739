/* The model of a run: a Transformer, a Dual Attention Transformer or one of the baselines. */
#ifndef RELATIONAL_GAMES_MODEL_H
#define RELATIONAL_GAMES_MODEL_H

#include "config.h"
#include "models/baselines/abstractor.h"
#include "models/baselines/corelnet.h"
#include "models/baselines/predinet.h"
#include "models/vision.h"

typedef struct games_model {
    games_architecture architecture; /* says which of the following is in use */
    dat_vision_model vision;
    dat_predinet predinet;
    dat_corelnet corelnet;
    dat_abstractor abstractor;
} games_model;

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status games_model_init(games_model *model, dat_params *params, const games_model_config *config);

/* images (B, 3, 36, 36) -> logits (B, 2); `model` is a games_model. */
dat_tensor *games_model_forward(dat_tape *tape, const void *model, dat_tensor *images);

void games_model_free(games_model *model);

#endif
