#include "models/hub_config.h"

#include <float.h>
#include <inttypes.h>

#include "io/json.h"

const char *const dat_hub_relation_names[] = {"identity", "relu",    "gelu",    "silu",
                                              "tanh",     "sigmoid", "softmax", NULL};

/* Far beyond every model, and small enough for their products. */
enum { MAX_WIDTH = 1 << 16, MAX_LENGTH = 1 << 20, MAX_LAYERS = 1024, MAX_ROWS = 1 << 26 };
static const int64_t MAX_ANGLES = (int64_t)1 << 28; /* of rotary embeddings: length times width */

/* --- attention --- */

static int64_t read_width(dat_members *members, const char *key)
{
    return dat_member_integer(members, key, 0, 1, MAX_WIDTH);
}

/* Options that every kind of attention has. */
static void read_attention(dat_members *members, dat_attention_config *config)
{
    config->n_kv_heads = read_width(members, "n_kv_heads");
    config->bias_kv = dat_member_flag(members, "add_bias_kv", false);
    config->bias_out = dat_member_flag(members, "add_bias_out", false);
}

/* An activation by name, or the softmax: true then. */
static bool read_activation(dat_members *members, const char *key, int fallback, dat_activation *activation)
{
    int choice = dat_member_choice(members, key, dat_hub_relation_names, fallback);
    bool softmax = choice == DAT_N_ACTIVATIONS;
    *activation = softmax ? DAT_IDENTITY : (dat_activation)choice;
    return softmax;
}

static void read_relational_attention(dat_members *members, dat_dual_config *config)
{
    dat_relational_config *relational = &config->relational;
    read_attention(members, dat_dual_relational_options(config));
    switch (config->ra_type) {
    case DAT_RCA:
        config->rca.pointwise =
            !read_activation(members, "activation", DAT_N_ACTIVATIONS, &config->rca.activation);
        break;
    case DAT_DISRCA:
        config->disrca.relation_softmax =
            read_activation(members, "rel_activation", DAT_IDENTITY, &config->disrca.relation_activation);
        break;
    case DAT_RELATIONAL_ATTENTION:
        relational->attention.key_dim = read_width(members, "key_dim");
        relational->n_relations = read_width(members, "n_relations");
        relational->rel_proj_dim = read_width(members, "rel_proj_dim");
        relational->symmetric_relations = dat_member_flag(members, "symmetric_rels", false);
        relational->relation_softmax =
            read_activation(members, "rel_activation", DAT_IDENTITY, &relational->relation_activation);
        break;
    }
}

/* `relative` is the flag that the reference needs for position-relative symbols. */
static void read_dual_attention(dat_members *members, dat_dual_config *config, bool *relative)
{
    dat_members options;
    config->n_heads_sa = dat_member_integer(members, "n_heads_sa", 0, 0, MAX_WIDTH);
    config->n_heads_ra = dat_member_integer(members, "n_heads_ra", 0, 0, MAX_WIDTH);
    config->share_attention = dat_member_flag(members, "share_attn_params", false);
    config->ra_type =
        (dat_ra_type)dat_member_choice(members, "ra_type", dat_ra_type_names, DAT_RELATIONAL_ATTENTION);

    dat_member_object(members, "sa_kwargs", NULL, &options);
    read_attention(&options, &config->self_attention);
    config->self_attention.key_dim = read_width(&options, "key_dim");
    dat_members_close(&options);

    dat_member_object(members, "ra_kwargs", NULL, &options);
    read_relational_attention(&options, config);
    *relative = dat_member_flag(&options, "use_relative_positional_symbols", false);
    dat_members_close(&options);
}

/* Of TransformerLM: what its blocks pass on to their attention. Whether wo has a bias is up to "bias". */
static void read_plain_attention(dat_members *members, dat_attention_config *config)
{
    dat_members block, options;
    config->n_heads = read_width(members, "n_heads");
    dat_member_object(members, "block_kwargs", NULL, &block);
    dat_member_object(&block, "attn_kwargs", NULL, &options);
    config->n_kv_heads = read_width(&options, "n_kv_heads");
    config->key_dim = read_width(&options, "key_dim");
    config->bias_kv = dat_member_flag(&options, "add_bias_kv", false);
    dat_members_close(&options);
    dat_members_close(&block);
}

/* --- symbols --- */

