/* Dual attention: sensory heads (self-attention) and relational heads side by side, their outputs
 * concatenated. */
#ifndef DAT_NN_DUAL_ATTENTION_H
#define DAT_NN_DUAL_ATTENTION_H

#include "nn/disrca.h"
#include "nn/rca.h"
#include "nn/relational_attention.h"

/* What the relational heads are; the other two are the paper's ablations. */
typedef enum dat_ra_type { DAT_RELATIONAL_ATTENTION, DAT_RCA, DAT_DISRCA } dat_ra_type;

/* "relational_attention", "rca", "disrca", as in the reference; ends with NULL. */
extern const char *const dat_ra_type_names[];

typedef struct dat_dual_config {
    int64_t n_heads_sa, n_heads_ra;      /* either may be 0 */
    dat_attention_config self_attention; /* d_model and options; head counts are taken from above */
    dat_ra_type ra_type;
    dat_relational_config relational; /* options of ra_type; d_model and head counts are taken from above */
    dat_rca_config rca;
    dat_disrca_config disrca;
    bool share_attention; /* self-attention uses the relational heads' wq_attn and wk_attn (not of rca) */
} dat_dual_config;

/* The attention options of the relational heads of ra_type. */
dat_attention_config *dat_dual_relational_options(dat_dual_config *config);

typedef struct dat_dual_layer {
    bool has_self, has_relational;
    dat_ra_type ra_type;
    dat_attention_layer self_attention;
    dat_relational_layer relational_attention; /* the one of ra_type is in use */
    dat_rca_layer rca;
    dat_disrca_layer disrca;
} dat_dual_layer;

dat_status dat_dual_attention_init(dat_dual_layer *layer, dat_params *params, const char *scope,
                                   const dat_dual_config *config);

/* x (B, L, d_model), symbols of width d_model for it, NULL allowed without relational heads -> (B, L,
 * d_model). The context's score sinks go to `self_scores` (or NULL) for the sensory heads. */
dat_tensor *dat_dual_attention_forward(dat_tape *tape, const dat_dual_layer *layer, dat_tensor *x,
                                       const dat_symbols *symbols, const dat_attention_context *context,
                                       dat_real *self_scores);

#endif
