#include "golden_check/attention_arguments.h"

#include <string.h>

void golden_read_attention_options(golden_arguments *arguments, dat_attention_config *config)
{
    config->key_dim = golden_integer(arguments, "key_dim", 0);
    config->n_kv_heads = golden_integer(arguments, "n_kv_heads", 0);
    config->bias_kv = golden_flag(arguments, "add_bias_kv", false);
    config->bias_out = golden_flag(arguments, "add_bias_out", false);
    config->symmetric = golden_flag(arguments, "symmetric_attn", false);
}

static void read_relation_activation(golden_arguments *arguments, dat_relational_config *config)
{
    static const char *const names[] = {"identity", "relu",    "gelu",    "silu",
                                        "tanh",     "sigmoid", "softmax", NULL};
    int choice = golden_choice(arguments, "rel_activation", names, DAT_IDENTITY);
    config->relation_softmax = choice == DAT_N_ACTIVATIONS;
    config->relation_activation = config->relation_softmax ? DAT_IDENTITY : (dat_activation)choice;
}

void golden_read_relational_options(golden_arguments *arguments, dat_relational_config *config)
{
    golden_read_attention_options(arguments, &config->attention);
    config->n_relations = golden_integer(arguments, "n_relations", 0);
    config->rel_proj_dim = golden_integer(arguments, "rel_proj_dim", 0);
    config->symmetric_relations = golden_flag(arguments, "symmetric_rels", false);
    read_relation_activation(arguments, config);
    if (golden_flag(arguments, "use_relative_positional_symbols", false))
        golden_unsupported(arguments->verdict, "position-relative symbols");
}

void golden_complete_relational(const golden_run *run, dat_relational_config *config)
{
    const dat_attention_config *attention = &config->attention;
    int64_t heads = attention->total_n_heads ? attention->total_n_heads : attention->n_heads;
    bool research = strcmp(golden_config_text(run->file, "source"), "abstract_transformer") == 0;
    if (research && config->rel_proj_dim == 0 && heads > 0)
        config->rel_proj_dim = attention->d_model / heads;
}

static void read_ra_type(golden_arguments *arguments)
{
    const char *type = golden_text(arguments, "ra_type");
    if (type[0] && strcmp(type, "relational_attention") != 0)
        golden_unsupported(arguments->verdict, "ra_type '%s'", type);
}

void golden_read_dual(const golden_run *run, golden_arguments *arguments, int64_t d_model,
                      dat_dual_config *config)
{
    golden_arguments options;
    config->n_heads_sa = golden_integer(arguments, "n_heads_sa", 0);
    config->n_heads_ra = golden_integer(arguments, "n_heads_ra", 0);
    config->share_attention = golden_flag(arguments, "share_attn_params", false);
    read_ra_type(arguments);

    config->self_attention.d_model = d_model;
    golden_nested(arguments, "sa_kwargs", &options);
    golden_read_attention_options(&options, &config->self_attention);
    golden_arguments_close(&options);

    config->relational.attention.d_model = d_model;
    config->relational.attention.total_n_heads = config->n_heads_sa + config->n_heads_ra;
    golden_nested(arguments, "ra_kwargs", &options);
    golden_read_relational_options(&options, &config->relational);
    golden_arguments_close(&options);
    golden_complete_relational(run, &config->relational);
}

golden_flags golden_read_flags(golden_arguments *arguments, const char *causal_key)
{
    return (golden_flags){.causal = golden_flag(arguments, causal_key, false),
                          .rope = golden_flag(arguments, "rope", false),
                          .mask = golden_flag(arguments, "attn_mask", false)};
}
