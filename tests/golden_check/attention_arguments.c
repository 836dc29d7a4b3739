#include "golden_check/attention_arguments.h"

#include <string.h>

/* Options that every kind of attention has. */
static void read_common_options(golden_arguments *arguments, dat_attention_config *config)
{
    config->n_kv_heads = golden_integer(arguments, "n_kv_heads", 0);
    config->bias_kv = golden_flag(arguments, "add_bias_kv", false);
    config->bias_out = golden_flag(arguments, "add_bias_out", false);
}

void golden_read_attention_options(golden_arguments *arguments, dat_attention_config *config)
{
    read_common_options(arguments, config);
    config->key_dim = golden_integer(arguments, "key_dim", 0);
    config->symmetric = golden_flag(arguments, "symmetric_attn", false);
}

/* An activation by name, or the softmax: true then. */
static bool read_activation(golden_arguments *arguments, const char *key, int fallback,
                            dat_activation *activation)
{
    static const char *const names[] = {"identity", "relu",    "gelu",    "silu",
                                        "tanh",     "sigmoid", "softmax", NULL};
    int choice = golden_choice(arguments, key, names, fallback);
    bool softmax = choice == DAT_N_ACTIVATIONS;
    *activation = softmax ? DAT_IDENTITY : (dat_activation)choice;
    return softmax;
}

void golden_read_relational_options(golden_arguments *arguments, dat_relational_config *config)
{
    golden_read_attention_options(arguments, &config->attention);
    config->n_relations = golden_integer(arguments, "n_relations", 0);
    config->rel_proj_dim = golden_integer(arguments, "rel_proj_dim", 0);
    config->symmetric_relations = golden_flag(arguments, "symmetric_rels", false);
    config->relation_softmax =
        read_activation(arguments, "rel_activation", DAT_IDENTITY, &config->relation_activation);
    golden_flag(arguments, "use_relative_positional_symbols", false); /* golden_relative_symbols reads it */
}

void golden_read_rca_options(golden_arguments *arguments, dat_rca_config *config)
{
    read_common_options(arguments, &config->attention);
    config->pointwise = !read_activation(arguments, "activation", DAT_N_ACTIVATIONS, &config->activation);
    golden_flag(arguments, "use_relative_positional_symbols", false);
}

void golden_read_disrca_options(golden_arguments *arguments, dat_disrca_config *config)
{
    read_common_options(arguments, &config->attention);
    config->relation_softmax =
        read_activation(arguments, "rel_activation", DAT_IDENTITY, &config->relation_activation);
    golden_flag(arguments, "use_relative_positional_symbols", false);
}

bool golden_relative_symbols(const golden_run *run)
{
    static const char *const key = "use_relative_positional_symbols";
    const json_t *config = run->file->config;
    const json_t *const holders[] = {config, json_object_get(config, "encoder_kwargs"),
                                     json_object_get(config, "decoder_kwargs")};
    bool relative = json_is_true(json_object_get(config, key));
    for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++)
        relative |= json_is_true(json_object_get(json_object_get(holders[i], "ra_kwargs"), key));
    return relative;
}

dat_symbols golden_input_symbols(golden_run *run)
{
    return (dat_symbols){.values = golden_input(run, "symbols"),
                         .layout =
                             golden_relative_symbols(run) ? DAT_SYMBOLS_BY_PAIR : DAT_SYMBOLS_BY_SENDER};
}

void golden_complete_relational(const golden_run *run, dat_relational_config *config)
{
    const dat_attention_config *attention = &config->attention;
    int64_t heads = attention->total_n_heads ? attention->total_n_heads : attention->n_heads;
    bool research = strcmp(golden_config_text(run->file, "source"), "abstract_transformer") == 0;
    if (research && config->rel_proj_dim == 0 && heads > 0)
        config->rel_proj_dim = attention->d_model / heads;
}

static void read_relational_kind(const golden_run *run, golden_arguments *arguments, dat_dual_config *config)
{
    golden_arguments options;
    golden_nested(arguments, "ra_kwargs", &options);
    switch (config->ra_type) {
    case DAT_RCA:
        golden_read_rca_options(&options, &config->rca);
        break;
    case DAT_DISRCA:
        golden_read_disrca_options(&options, &config->disrca);
        break;
    case DAT_RELATIONAL_ATTENTION:
        golden_read_relational_options(&options, &config->relational);
        golden_complete_relational(run, &config->relational);
        break;
    }
    golden_arguments_close(&options);
}

void golden_read_dual(const golden_run *run, golden_arguments *arguments, int64_t d_model,
                      dat_dual_config *config)
{
    golden_arguments options;
    config->n_heads_sa = golden_integer(arguments, "n_heads_sa", 0);
    config->n_heads_ra = golden_integer(arguments, "n_heads_ra", 0);
    config->share_attention = golden_flag(arguments, "share_attn_params", false);
    config->ra_type =
        (dat_ra_type)golden_choice(arguments, "ra_type", dat_ra_type_names, DAT_RELATIONAL_ATTENTION);

    config->self_attention.d_model = d_model;
    golden_nested(arguments, "sa_kwargs", &options);
    golden_read_attention_options(&options, &config->self_attention);
    golden_arguments_close(&options);

    config->relational.attention.d_model = d_model;
    config->relational.attention.total_n_heads = config->n_heads_sa + config->n_heads_ra;
    read_relational_kind(run, arguments, config);
}

golden_flags golden_read_flags(golden_arguments *arguments, const char *causal_key)
{
    return (golden_flags){.causal = golden_flag(arguments, causal_key, false),
                          .rope = golden_flag(arguments, "rope", false),
                          .mask = golden_flag(arguments, "attn_mask", false)};
}
