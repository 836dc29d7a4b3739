/* What the baselines of the relational games share: the embedding of image patches as objects, and a
 * perceptron of two layers. */
#ifndef DAT_MODELS_BASELINES_PARTS_H
#define DAT_MODELS_BASELINES_PARTS_H

#include "nn/linear.h"

typedef struct dat_patch_config {
    int64_t channels, image_height, image_width;
    int64_t patch_height, patch_width;
    int64_t d_model; /* width of an object */
} dat_patch_config;

/* Patches to objects: LayerNorm, Linear, LayerNorm. */
typedef struct dat_patch_embedder {
    dat_patch_config config;
    int64_t n_objects; /* patches of an image */
    dat_norm patch_norm, object_norm;
    dat_linear_layer projection; /* (d_model, patch pixels) */
} dat_patch_embedder;

/* Checks the config and registers "patch_embedder.*". `what` names the model in messages. */
dat_status dat_patch_embedder_init(dat_patch_embedder *embedder, dat_params *params, const char *what,
                                   const dat_patch_config *config);

/* images (B, channels, height, width) -> objects (B, n_objects, d_model). */
dat_tensor *dat_patch_embedder_forward(dat_tape *tape, const dat_patch_embedder *embedder,
                                       dat_tensor *images);

/* outer(relu(inner x)). */
typedef struct dat_perceptron {
    dat_linear_layer inner, outer;
} dat_perceptron;

/* Registers "<scope>.0" and "<scope>.2", with biases. */
void dat_perceptron_init(dat_perceptron *perceptron, dat_params *params, const char *scope, int64_t in,
                         int64_t hidden, int64_t out);

/* (..., in) -> (..., out). */
dat_tensor *dat_perceptron_forward(dat_tape *tape, const dat_perceptron *perceptron, dat_tensor *x);

#endif
