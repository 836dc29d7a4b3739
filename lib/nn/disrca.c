#include "nn/disrca.h"

#include <inttypes.h>

#include "nn/choice.h"

dat_status dat_disrca_init(dat_disrca_layer *layer, dat_params *params, const char *scope,
                           const dat_disrca_config *config)
{
    char name[DAT_SCOPE_SIZE];
    const char *what = scope[0] ? scope : "disrca";
    *layer = (dat_disrca_layer){.config = *config};
    dat_attention_config *c = &layer->config.attention;
    DAT_TRY(dat_attention_config_complete(c, what));
    if (c->n_kv_heads != 1 && c->n_kv_heads != c->n_heads)
        return dat_usage("%s: disrca has one relation for each head, so n_kv_heads = %" PRId64
                         " must be 1 or n_heads = %" PRId64,
                         what, c->n_kv_heads, c->n_heads);
    DAT_TRY(dat_check_choice(what, "rel_activation", (int)config->relation_activation, dat_activation_names));
    layer->head_dim = c->d_model / c->total_n_heads;
    int64_t d = c->d_model, out = c->n_heads * layer->head_dim, kv_out = c->n_kv_heads * layer->head_dim;
    dat_linear_init(&layer->wq_attn, params, dat_scope(name, scope, "wq_attn"), d, c->n_heads * c->key_dim,
                    false);
    if (c->symmetric)
        dat_linear_tie(&layer->wk_attn, params, dat_scope(name, scope, "wk_attn"), &layer->wq_attn);
    else
        dat_linear_init(&layer->wk_attn, params, dat_scope(name, scope, "wk_attn"), d,
                        c->n_kv_heads * c->key_dim, c->bias_kv);
    dat_linear_init(&layer->wq_rel, params, dat_scope(name, scope, "wq_rel"), d, out, false);
    dat_linear_init(&layer->wk_rel, params, dat_scope(name, scope, "wk_rel"), d, kv_out, c->bias_kv);
    dat_linear_init(&layer->wv, params, dat_scope(name, scope, "wv"), d, kv_out, c->bias_kv);
    dat_linear_init(&layer->wo, params, dat_scope(name, scope, "wo"), out, out, c->bias_out);
    return DAT_OK;
}

void dat_disrca_layers(const dat_disrca_layer *layer,
                       const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS])
{
    layers[0] = &layer->wq_attn;
    layers[1] = layer->config.attention.symmetric ? NULL : &layer->wk_attn;
    layers[2] = &layer->wq_rel;
    layers[3] = &layer->wk_rel;
}

dat_tensor *dat_disrca_attend(dat_tape *tape, const dat_disrca_layer *layer,
                              const dat_relational_projections *projections, const dat_symbols *symbols,
                              const dat_attention_context *context)
{
    const dat_disrca_config *c = &layer->config;
    dat_columns q = projections->query, k = projections->key, k_rel = projections->key_rel;
    dat_disrca_args args = {
        .attention = dat_attention_args_of(&c->attention, context),
        .relation_scale = 1 / sqrt((double)layer->head_dim),
        .relation_activation = c->relation_activation,
        .relation_softmax = c->relation_softmax,
        .relations = context->relations,
    };
    dat_tensor *v = dat_symbol_values(tape, &layer->wv, symbols, context, &args.attention);
    dat_attention_rotate(tape, &c->attention, context, &q, &k);
    k = dat_decode_cache_append(tape, context->cache, k);
    k_rel = dat_decode_cache_append(tape, context->cache, k_rel);
    dat_tensor *heads = dat_disrca_core(tape, q, k, projections->query_rel, k_rel, v, &args);
    return dat_linear_forward(tape, &layer->wo, heads);
}

dat_tensor *dat_disrca_forward(dat_tape *tape, const dat_disrca_layer *layer, dat_tensor *x,
                               const dat_symbols *symbols, const dat_attention_context *context)
{
    dat_tensor *const inputs[DAT_RELATIONAL_PROJECTIONS] = {x, x, x, x};
    const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS];
    dat_columns out[DAT_RELATIONAL_PROJECTIONS];
    dat_disrca_layers(layer, layers);
    dat_project(tape, DAT_RELATIONAL_PROJECTIONS, inputs, layers, out);
    dat_relational_projections projections = {out[0], out[1], out[2], out[3]};
    return dat_disrca_attend(tape, layer, &projections, symbols, context);
}
