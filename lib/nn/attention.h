/* Multi-head attention with separate query, key and value inputs: the reference's Attention. */
#ifndef DAT_NN_ATTENTION_H
#define DAT_NN_ATTENTION_H

#include "nn/decode_cache.h"
#include "nn/symbols.h"

/* What a forward pass adds to its inputs. All optional. */
typedef struct dat_attention_context {
    bool causal;                 /* position i attends to j <= i only */
    const uint8_t *mask;         /* (Lq, Lk), nonzero: may attend */
    const int64_t *key_lengths;  /* (B): keys from key_lengths[b] on are padding, which nothing sees */
    dat_tensor *cosines, *sines; /* RoPE angles (>= L, key_dim / 2) */
    dat_real *scores;            /* receives the attention weights (B, n_heads, Lq, Lk) */
    dat_real *relations;         /* receives the relations (B, L, L, n_relations) of relational attention, or
                                    (B, n_heads, L, L) of DisRCA */
    dat_decode_cache *cache; /* within a step of decoding: inputs are the new positions only, which attend to
                                all so far; causal attention only (see dat_block_can_cache) */
} dat_attention_context;

typedef struct dat_attention_config {
    int64_t d_model, n_heads;
    int64_t n_kv_heads;    /* 0: n_heads. Fewer: grouped queries; 1: multi-query */
    int64_t key_dim;       /* 0: head_dim. The scale stays 1/sqrt(head_dim), as in the reference */
    int64_t total_n_heads; /* 0: n_heads. head_dim is d_model / total_n_heads */
    bool bias_kv, bias_out;
    bool symmetric; /* one projection for queries and keys */
    double dropout; /* rate, on the attention probabilities */
} dat_attention_config;

typedef struct dat_attention_layer {
    dat_attention_config config; /* with its zeros replaced */
    int64_t head_dim;
    dat_linear_layer wq, wk, wv, wo;
} dat_attention_layer;

/* Replaces the zeros of a config and checks it; `what` names it in messages. */
dat_status dat_attention_config_complete(dat_attention_config *config, const char *what);

/* What any kind of attention with this (complete) config tells its op. Values are by sender. */
dat_attention_args dat_attention_args_of(const dat_attention_config *config,
                                         const dat_attention_context *context);

/* Rotates queries (B, Lq, n_heads key_dim) and keys (B, Lk, n_kv_heads key_dim) if the context has angles. */
void dat_attention_rotate(dat_tape *tape, const dat_attention_config *config,
                          const dat_attention_context *context, dat_columns *q, dat_columns *k);

/* The values that symbols become by the projection `wv`, of all positions so far if the context has a cache:
 * in their layout, which goes to `args`. NULL symbols are an error. */
dat_tensor *dat_symbol_values(dat_tape *tape, const dat_linear_layer *wv, const dat_symbols *symbols,
                              const dat_attention_context *context, dat_attention_args *args);

/* Registers wq, wk, wv, wo under `scope`. With `shared_wq` and `shared_wk` (both or neither NULL) the layer
 * uses those projections under its own names. */
dat_status dat_attention_init(dat_attention_layer *layer, dat_params *params, const char *scope,
                              const dat_attention_config *config, const dat_linear_layer *shared_wq,
                              const dat_linear_layer *shared_wk);

/* Attention and wo from projections (of the new positions if the context has a cache): q (B, Lq, n_heads
 * key_dim), k (B, Lk, n_kv_heads key_dim), v (B, Lk, n_kv_heads head_dim) -> (B, Lq, n_heads head_dim). For
 * modules that project several kinds of heads at once.
 */
dat_tensor *dat_attention_attend(dat_tape *tape, const dat_attention_layer *layer, dat_columns q,
                                 dat_columns k, dat_columns v, const dat_attention_context *context);

/* query (B, Lq, d_model), key and value (B, Lk, d_model) -> (B, Lq, n_heads head_dim), after wo. The
 * reference's output dropout is the caller's: see dat_twice_dropout in blocks.h. */
dat_tensor *dat_attention_forward(dat_tape *tape, const dat_attention_layer *layer, dat_tensor *query,
                                  dat_tensor *key, dat_tensor *value, const dat_attention_context *context);

/* What the encoder returned, for decoders to read. */
typedef struct dat_memory {
    dat_tensor *states;     /* (B, Lm, d_model) */
    const int64_t *lengths; /* (B), from where on they are padding; borrowed; NULL: nowhere */
} dat_memory;

/* x (B, Lq, d_model) attends to all of `memory` but its padding, which stays the same while a sequence is
 * decoded: with a cache (or NULL), its keys and values are projected in the first step only. */
dat_tensor *dat_cross_attention_forward(dat_tape *tape, const dat_attention_layer *layer, dat_tensor *x,
                                        dat_memory memory, dat_decode_cache *cache);

#endif
