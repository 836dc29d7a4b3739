#include "train/block_options.h"

static dat_dual_config attention_config(const dat_block_options *o, bool dual)
{
    dat_attention_config kv_heads = {.n_kv_heads = o->n_kv_heads};
    return (dat_dual_config){
        .n_heads_sa = o->n_heads_sa,
        .n_heads_ra = dual ? o->n_heads_ra : 0,
        .self_attention = {.d_model = o->d_model, .n_heads = o->n_heads_sa, .n_kv_heads = o->n_kv_heads},
        .ra_type = (dat_ra_type)o->ra_type,
        .relational = {.attention = kv_heads,
                       .n_relations = o->n_relations,
                       .rel_proj_dim = o->relation_dim,
                       .symmetric_relations = o->symmetric_relations,
                       .relation_activation = (dat_activation)o->relation_activation,
                       .relation_init = (dat_relation_init)o->relation_init},
        .rca = {.attention = kv_heads},
        .disrca = {.attention = kv_heads},
    };
}

dat_block_config dat_block_options_config(const dat_block_options *options, bool dual)
{
    return (dat_block_config){
        .dual = dual,
        .attention = attention_config(options, dual),
        .d_model = options->d_model,
        .dff = options->dff,
        .activation = options->activation,
        .norm_type = (dat_norm_type)options->norm,
        .norm_first = options->norm_first,
        .bias = options->bias,
        .dropout = options->dropout,
    };
}

dat_retriever_config dat_block_options_symbols(const dat_block_options *options, int64_t longest)
{
    return (dat_retriever_config){
        .kind = (dat_retriever_kind)options->symbols,
        .d_model = options->d_model,
        .n_heads = options->symbol_heads,
        .n_symbols = options->n_symbols,
        .max_length = longest,
        .max_rel_pos = longest,
        .rel_n_heads = options->symbol_heads,
        .neighbours = 2,
        .normalise_relations = true,
    };
}
