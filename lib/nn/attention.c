#include "nn/attention.h"

#include <inttypes.h>

dat_status dat_attention_config_complete(dat_attention_config *c, const char *what)
{
    if (c->d_model < 1 || c->n_heads < 1)
        return dat_usage("%s: d_model = %" PRId64 " and n_heads = %" PRId64 " must both be at least 1", what,
                         c->d_model, c->n_heads);
    c->n_kv_heads = c->n_kv_heads ? c->n_kv_heads : c->n_heads;
    c->total_n_heads = c->total_n_heads ? c->total_n_heads : c->n_heads;
    if (c->n_kv_heads < 1 || c->n_heads % c->n_kv_heads)
        return dat_usage("%s: n_heads = %" PRId64 " must be a multiple of n_kv_heads = %" PRId64, what,
                         c->n_heads, c->n_kv_heads);
    if (c->total_n_heads < c->n_heads)
        return dat_usage("%s: n_heads = %" PRId64 " must not exceed the total number of heads = %" PRId64
                         " that share d_model = %" PRId64,
                         what, c->n_heads, c->total_n_heads, c->d_model);
    if (c->d_model % c->total_n_heads)
        return dat_usage("%s: d_model = %" PRId64
                         " must be a multiple of the total number of heads = %" PRId64,
                         what, c->d_model, c->total_n_heads);
    if (c->key_dim < 0)
        return dat_usage("%s: key_dim = %" PRId64 " must be positive, or 0 for head_dim", what, c->key_dim);
    c->key_dim = c->key_dim ? c->key_dim : c->d_model / c->total_n_heads;
    if (c->symmetric && c->n_kv_heads != c->n_heads)
        return dat_usage("%s: symmetric attention shares queries and keys, so n_kv_heads = %" PRId64
                         " must equal n_heads = %" PRId64,
                         what, c->n_kv_heads, c->n_heads);
    if (!(c->dropout >= 0 && c->dropout < 1))
        return dat_usage("%s: dropout = %g must be at least 0 and less than 1", what, c->dropout);
    return DAT_OK;
}

dat_attention_args dat_attention_args_of(const dat_attention_config *c, const dat_attention_context *context)
{
    return (dat_attention_args){
        .n_heads = c->n_heads,
        .n_kv_heads = c->n_kv_heads,
        .scale = 1 / sqrt((double)(c->d_model / c->total_n_heads)),
        .dropout = c->dropout,
        .causal = context->causal,
        .first_query = dat_decode_cache_position(context->cache),
        .mask = context->mask,
        .key_lengths = context->key_lengths,
        .scores = context->scores,
    };
}

void dat_attention_rotate(dat_tape *tape, const dat_attention_config *c, const dat_attention_context *context,
                          dat_columns *q, dat_columns *k)
{
    if (!context->cosines)
        return;
    *q = dat_all_columns(dat_rope(tape, *q, context->cosines, context->sines, c->n_heads));
    *k = dat_all_columns(dat_rope(tape, *k, context->cosines, context->sines, c->n_kv_heads));
}

dat_tensor *dat_symbol_values(dat_tape *tape, const dat_linear_layer *wv, const dat_symbols *symbols,
                              const dat_attention_context *context, dat_attention_args *args)
{
    dat_columns values = {0};
    if (!symbols) {
        dat_fail(tape, "relational attention needs symbols");
        return NULL;
    }
    args->layout = symbols->layout;
    args->max_distance = symbols->max_distance;
    if (symbols->layout == DAT_SYMBOLS_BY_SENDER) {
        values = dat_all_columns(dat_linear_forward(tape, wv, symbols->values));
        return dat_decode_cache_append(tape, context->cache, values).tensor;
    }
    if (!dat_decode_cache_keeps(context->cache))
        values = dat_all_columns(dat_linear_forward(tape, wv, symbols->values));
    return dat_decode_cache_keep(tape, context->cache, values).tensor;
}

