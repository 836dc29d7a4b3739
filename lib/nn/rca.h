/* Relational cross-attention (RCA) of the Abstractor: attention between the objects that gathers symbols, so
 * that its weights are the relations. An ablation of relational attention; the reference's
 * RelationalCrossAttention. */
#ifndef DAT_NN_RCA_H
#define DAT_NN_RCA_H

#include "nn/attention.h"

typedef struct dat_rca_config {
    dat_attention_config attention;
    bool pointwise; /* weights are `activation` of the dot products, not their softmax; masked ones become 0
                       after it, as in the reference */
    dat_activation activation; /* of `pointwise` */
} dat_rca_config;

typedef struct dat_rca_layer {
    dat_rca_config config;      /* with its zeros replaced */
    dat_attention_layer layers; /* wq, wk, wv, wo */
} dat_rca_layer;

/* Registers wq, wk, wv, wo under `scope`. */
dat_status dat_rca_init(dat_rca_layer *layer, dat_params *params, const char *scope,
                        const dat_rca_config *config);

/* The layers of the projections of its input, NULL where weights are tied, as dat_project takes them: queries
 * and keys. */
enum { DAT_RCA_PROJECTIONS = 2 };
void dat_rca_layers(const dat_rca_layer *layer, const dat_linear_layer *layers[DAT_RCA_PROJECTIONS]);

/* RCA and wo from projections: q (B, L, n_heads key_dim), k (B, L, n_kv_heads key_dim), symbols of width
 * d_model -> (B, L, n_heads head_dim). */
dat_tensor *dat_rca_attend(dat_tape *tape, const dat_rca_layer *layer, dat_columns q, dat_columns k,
                           const dat_symbols *symbols, const dat_attention_context *context);

/* x (B, L, d_model), symbols of width d_model for it -> (B, L, n_heads head_dim), after wo. */
dat_tensor *dat_rca_forward(dat_tape *tape, const dat_rca_layer *layer, dat_tensor *x,
                            const dat_symbols *symbols, const dat_attention_context *context);

#endif
