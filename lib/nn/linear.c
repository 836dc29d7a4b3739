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

/* One product for the layers first..end-1, which share an input. */
static void project_group(dat_tape *tape, dat_tensor *input, int first, int end,
                          const dat_linear_layer *const *layers, dat_columns *out)
{
    dat_tensor *weights[DAT_MAX_GROUP], *biases[DAT_MAX_GROUP];
    int count = 0;
    int64_t column = 0;
    for (int i = first; i < end; i++) {
        if (!layers[i]) {
            out[i] = out[i - 1];
            continue;
        }
        DAT_ASSERT(count < DAT_MAX_GROUP);
        weights[count] = layers[i]->weight;
        biases[count++] = layers[i]->bias;
        out[i] = (dat_columns){.first = column, .width = layers[i]->weight->shape[0]};
        column += out[i].width;
    }
    dat_tensor *wide = count == 1 ? dat_linear(tape, input, weights[0], biases[0])
                                  : dat_linear_group(tape, input, count, weights, biases);
    for (int i = first; i < end; i++)
        out[i].tensor = wide;
}

void dat_project(dat_tape *tape, int count, dat_tensor *const *inputs, const dat_linear_layer *const *layers,
                 dat_columns *out)
{
    for (int first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && inputs[end] == inputs[first];)
            end++;
        project_group(tape, inputs[first], first, end, layers, out);
    }
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

dat_tensor *dat_norm_after_branch(dat_tape *tape, const dat_norm *norm, dat_tensor *x, dat_tensor *branch,
                                  double rate, dat_tensor **sum)
{
    if (norm->type != DAT_NO_NORM)
        return dat_residual_norm(tape, x, branch, rate, norm->gain, norm->shift, sum);
    *sum = dat_add_dropout(tape, x, branch, rate);
    return *sum;
}