static void read_retriever(dat_members *members, dat_retriever_config *config)
{
    /* Those that the language models offer, in the order of dat_retriever_kind. */
    static const char *const kinds[] = {"positional_symbols", "position_relative", "symbolic_attention",
                                        NULL};
    static const char *const positional[] = {"symbol_dim", "max_length", NULL};
    static const char *const relative[] = {"symbol_dim", "max_rel_pos", NULL};
    static const char *const symbolic[] = {"d_model", "n_heads", "n_symbols", NULL};
    static const char *const *const required[] = {positional, relative, symbolic};
    dat_members options;
    int kind = dat_member_choice(members, "symbol_retrieval", kinds, DAT_SYMBOLIC_ATTENTION);
    config->kind = (dat_retriever_kind)kind;
    dat_member_object(members, "symbol_retrieval_kwargs", required[kind], &options);
    config->d_model = read_width(&options, kind == DAT_SYMBOLIC_ATTENTION ? "d_model" : "symbol_dim");
    if (kind == DAT_POSITIONAL_SYMBOLS) {
        config->max_length = dat_member_integer(&options, "max_length", 0, 1, MAX_LENGTH);
        dat_member_flag(&options, "sinusoidal", false);
    } else if (kind == DAT_POSITION_RELATIVE) {
        config->max_rel_pos = dat_member_integer(&options, "max_rel_pos", 0, 0, MAX_LENGTH);
    } else {
        config->n_heads = read_width(&options, "n_heads");
        config->n_symbols = dat_member_integer(&options, "n_symbols", 0, 1, MAX_ROWS);
        config->scale = dat_member_number(&options, "scale", 0, FLT_MIN, FLT_MAX);
        config->dropout = dat_member_number(&options, "dropout", 0, 0, 1);
        config->fixed_symbols = !dat_member_flag(&options, "trainable_symbols", true);
    }
    dat_members_close(&options);
}

static void read_sharing(dat_members *members, dat_language_config *config)
{
    dat_members options;
    dat_member_object(members, "symbol_retriever_config", NULL, &options);
    config->separate_retrievers = !dat_member_flag(&options, "shared_symbol_retriever", true);
    bool tied = dat_member_flag(&options, "weight_tie_symbol_library", false);
    config->tied_library = tied && config->separate_retrievers; /* nothing to tie when there is one */
    dat_members_close(&options);
}

/* --- the model --- */

static void read_common(dat_members *members, dat_language_config *config)
{
    dat_block_config *block = &config->block;
    config->vocab_size = dat_member_integer(members, "vocab_size", 0, 1, MAX_ROWS);
    config->max_length = dat_member_integer(members, "max_block_size", 0, 1, MAX_LENGTH);
    config->n_layers = dat_member_integer(members, "n_layers", 0, 1, MAX_LAYERS);
    config->positions = (dat_language_positions)dat_member_choice(
        members, "pos_enc_type", dat_language_position_names, DAT_LANGUAGE_LEARNED);
    block->d_model = read_width(members, "d_model");
    block->dff = dat_member_integer(members, "dff", 0, 1, MAX_ROWS);
    block->activation = dat_member_choice(members, "activation", dat_feed_forward_names, -1);
    block->norm_type = (dat_norm_type)dat_member_choice(members, "norm_type", dat_norm_names, DAT_LAYER_NORM);
    block->norm_first = dat_member_flag(members, "norm_first", false);
    block->bias = dat_member_flag(members, "bias", true);
    block->dropout = dat_member_number(members, "dropout_rate", 0, 0, 1);
}

static dat_status check_together(const dat_language_config *config, bool relative)
{
    bool by_pair = config->block.dual && config->symbols.kind == DAT_POSITION_RELATIVE;
    if (relative != by_pair && config->block.attention.n_heads_ra > 0)
        return dat_failure("\"use_relative_positional_symbols\" of ra_kwargs is %s, expected %s with "
                           "symbol_retrieval %s",
                           relative ? "true" : "false", by_pair ? "true" : "false",
                           dat_retriever_names[config->symbols.kind]);
    if (config->max_length * config->block.d_model > MAX_ANGLES)
        return dat_failure("max_block_size = %" PRId64 " times d_model = %" PRId64 " is more than %" PRId64
                           ", the largest supported",
                           config->max_length, config->block.d_model, MAX_ANGLES);
    return DAT_OK;
}

dat_status dat_hub_config_read(const json_t *json, dat_language_config *config)
{
    static const char *const of_dual[] = {
        "vocab_size", "d_model",      "n_layers",   "n_heads_sa", "n_heads_ra",     "symbol_retrieval_kwargs",
        "dff",        "dropout_rate", "activation", "norm_first", "max_block_size", NULL};
    static const char *const of_plain[] = {
        "vocab_size",   "d_model",    "n_layers",   "n_heads",        "dff",
        "dropout_rate", "activation", "norm_first", "max_block_size", NULL};
    bool dual = json_object_get(json, "n_heads_sa") != NULL, relative = false;
    dat_members members;
    dat_status status = DAT_OK;
    *config = (dat_language_config){.block.dual = dual};
    dat_members_open(&members, json, dual ? of_dual : of_plain, "the config", &status);
    read_common(&members, config);
    if (dual) {
        read_dual_attention(&members, &config->block.attention, &relative);
        read_retriever(&members, &config->symbols);
        read_sharing(&members, config);
    } else {
        read_plain_attention(&members, &config->block.attention.self_attention);
        dat_member_flag(&members, "use_flash_attention", true);
    }
    dat_members_close(&members);
    return status.code == DAT_CODE_OK ? check_together(config, relative) : status;
}
