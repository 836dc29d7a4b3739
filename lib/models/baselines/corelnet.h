/* CoRelNet (Kerg et al. 2022): classifies images by the similarity matrix of their objects alone. */
#ifndef DAT_MODELS_BASELINES_CORELNET_H
#define DAT_MODELS_BASELINES_CORELNET_H

#include "models/baselines/parts.h"

typedef struct dat_corelnet_config {
    dat_patch_config patches;
    int64_t n_classes;
    bool softmax; /* CoRelNetSoftmax, the model of its authors: rows of similarities are normalised. The
                   * reference's CoRelNet leaves that out */
} dat_corelnet_config;

typedef struct dat_corelnet {
    dat_corelnet_config config;
    dat_patch_embedder patches;
    dat_perceptron embedder;  /* of each object; hidden width 4 d_model */
    dat_perceptron predictor; /* (n_objects^2) -> d_model */
    dat_linear_layer head;    /* (n_classes, d_model) */
} dat_corelnet;

/* Checks the config and registers all parameters. */
dat_status dat_corelnet_init(dat_corelnet *model, dat_params *params, const dat_corelnet_config *config);

/* images (B, channels, height, width) -> logits (B, n_classes). */
dat_tensor *dat_corelnet_forward(dat_tape *tape, const dat_corelnet *model, dat_tensor *images);

#endif
