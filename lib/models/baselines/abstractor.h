/* The Abstractor (Altabaa et al. 2024) as a classifier of images: layers in which symbols stand in for
 * objects and only attention between objects decides how they mix. */
#ifndef DAT_MODELS_BASELINES_ABSTRACTOR_H
#define DAT_MODELS_BASELINES_ABSTRACTOR_H

#include "models/baselines/parts.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"
#include "nn/position.h"
#include "nn/symbols.h"

typedef struct dat_abstractor_config {
    dat_patch_config patches;
    int64_t n_classes;
    int64_t n_layers, n_heads;
    int64_t dff;         /* 0: the feed-forward default */
    int activation;      /* a dat_activation or DAT_SWIGLU */
    bool norm_first;     /* norms before attention and feed-forward blocks, else after their residual sums */
    bool self_attention; /* symbols attend to each other before objects do */
    bool bias;           /* of attention's output and of the feed-forward block */
    double dropout;
    dat_retriever_config symbols; /* positional or symbolic attention; d_model 0: the objects', max_length 0:
                                     one for each object */
    bool add_positions;           /* scale symbols by sqrt(d_model) and add sinusoids */
} dat_abstractor_config;

typedef struct dat_abstractor_layer {
    dat_attention_layer self_attention, relational_attention;
    dat_norm norm1; /* of both attentions, as in the reference */
    dat_norm norm2;
    dat_feed_forward feed_forward;
} dat_abstractor_layer;

typedef struct dat_abstractor {
    dat_abstractor_config config;
    dat_patch_embedder patches;
    dat_retriever symbol_retriever;
    dat_position_encoding positions; /* with add_positions only */
    dat_abstractor_layer *layers;    /* n_layers, owned */
    dat_perceptron predictor;        /* d_model -> n_classes */
} dat_abstractor;

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status dat_abstractor_init(dat_abstractor *model, dat_params *params,
                               const dat_abstractor_config *config);

/* images (B, channels, height, width) -> logits (B, n_classes). */
dat_tensor *dat_abstractor_forward(dat_tape *tape, const dat_abstractor *model, dat_tensor *images);

void dat_abstractor_free(dat_abstractor *model);

#endif
