/* Decoder blocks: attention to the own sequence, attention to the encoder's output and feed-forward, each
 * with a norm and a residual sum. Parameter names are those of the reference's DecoderBlock and
 * DualAttnDecoderBlock. */
#ifndef DAT_NN_DECODER_BLOCK_H
#define DAT_NN_DECODER_BLOCK_H

#include "nn/blocks.h"

typedef struct dat_decoder_config {
    dat_block_config block;     /* attention to the own sequence, sizes, feed-forward, norms, dropout */
    dat_attention_config cross; /* n_heads and options; d_model and dropout are the block's */
} dat_decoder_config;

typedef struct dat_decoder_block {
    dat_decoder_config config;
    dat_norm norm1, norm2, norm3;
    dat_block_attention attention;
    dat_attention_layer cross_attention;
    dat_feed_forward feed_forward;
} dat_decoder_block;

dat_status dat_decoder_block_init(dat_decoder_block *block, dat_params *params, const char *scope,
                                  const dat_decoder_config *config);

/* x (B, L, d_model), symbols as in dat_encoder_block_forward -> (B, L, d_model). The context (causality,
 * mask, angles) is that of the attention to x; attention to the memory sees all of it but its padding,
 * without angles, and is cached, too. */
dat_tensor *dat_decoder_block_forward(dat_tape *tape, const dat_decoder_block *block, dat_tensor *x,
                                      dat_memory memory, const dat_symbols *symbols,
                                      const dat_attention_context *context);

#endif
