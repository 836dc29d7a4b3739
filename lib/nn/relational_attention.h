/* Relational attention: heads that route relations between objects, tagged with the sender's symbol (equation
 * 2 of the paper; the reference's RelationalAttention). */
#ifndef DAT_NN_RELATIONAL_ATTENTION_H
#define DAT_NN_RELATIONAL_ATTENTION_H

#include "nn/attention.h"

/* How W_r starts. The curves of the paper were made with PAPER (uniform within 1/sqrt(n_relations)); the
 * package published later starts it sqrt(head_dim) times smaller (PACKAGE), which delays the relational
 * heads. */
typedef enum dat_relation_init { DAT_RELATION_INIT_PACKAGE, DAT_RELATION_INIT_PAPER } dat_relation_init;

/* "package", "paper"; ends with NULL. */
extern const char *const dat_relation_init_names[];

typedef struct dat_relational_config {
    dat_attention_config attention;
    int64_t n_relations;      /* 0: n_heads */
    int64_t rel_proj_dim;     /* width of a relation's projections; 0: n_heads head_dim / n_relations */
    bool symmetric_relations; /* one projection for relation queries and keys */
    dat_activation relation_activation;
    bool relation_softmax; /* normalise relations over all keys instead of an activation */
    dat_relation_init relation_init;
} dat_relational_config;

typedef struct dat_relational_layer {
    dat_relational_config config; /* with its zeros replaced */
    int64_t head_dim;
    dat_linear_layer wq_attn, wk_attn, wq_rel, wk_rel, wv, wo;
    dat_tensor *wr; /* (n_heads, head_dim, n_relations) */
} dat_relational_layer;

/* Registers the parameters under `scope`. */
dat_status dat_relational_attention_init(dat_relational_layer *layer, dat_params *params, const char *scope,
                                         const dat_relational_config *config);

/* What relational attention and DisRCA project from their input; with tied weights a key's columns are those
 * of its query. */
typedef struct dat_relational_projections {
    dat_columns query, key;         /* (B, L, n_heads key_dim), (B, L, n_kv_heads key_dim) */
    dat_columns query_rel, key_rel; /* (B, L, n_relations rel_proj_dim); of DisRCA as wide as values */
} dat_relational_projections;

/* The layers of those projections in that order, NULL where weights are tied, as dat_project takes them. */
enum { DAT_RELATIONAL_PROJECTIONS = 4 };
void dat_relational_attention_layers(const dat_relational_layer *layer,
                                     const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS]);

/* Relational attention and wo from projections. */
dat_tensor *dat_relational_attention_attend(dat_tape *tape, const dat_relational_layer *layer,
                                            const dat_relational_projections *projections,
                                            const dat_symbols *symbols, const dat_attention_context *context);

/* x (B, L, d_model), symbols of width d_model for it -> (B, L, n_heads head_dim), after wo. */
dat_tensor *dat_relational_attention_forward(dat_tape *tape, const dat_relational_layer *layer, dat_tensor *x,
                                             const dat_symbols *symbols,
                                             const dat_attention_context *context);

#endif
