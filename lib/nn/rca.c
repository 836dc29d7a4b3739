#include "nn/rca.h"

#include "nn/choice.h"

dat_status dat_rca_init(dat_rca_layer *layer, dat_params *params, const char *scope,
                        const dat_rca_config *config)
{
    *layer = (dat_rca_layer){.config = *config};
    const char *what = scope[0] ? scope : "rca";
    DAT_TRY(dat_attention_config_complete(&layer->config.attention, what));
    DAT_TRY(dat_check_choice(what, "activation", (int)config->activation, dat_activation_names));
    return dat_attention_init(&layer->layers, params, scope, &layer->config.attention, NULL, NULL);
}

void dat_rca_layers(const dat_rca_layer *layer, const dat_linear_layer *layers[DAT_RCA_PROJECTIONS])
{
    layers[0] = &layer->layers.wq;
    layers[1] = layer->config.attention.symmetric ? NULL : &layer->layers.wk;
}

dat_tensor *dat_rca_attend(dat_tape *tape, const dat_rca_layer *layer, dat_columns q, dat_columns k,
                           const dat_symbols *symbols, const dat_attention_context *context)
{
    const dat_rca_config *c = &layer->config;
    dat_attention_args args = dat_attention_args_of(&c->attention, context);
    args.pointwise = c->pointwise;
    args.activation = c->activation;
    dat_tensor *v = dat_symbol_values(tape, &layer->layers.wv, symbols, context, &args);
    dat_attention_rotate(tape, &c->attention, context, &q, &k);
    k = dat_decode_cache_append(tape, context->cache, k);
    return dat_linear_forward(tape, &layer->layers.wo, dat_attention(tape, q, k, dat_all_columns(v), &args));
}

dat_tensor *dat_rca_forward(dat_tape *tape, const dat_rca_layer *layer, dat_tensor *x,
                            const dat_symbols *symbols, const dat_attention_context *context)
{
    dat_tensor *const inputs[DAT_RCA_PROJECTIONS] = {x, x};
    const dat_linear_layer *layers[DAT_RCA_PROJECTIONS];
    dat_columns out[DAT_RCA_PROJECTIONS];
    dat_rca_layers(layer, layers);
    dat_project(tape, DAT_RCA_PROJECTIONS, inputs, layers, out);
    return dat_rca_attend(tape, layer, out[0], out[1], symbols, context);
}
