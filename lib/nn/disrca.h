/* Disentangled relational cross-attention (DisRCA): attention that gathers symbols, each scaled by the one
 * relation that its head computes. An ablation of relational attention; the reference's
 * DisentangledRelationalCrossAttention. */
#ifndef DAT_NN_DISRCA_H
#define DAT_NN_DISRCA_H

#include "nn/relational_attention.h"

typedef struct dat_disrca_config {
    dat_attention_config attention; /* n_kv_heads is 1 or n_heads, as the reference runs with no other */
    dat_activation relation_activation;
    bool relation_softmax; /* normalise relations over all keys instead of an activation */
} dat_disrca_config;

typedef struct dat_disrca_layer {
    dat_disrca_config config; /* with its zeros replaced */
    int64_t head_dim;         /* of values and of relation projections */
    dat_linear_layer wq_attn, wk_attn, wq_rel, wk_rel, wv, wo;
} dat_disrca_layer;

/* Registers the parameters under `scope`. */
dat_status dat_disrca_init(dat_disrca_layer *layer, dat_params *params, const char *scope,
                           const dat_disrca_config *config);

/* The layers of the projections of its input, as dat_relational_attention_layers. */
void dat_disrca_layers(const dat_disrca_layer *layer,
                       const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS]);

/* DisRCA and wo from projections. */
dat_tensor *dat_disrca_attend(dat_tape *tape, const dat_disrca_layer *layer,
                              const dat_relational_projections *projections, const dat_symbols *symbols,
                              const dat_attention_context *context);

/* x (B, L, d_model), symbols of width d_model for it -> (B, L, n_heads head_dim), after wo. */
dat_tensor *dat_disrca_forward(dat_tape *tape, const dat_disrca_layer *layer, dat_tensor *x,
                               const dat_symbols *symbols, const dat_attention_context *context);

#endif
