#include "nn/blocks.h"

#include <inttypes.h>

#include "nn/choice.h"

bool dat_block_can_cache(const dat_block_config *config, const dat_retriever_config *symbols)
{
    const dat_dual_config *c = &config->attention;
    if (!config->dual || c->n_heads_ra == 0)
        return true;
    bool softmax = (c->ra_type == DAT_RELATIONAL_ATTENTION && c->relational.relation_softmax) ||
                   (c->ra_type == DAT_DISRCA && c->disrca.relation_softmax);
    return !softmax && symbols->kind != DAT_REL_SYM_ATTENTION;
}

double dat_twice_dropout(double rate)
{
    return 1 - (1 - rate) * (1 - rate);
}

/* Heads without relational ones beside them must fill the residual stream. */
dat_status dat_block_check_heads(const dat_attention_config *heads, const char *what)
{
    if (heads->total_n_heads && heads->total_n_heads != heads->n_heads)
        return dat_usage("%s: all heads are in this attention, so total_n_heads = %" PRId64
                         " must equal n_heads = %" PRId64 " or be left at 0",
                         what, heads->total_n_heads, heads->n_heads);
    return DAT_OK;
}

dat_status dat_block_attention_init(dat_block_attention *attention, dat_params *params, const char *scope,
                                    const dat_block_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *attention = (dat_block_attention){.dual = config->dual};
    DAT_TRY(dat_check_choice(scope, "norm_type", (int)config->norm_type, dat_norm_names));
    dat_dual_config c = config->attention;
    c.self_attention.d_model = config->d_model;
    c.self_attention.dropout = dat_dual_relational_options(&c)->dropout = config->dropout;
    if (config->dual)
        return dat_dual_attention_init(&attention->both, params, dat_scope(name, scope, "dual_attn"), &c);
    c.self_attention.bias_out |= config->bias;
    dat_scope(name, scope, "self_attn");
    DAT_TRY(dat_block_check_heads(&c.self_attention, name));
    return dat_attention_init(&attention->self, params, name, &c.self_attention, NULL, NULL);
}

dat_tensor *dat_block_attention_forward(dat_tape *tape, const dat_block_attention *attention, dat_tensor *x,
                                        const dat_symbols *symbols, const dat_attention_context *context)
{
    if (attention->dual)
        return dat_dual_attention_forward(tape, &attention->both, x, symbols, context, NULL);
    return dat_attention_forward(tape, &attention->self, x, x, x, context);
}

dat_status dat_encoder_block_init(dat_encoder_block *block, dat_params *params, const char *scope,
                                  const dat_block_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *block = (dat_encoder_block){.config = *config};
    dat_norm_init(&block->norm1, params, dat_scope(name, scope, "norm1"), config->norm_type, config->d_model);
    DAT_TRY(dat_block_attention_init(&block->attention, params, scope, config));
    dat_norm_init(&block->norm2, params, dat_scope(name, scope, "norm2"), config->norm_type, config->d_model);
    return dat_feed_forward_init(&block->feed_forward, params, dat_scope(name, scope, "ff_block"),
                                 config->d_model, config->dff, config->activation, config->bias);
}

dat_tensor *dat_encoder_block_forward(dat_tape *tape, const dat_encoder_block *block, dat_tensor *x,
                                      const dat_symbols *symbols, const dat_attention_context *context)
{
    double rate = block->config.dropout, twice = dat_twice_dropout(rate);
    dat_tensor *sum;
    if (block->config.norm_first) {
        dat_tensor *normed = dat_norm_forward(tape, &block->norm1, x);
        dat_tensor *attended = dat_block_attention_forward(tape, &block->attention, normed, symbols, context);
        normed = dat_norm_after_branch(tape, &block->norm2, x, attended, twice, &sum);
        return dat_add_dropout(tape, sum, dat_feed_forward_forward(tape, &block->feed_forward, normed), rate);
    }
    dat_tensor *attended = dat_block_attention_forward(tape, &block->attention, x, symbols, context);
    x = dat_norm_after_branch(tape, &block->norm1, x, attended, twice, &sum);
    /* The reference drops once more between the halves of a post-norm block. */
    x = dat_dropout(tape, x, rate);
    dat_tensor *fed = dat_feed_forward_forward(tape, &block->feed_forward, x);
    return dat_norm_after_branch(tape, &block->norm2, x, fed, rate, &sum);
}
