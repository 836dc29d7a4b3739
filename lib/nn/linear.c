#include "nn/linear.h"

const char *const dat_norm_names[] = {"layernorm", "rmsnorm", "none", NULL};

void dat_linear_init(dat_linear_layer *layer, dat_params *params, const char *scope, int64_t in, int64_t out,
                     bool bias)
{
    dat_init init = dat_init_fan_in(in);
    layer->weight = dat_params_add(params, scope, "weight", 2, (int64_t[]){out, in}, init);
    layer->bias = bias ? dat_params_add(params, scope, "bias", 1, &out, init) : NULL;
}

void dat_linear_tie(dat_linear_layer *layer, dat_params *params, const char *scope,
                    const dat_linear_layer *original)
{
    layer->weight = dat_params_tie(params, scope, "weight", original->weight);
    layer->bias = original->bias ? dat_params_tie(params, scope, "bias", original->bias) : NULL;
}

dat_tensor *dat_linear_forward(dat_tape *tape, const dat_linear_layer *layer, dat_tensor *x)
{
    return dat_linear(tape, x, layer->weight, layer->bias);
}

void dat_norm_init(dat_norm *norm, dat_params *params, const char *scope, dat_norm_type type, int64_t d)
{
    *norm = (dat_norm){.type = type};
    if (type != DAT_NO_NORM)
        norm->gain = dat_params_add(params, scope, "weight", 1, &d, (dat_init){.kind = DAT_INIT_ONES});
    if (type == DAT_LAYER_NORM)
        norm->shift = dat_params_add(params, scope, "bias", 1, &d, (dat_init){.kind = DAT_INIT_ZEROS});
}

dat_tensor *dat_norm_forward(dat_tape *tape, const dat_norm *norm, dat_tensor *x)
{
    switch (norm->type) {
    case DAT_LAYER_NORM:
        return dat_layer_norm(tape, x, norm->gain, norm->shift);
    case DAT_RMS_NORM:
        return dat_rms_norm(tape, x, norm->gain);
    case DAT_NO_NORM:
        break;
    }
    return x;
}
