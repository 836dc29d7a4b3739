#include "nn/blocks.h"

double dat_twice_dropout(double rate)
{
    return 1 - (1 - rate) * (1 - rate);
}

static dat_status init_attention(dat_encoder_block *block, dat_params *params, const char *scope)
{
    char name[DAT_SCOPE_SIZE];
    dat_dual_config attention = block->config.attention;
    attention.self_attention.d_model = block->config.d_model;
    attention.self_attention.dropout = attention.relational.attention.dropout = block->config.dropout;
    if (block->config.dual)
        return dat_dual_attention_init(&block->dual_attention, params, dat_scope(name, scope, "dual_attn"),
                                       &attention);
    attention.self_attention.bias_out |= block->config.bias;
    return dat_attention_init(&block->self_attention, params, dat_scope(name, scope, "self_attn"),
                              &attention.self_attention, NULL, NULL);
}

dat_status dat_encoder_block_init(dat_encoder_block *block, dat_params *params, const char *scope,
                                  const dat_block_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *block = (dat_encoder_block){.config = *config};
    dat_norm_init(&block->norm1, params, dat_scope(name, scope, "norm1"), config->norm_type, config->d_model);
    DAT_TRY(init_attention(block, params, scope));
    dat_norm_init(&block->norm2, params, dat_scope(name, scope, "norm2"), config->norm_type, config->d_model);
    return dat_feed_forward_init(&block->feed_forward, params, dat_scope(name, scope, "ff_block"),
                                 config->d_model, config->dff, config->activation, config->bias);
}

static dat_tensor *attend(dat_tape *tape, const dat_encoder_block *block, dat_tensor *x, dat_tensor *symbols,
                          const dat_attention_context *context)
{
    if (block->config.dual)
        return dat_dual_attention_forward(tape, &block->dual_attention, x, symbols, context, NULL);
    return dat_attention_forward(tape, &block->self_attention, x, x, x, context);
}

dat_tensor *dat_encoder_block_forward(dat_tape *tape, const dat_encoder_block *block, dat_tensor *x,
                                      dat_tensor *symbols, const dat_attention_context *context)
{
    double rate = block->config.dropout, twice = dat_twice_dropout(rate);
    if (block->config.norm_first) {
        dat_tensor *normed = dat_norm_forward(tape, &block->norm1, x);
        x = dat_add_dropout(tape, x, attend(tape, block, normed, symbols, context), twice);
        normed = dat_norm_forward(tape, &block->norm2, x);
        return dat_add_dropout(tape, x, dat_feed_forward_forward(tape, &block->feed_forward, normed), rate);
    }
    dat_tensor *attended = dat_add_dropout(tape, x, attend(tape, block, x, symbols, context), twice);
    x = dat_norm_forward(tape, &block->norm1, attended);
    x = dat_dropout(tape, x,
                    rate); /* the reference drops once more between the halves of a post-norm block */
    dat_tensor *fed = dat_feed_forward_forward(tape, &block->feed_forward, x);
    return dat_norm_forward(tape, &block->norm2, dat_add_dropout(tape, x, fed, rate));
}
