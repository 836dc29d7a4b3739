/* Dual attention: sensory heads (self-attention) and relational heads side by side, their outputs
 * concatenated. */
#ifndef DAT_NN_DUAL_ATTENTION_H
#define DAT_NN_DUAL_ATTENTION_H

#include "nn/relational_attention.h"

typedef struct dat_dual_config {
    int64_t n_heads_sa, n_heads_ra;      /* either may be 0 */
    dat_attention_config self_attention; /* d_model and options; head counts are taken from above */
    dat_relational_config relational;    /* options; d_model and head counts are taken from above */
    bool share_attention;                /* self-attention uses the relational heads' wq_attn and wk_attn */
} dat_dual_config;

typedef struct dat_dual_layer {
    bool has_self, has_relational;
    dat_attention_layer self_attention;
    dat_relational_layer relational_attention;
} dat_dual_layer;

dat_status dat_dual_attention_init(dat_dual_layer *layer, dat_params *params, const char *scope,
                                   const dat_dual_config *config);

/* x (B, L, d_model), symbols (B or 1, L, d_model), NULL allowed without relational heads -> (B, L, d_model).
 * The context's score sinks go to `self_scores` (or NULL) for the sensory heads. */
dat_tensor *dat_dual_attention_forward(dat_tape *tape, const dat_dual_layer *layer, dat_tensor *x,
                                       dat_tensor *symbols, const dat_attention_context *context,
                                       dat_real *self_scores);

#endif
