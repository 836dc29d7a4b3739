#include "nn/decoder_block.h"

static dat_status init_cross_attention(dat_decoder_block *block, dat_params *params, const char *scope)
{
    char name[DAT_SCOPE_SIZE];
    const dat_block_config *c = &block->config.block;
    dat_attention_config cross = block->config.cross;
    cross.d_model = c->d_model;
    cross.dropout = c->dropout;
    cross.bias_out |= c->bias && !c->dual; /* only DecoderBlock's `bias` reaches its attention */
    dat_scope(name, scope, "cross_attn");
    DAT_TRY(dat_block_check_heads(&cross, name));
    return dat_attention_init(&block->cross_attention, params, name, &cross, NULL, NULL);
}

dat_status dat_decoder_block_init(dat_decoder_block *block, dat_params *params, const char *scope,
                                  const dat_decoder_config *config)
{
    char name[DAT_SCOPE_SIZE];
    const dat_block_config *c = &config->block;
    *block = (dat_decoder_block){.config = *config};
    dat_norm_init(&block->norm1, params, dat_scope(name, scope, "norm1"), c->norm_type, c->d_model);
    DAT_TRY(dat_block_attention_init(&block->attention, params, scope, c));
    dat_norm_init(&block->norm2, params, dat_scope(name, scope, "norm2"), c->norm_type, c->d_model);
    DAT_TRY(init_cross_attention(block, params, scope));
    dat_norm_init(&block->norm3, params, dat_scope(name, scope, "norm3"), c->norm_type, c->d_model);
    return dat_feed_forward_init(&block->feed_forward, params, dat_scope(name, scope, "ff_block"), c->d_model,
                                 c->dff, c->activation, c->bias);
}

/* Only the first two branches drop: the reference's decoder blocks have no dropout after the feed-forward
 * block, and none between the branches. */
dat_tensor *dat_decoder_block_forward(dat_tape *tape, const dat_decoder_block *block, dat_tensor *x,
                                      dat_memory memory, const dat_symbols *symbols,
                                      const dat_attention_context *context)
{
    bool first = block->config.block.norm_first;
    double twice = dat_twice_dropout(block->config.block.dropout);
    dat_tensor *sum, *fed;

    dat_tensor *in = first ? dat_norm_forward(tape, &block->norm1, x) : x;
    dat_tensor *branch = dat_block_attention_forward(tape, &block->attention, in, symbols, context);
    in = dat_norm_after_branch(tape, first ? &block->norm2 : &block->norm1, x, branch, twice, &sum);
    x = first ? sum : in;

    branch = dat_cross_attention_forward(tape, &block->cross_attention, in, memory, context->cache);
    in = dat_norm_after_branch(tape, first ? &block->norm3 : &block->norm2, x, branch, twice, &sum);
    x = first ? sum : in;

    fed = dat_feed_forward_forward(tape, &block->feed_forward, in);
    return first ? dat_add(tape, x, fed) : dat_norm_after_branch(tape, &block->norm3, x, fed, 0, &sum);
}