dat_status dat_attention_init(dat_attention_layer *layer, dat_params *params, const char *scope,
                              const dat_attention_config *config, const dat_linear_layer *shared_wq,
                              const dat_linear_layer *shared_wk)
{
    char name[DAT_SCOPE_SIZE];
    *layer = (dat_attention_layer){.config = *config};
    dat_attention_config *c = &layer->config;
    DAT_TRY(dat_attention_config_complete(c, scope[0] ? scope : "attention"));
    layer->head_dim = c->d_model / c->total_n_heads;
    if (shared_wq) {
        dat_linear_tie(&layer->wq, params, dat_scope(name, scope, "wq"), shared_wq);
        dat_linear_tie(&layer->wk, params, dat_scope(name, scope, "wk"), shared_wk);
    } else {
        dat_linear_init(&layer->wq, params, dat_scope(name, scope, "wq"), c->d_model, c->n_heads * c->key_dim,
                        false);
        if (c->symmetric)
            dat_linear_tie(&layer->wk, params, dat_scope(name, scope, "wk"), &layer->wq);
        else
            dat_linear_init(&layer->wk, params, dat_scope(name, scope, "wk"), c->d_model,
                            c->n_kv_heads * c->key_dim, c->bias_kv);
    }
    dat_linear_init(&layer->wv, params, dat_scope(name, scope, "wv"), c->d_model,
                    c->n_kv_heads * layer->head_dim, c->bias_kv);
    int64_t out = c->n_heads * layer->head_dim;
    dat_linear_init(&layer->wo, params, dat_scope(name, scope, "wo"), out, out, c->bias_out);
    return DAT_OK;
}

dat_tensor *dat_attention_attend(dat_tape *tape, const dat_attention_layer *layer, dat_columns q,
                                 dat_columns k, dat_columns v, const dat_attention_context *context)
{
    dat_attention_args args = dat_attention_args_of(&layer->config, context);
    dat_attention_rotate(tape, &layer->config, context, &q, &k);
    k = dat_decode_cache_append(tape, context->cache, k);
    v = dat_decode_cache_append(tape, context->cache, v);
    return dat_linear_forward(tape, &layer->wo, dat_attention(tape, q, k, v, &args));
}

dat_tensor *dat_attention_forward(dat_tape *tape, const dat_attention_layer *layer, dat_tensor *query,
                                  dat_tensor *key, dat_tensor *value, const dat_attention_context *context)
{
    enum { Q, K, V, COUNT };
    bool one_projection = layer->config.symmetric && query == key;
    dat_tensor *const inputs[COUNT] = {query, key, value};
    const dat_linear_layer *layers[COUNT] = {&layer->wq, one_projection ? NULL : &layer->wk, &layer->wv};
    dat_columns projected[COUNT];
    dat_project(tape, COUNT, inputs, layers, projected);
    return dat_attention_attend(tape, layer, projected[Q], projected[K], projected[V], context);
}

dat_tensor *dat_cross_attention_forward(dat_tape *tape, const dat_attention_layer *layer, dat_tensor *x,
                                        dat_memory memory, dat_decode_cache *cache)
{
    enum { Q, K, V, COUNT };
    const dat_attention_context everything = {.key_lengths = memory.lengths};
    dat_tensor *const inputs[COUNT] = {x, memory.states, memory.states};
    const dat_linear_layer *layers[COUNT] = {&layer->wq, &layer->wk, &layer->wv};
    dat_columns projected[COUNT] = {0};
    dat_project(tape, dat_decode_cache_keeps(cache) ? K : COUNT, inputs, layers, projected);
    dat_columns k = dat_decode_cache_keep(tape, cache, projected[K]);
    dat_columns v = dat_decode_cache_keep(tape, cache, projected[V]);
    return dat_attention_attend(tape, layer, projected[Q], k, v, &everything);
}
