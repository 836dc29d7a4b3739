/* PrediNet (Shanahan et al. 2020): every head looks at two objects and compares them. */
#ifndef DAT_MODELS_BASELINES_PREDINET_H
#define DAT_MODELS_BASELINES_PREDINET_H

#include "models/baselines/parts.h"

typedef struct dat_predinet_config {
    dat_patch_config patches;
    int64_t n_heads;     /* pairs of objects that are compared; keys are d_model / n_heads wide */
    int64_t n_relations; /* differences taken of each pair */
    int64_t n_classes;
} dat_predinet_config;

typedef struct dat_predinet {
    dat_predinet_config config;
    dat_patch_embedder patches;
    int64_t key_dim;
    dat_linear_layer first_query,
        second_query;          /* of all heads from all objects: (n_heads key_dim, n (d + 1)) */
    dat_linear_layer key;      /* (key_dim, d + 1) */
    dat_linear_layer relation; /* (n_relations, d + 1) */
    dat_perceptron predictor;  /* n_heads (n_relations + 2) -> n_classes */
} dat_predinet;

/* Checks the config and registers all parameters. */
dat_status dat_predinet_init(dat_predinet *model, dat_params *params, const dat_predinet_config *config);

/* images (B, channels, height, width) -> logits (B, n_classes). */
dat_tensor *dat_predinet_forward(dat_tape *tape, const dat_predinet *model, dat_tensor *images);

#endif
