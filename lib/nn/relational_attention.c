#include "nn/relational_attention.h"

#include <inttypes.h>

#include "nn/choice.h"

const char *const dat_relation_init_names[] = {"package", "paper", NULL};

static dat_status complete_config(dat_relational_config *c, const char *what)
{
    DAT_TRY(dat_attention_config_complete(&c->attention, what));
    int64_t width = c->attention.n_heads * (c->attention.d_model / c->attention.total_n_heads);
    c->n_relations = c->n_relations ? c->n_relations : c->attention.n_heads;
    if (c->n_relations < 1)
        return dat_usage("%s: n_relations = %" PRId64 " must be at least 1", what, c->n_relations);
    if (!c->rel_proj_dim && width % c->n_relations)
        return dat_usage("%s: the heads' width %" PRId64 " must be a multiple of n_relations = %" PRId64
                         " unless rel_proj_dim is given",
                         what, width, c->n_relations);
    c->rel_proj_dim = c->rel_proj_dim ? c->rel_proj_dim : width / c->n_relations;
    if (c->rel_proj_dim < 1)
        return dat_usage("%s: rel_proj_dim = %" PRId64 " must be at least 1", what, c->rel_proj_dim);
    DAT_TRY(dat_check_choice(what, "relation_init", (int)c->relation_init, dat_relation_init_names));
    return dat_check_choice(what, "rel_activation", (int)c->relation_activation, dat_activation_names);
}

static dat_init wr_init(const dat_relational_layer *layer)
{
    int64_t relations = layer->config.n_relations;
    bool paper = layer->config.relation_init == DAT_RELATION_INIT_PAPER;
    return dat_init_fan_in(paper ? relations : layer->head_dim * relations);
}

dat_status dat_relational_attention_init(dat_relational_layer *layer, dat_params *params, const char *scope,
                                         const dat_relational_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *layer = (dat_relational_layer){.config = *config};
    DAT_TRY(complete_config(&layer->config, scope[0] ? scope : "relational_attention"));
    const dat_attention_config *c = &layer->config.attention;
    int64_t d = c->d_model, rel_width = layer->config.n_relations * layer->config.rel_proj_dim;
    layer->head_dim = d / c->total_n_heads;

    dat_linear_init(&layer->wq_attn, params, dat_scope(name, scope, "wq_attn"), d, c->n_heads * c->key_dim,
                    false);
    if (c->symmetric)
        dat_linear_tie(&layer->wk_attn, params, dat_scope(name, scope, "wk_attn"), &layer->wq_attn);
    else
        dat_linear_init(&layer->wk_attn, params, dat_scope(name, scope, "wk_attn"), d,
                        c->n_kv_heads * c->key_dim, c->bias_kv);
    dat_linear_init(&layer->wq_rel, params, dat_scope(name, scope, "wq_rel"), d, rel_width, false);
    if (layer->config.symmetric_relations)
        dat_linear_tie(&layer->wk_rel, params, dat_scope(name, scope, "wk_rel"), &layer->wq_rel);
    else
        dat_linear_init(&layer->wk_rel, params, dat_scope(name, scope, "wk_rel"), d, rel_width, false);
    layer->wr =
        dat_params_add(params, scope, "wr", 3,
                       (int64_t[]){c->n_heads, layer->head_dim, layer->config.n_relations}, wr_init(layer));
    dat_linear_init(&layer->wv, params, dat_scope(name, scope, "wv"), d, c->n_kv_heads * layer->head_dim,
                    c->bias_kv);
    int64_t out = c->n_heads * layer->head_dim;
    dat_linear_init(&layer->wo, params, dat_scope(name, scope, "wo"), out, out, c->bias_out);
    return DAT_OK;
}

void dat_relational_attention_layers(const dat_relational_layer *layer,
                                     const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS])
{
    layers[0] = &layer->wq_attn;
    layers[1] = layer->config.attention.symmetric ? NULL : &layer->wk_attn;
    layers[2] = &layer->wq_rel;
    layers[3] = layer->config.symmetric_relations ? NULL : &layer->wk_rel;
}

dat_tensor *dat_relational_attention_attend(dat_tape *tape, const dat_relational_layer *layer,
                                            const dat_relational_projections *projections,
                                            const dat_symbols *symbols, const dat_attention_context *context)
{
    const dat_relational_config *c = &layer->config;
    dat_columns q = projections->query, k = projections->key, k_rel = projections->key_rel;
    dat_relational_args args = {
        .attention = dat_attention_args_of(&c->attention, context),
        .n_relations = c->n_relations,
        .relation_scale = 1 / sqrt((double)c->rel_proj_dim),
        .relation_activation = c->relation_activation,
        .relation_softmax = c->relation_softmax,
        .relations = context->relations,
    };
    dat_tensor *v = dat_symbol_values(tape, &layer->wv, symbols, context, &args.attention);
    dat_attention_rotate(tape, &c->attention, context, &q, &k);
    k = dat_decode_cache_append(tape, context->cache, k);
    k_rel = dat_decode_cache_append(tape, context->cache, k_rel);
    dat_tensor *heads =
        dat_relational_attention_core(tape, q, k, projections->query_rel, k_rel, v, layer->wr, &args);
    return dat_linear_forward(tape, &layer->wo, heads);
}

dat_tensor *dat_relational_attention_forward(dat_tape *tape, const dat_relational_layer *layer, dat_tensor *x,
                                             const dat_symbols *symbols, const dat_attention_context *context)
{
    dat_tensor *const inputs[DAT_RELATIONAL_PROJECTIONS] = {x, x, x, x};
    const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS];
    dat_columns out[DAT_RELATIONAL_PROJECTIONS];
    dat_relational_attention_layers(layer, layers);
    dat_project(tape, DAT_RELATIONAL_PROJECTIONS, inputs, layers, out);
    dat_relational_projections projections = {out[0], out[1], out[2], out[3]};
    return dat_relational_attention_attend(tape, layer, &projections, symbols, context);
}
