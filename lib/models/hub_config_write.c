#include "models/hub_config.h"

/* A size whose 0 means the default, which the reference calls None. */
static json_t *size_or_none(int64_t size)
{
    return size > 0 ? json_integer(size) : json_null();
}

static void set_relation(json_t *options, const char *key, bool softmax, dat_activation activation)
{
    int choice = softmax ? DAT_N_ACTIVATIONS : (int)activation;
    json_object_set_new(options, key, json_string(dat_hub_relation_names[choice]));
}

static json_t *write_attention(const dat_attention_config *config)
{
    return json_pack("{s:o, s:b, s:b}", "n_kv_heads", size_or_none(config->n_kv_heads), "add_bias_kv",
                     config->bias_kv, "add_bias_out", config->bias_out);
}

static json_t *write_relational_attention(const dat_dual_config *config, bool relative)
{
    dat_dual_config copy = *config;
    const dat_relational_config *relational = &config->relational;
    json_t *options = write_attention(dat_dual_relational_options(&copy));
    switch (config->ra_type) {
    case DAT_RCA:
        set_relation(options, "activation", !config->rca.pointwise, config->rca.activation);
        break;
    case DAT_DISRCA:
        set_relation(options, "rel_activation", config->disrca.relation_softmax,
                     config->disrca.relation_activation);
        break;
    case DAT_RELATIONAL_ATTENTION:
        json_object_set_new(options, "key_dim", size_or_none(relational->attention.key_dim));
        json_object_set_new(options, "n_relations", size_or_none(relational->n_relations));
        json_object_set_new(options, "rel_proj_dim", size_or_none(relational->rel_proj_dim));
        json_object_set_new(options, "symmetric_rels", json_boolean(relational->symmetric_relations));
        set_relation(options, "rel_activation", relational->relation_softmax,
                     relational->relation_activation);
        break;
    }
    json_object_set_new(options, "use_relative_positional_symbols", json_boolean(relative));
    return options;
}

/* Zeros stand for the model's own width and length, as in dat_language_config. */
static json_t *write_retriever(const dat_language_config *config)
{
    const dat_retriever_config *symbols = &config->symbols;
    json_int_t width = symbols->d_model ? symbols->d_model : config->block.d_model;
    json_int_t length = symbols->max_length ? symbols->max_length : config->max_length;
    if (symbols->kind == DAT_POSITIONAL_SYMBOLS)
        return json_pack("{s:I, s:I}", "symbol_dim", width, "max_length", length);
    if (symbols->kind == DAT_POSITION_RELATIVE)
        return json_pack("{s:I, s:I}", "symbol_dim", width, "max_rel_pos", (json_int_t)symbols->max_rel_pos);
    return json_pack("{s:I, s:I, s:I, s:o, s:f, s:b}", "d_model", width, "n_heads",
                     (json_int_t)symbols->n_heads, "n_symbols", (json_int_t)symbols->n_symbols, "scale",
                     symbols->scale != 0 ? json_real(symbols->scale) : json_null(), "dropout",
                     symbols->dropout, "trainable_symbols", !symbols->fixed_symbols);
}

static void write_dual(const dat_language_config *config, json_t *json)
{
    const dat_dual_config *attention = &config->block.attention;
    json_t *self = write_attention(&attention->self_attention);
    json_object_set_new(self, "key_dim", size_or_none(attention->self_attention.key_dim));
    json_t *dual = json_pack(
        "{s:I, s:I, s:o, s:o, s:s, s:b, s:s, s:o, s:{s:b, s:b}}", "n_heads_sa",
        (json_int_t)attention->n_heads_sa, "n_heads_ra", (json_int_t)attention->n_heads_ra, "sa_kwargs", self,
        "ra_kwargs", write_relational_attention(attention, config->symbols.kind == DAT_POSITION_RELATIVE),
        "ra_type", dat_ra_type_names[attention->ra_type], "share_attn_params", attention->share_attention,
        "symbol_retrieval", dat_retriever_names[config->symbols.kind], "symbol_retrieval_kwargs",
        write_retriever(config), "symbol_retriever_config", "shared_symbol_retriever",
        !config->separate_retrievers, "weight_tie_symbol_library", config->tied_library);
    json_object_update(json, dual);
    json_decref(dual);
}

static void write_plain(const dat_attention_config *config, json_t *json)
{
    json_object_set_new(json, "n_heads", json_integer(config->n_heads));
    json_object_set_new(json, "block_kwargs",
                        json_pack("{s:{s:o, s:o, s:b}}", "attn_kwargs", "n_kv_heads",
                                  size_or_none(config->n_kv_heads), "key_dim", size_or_none(config->key_dim),
                                  "add_bias_kv", config->bias_kv));
}

/* What our models can be and the reference's cannot. */
static dat_status check_expressible(const dat_language_config *config)
{
    const char *option = NULL;
    dat_dual_config attention = config->block.attention;
    bool dual = config->block.dual;
    const dat_attention_config *relational = dat_dual_relational_options(&attention);
    if (dual && config->symbols_once)
        option = "symbols_once";
    else if (dual && config->symbols.kind == DAT_REL_SYM_ATTENTION)
        option = "symbols by rel_sym_attn";
    else if (attention.self_attention.symmetric || (dual && relational->symmetric))
        option = "symmetric attention";
    else if (dual && attention.ra_type != DAT_RELATIONAL_ATTENTION && relational->key_dim)
        option = "key_dim of rca or disrca";
    else if (!dual && attention.self_attention.bias_out && !config->block.bias)
        option = "bias_out without bias";
    return option ? dat_usage("the reference's language models have no %s, so this model cannot be written "
                              "as one",
                              option)
                  : DAT_OK;
}

dat_status dat_hub_config_write(const dat_language_config *config, json_t **json)
{
    const dat_block_config *block = &config->block;
    *json = NULL;
    DAT_TRY(check_expressible(config));
    *json = json_pack("{s:I, s:I, s:I, s:I, s:o, s:s, s:s, s:b, s:b, s:f, s:s}", "vocab_size",
                      (json_int_t)config->vocab_size, "max_block_size", (json_int_t)config->max_length,
                      "n_layers", (json_int_t)config->n_layers, "d_model", (json_int_t)block->d_model, "dff",
                      size_or_none(block->dff), "activation", dat_feed_forward_names[block->activation],
                      "norm_type", dat_norm_names[block->norm_type], "norm_first", block->norm_first, "bias",
                      block->bias, "dropout_rate", block->dropout, "pos_enc_type",
                      dat_language_position_names[config->positions]);
    if (block->dual)
        write_dual(config, *json);
    else
        write_plain(&block->attention.self_attention, *json);
    return DAT_OK;
}
