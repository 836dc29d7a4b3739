/* Encoder blocks: attention and feed-forward, each with a norm and a residual sum.
 * A Transformer block is the same block with plain attention in place of dual attention; the parameter names
 * differ, as in the reference: "self_attn.*" in EncoderBlock, "dual_attn.*" in DualAttnEncoderBlock. */
#ifndef DAT_NN_BLOCKS_H
#define DAT_NN_BLOCKS_H

#include "nn/dual_attention.h"
#include "nn/feed_forward.h"

typedef struct dat_block_config {
    bool dual;                 /* DualAttnEncoderBlock, else EncoderBlock */
    dat_dual_config attention; /* EncoderBlock: only self_attention (with its n_heads) */
    int64_t d_model, dff;      /* dff 0: the feed-forward default */
    int activation;            /* a dat_activation or DAT_SWIGLU */
    dat_norm_type norm_type;
    bool norm_first;
    bool bias; /* of the feed-forward block; EncoderBlock: of wo as well */
    double dropout;
} dat_block_config;

/* A block's attention to its own sequence, which decoder blocks have as well. */
typedef struct dat_block_attention {
    bool dual;
    dat_attention_layer self; /* "self_attn", if not dual */
    dat_dual_layer both;      /* "dual_attn", if dual */
} dat_block_attention;

/* Refuses a total number of heads that leaves values of the residual stream without a head. */
dat_status dat_block_check_heads(const dat_attention_config *heads, const char *what);

/* Checks what blocks share and registers the attention's parameters under `scope`. */
dat_status dat_block_attention_init(dat_block_attention *attention, dat_params *params, const char *scope,
                                    const dat_block_config *config);

dat_tensor *dat_block_attention_forward(dat_tape *tape, const dat_block_attention *attention, dat_tensor *x,
                                        const dat_symbols *symbols, const dat_attention_context *context);

typedef struct dat_encoder_block {
    dat_block_config config;
    dat_norm norm1, norm2;
    dat_block_attention attention;
    dat_feed_forward feed_forward;
} dat_encoder_block;

dat_status dat_encoder_block_init(dat_encoder_block *block, dat_params *params, const char *scope,
                                  const dat_block_config *config);

/* x (B, L, d_model), symbols as dat_dual_attention_forward (ignored by EncoderBlock) -> (B, L, d_model). */
dat_tensor *dat_encoder_block_forward(dat_tape *tape, const dat_encoder_block *block, dat_tensor *x,
                                      const dat_symbols *symbols, const dat_attention_context *context);

/* Whether a decode cache can stand for the positions before: what a causal block makes of a position never
 * depends on a later one, and on an earlier one only by its keys and values. Relations that are a softmax
 * over all keys, later ones included, change with every position; symbols of relational symbolic attention
 * need the neighbours, which are not kept. */
bool dat_block_can_cache(const dat_block_config *config, const dat_retriever_config *symbols);

/* The rate of one dropout that equals the reference's two in a row on attention's output (inside the
 * attention module and in the block): elements survive with (1 - rate)^2 and are scaled by its inverse either
 * way. */
double dat_twice_dropout(double rate);

#endif
