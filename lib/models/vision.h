/* Vision models: a Transformer (ViT) or Dual Attention Transformer (ViDAT) encoder over image patches, as the
 * reference's VisionTransformer and VisionDualAttnTransformer. Parameter names are its state_dict keys. */
#ifndef DAT_MODELS_VISION_H
#define DAT_MODELS_VISION_H

#include "nn/blocks.h"
#include "nn/position.h"
#include "nn/symbols.h"

typedef enum dat_pool { DAT_POOL_CLS, DAT_POOL_MEAN } dat_pool;

/* "cls", "mean"; ends with NULL. */
extern const char *const dat_pool_names[];

typedef struct dat_vision_config {
    int64_t channels, image_height, image_width;
    int64_t patch_height, patch_width;
    int64_t n_classes;
    int64_t n_layers;
    dat_block_config block;       /* d_model, heads, feed-forward, norms, dropout */
    dat_retriever_config symbols; /* ViDAT only; d_model 0: the block's, max_length 0: one for each token */
    bool symbols_once; /* symbols of the embedded image for all blocks, not those of each block's input
                          (update_symbols_each_layer = false) */
    bool rope;         /* rotary embeddings besides the learned positions */
    bool final_norm;   /* a norm before the head, which the paper's models do not have */
    dat_pool pool;     /* mean pooling includes the class token, as in the reference */
} dat_vision_config;

typedef struct dat_vision_model {
    dat_vision_config config;
    int64_t n_patches;
    dat_retriever symbol_retriever;   /* ViDAT only */
    dat_rope_angles angles;           /* with rope only */
    dat_norm patch_norm;              /* over a patch's pixels */
    dat_linear_layer patch_embedding; /* (d_model, patch pixels) */
    dat_norm embedding_norm;
    dat_tensor *positions;     /* (1, n_patches + 1, d_model) */
    dat_tensor *class_token;   /* (1, 1, d_model) */
    dat_encoder_block *blocks; /* n_layers, owned */
    dat_norm final_norm;
    dat_linear_layer head; /* (n_classes, d_model) */
} dat_vision_model;

/* Checks the config and registers all parameters. The caller frees the model whatever the result. */
dat_status dat_vision_init(dat_vision_model *model, dat_params *params, const dat_vision_config *config);

/* images (B, channels, height, width) -> logits (B, n_classes). */
dat_tensor *dat_vision_forward(dat_tape *tape, const dat_vision_model *model, dat_tensor *images);

/* The same; `relations` receives those of block `layer` (0..n_layers-1), from each token to each, the class
 * token first: (B, n_patches + 1, n_patches + 1, n_relations). Of a ViDAT with relational attention. */
dat_tensor *dat_vision_forward_relations(dat_tape *tape, const dat_vision_model *model, dat_tensor *images,
                                         int64_t layer, dat_real *relations);

void dat_vision_free(dat_vision_model *model);

#endif
