#include "nn/feed_forward.h"

#include <inttypes.h>

#include "nn/choice.h"

const char *const dat_feed_forward_names[] = {"identity", "relu",    "gelu",   "silu",
                                              "tanh",     "sigmoid", "swiglu", NULL};

dat_status dat_feed_forward_init(dat_feed_forward *block, dat_params *params, const char *scope, int64_t d,
                                 int64_t dff, int activation, bool bias)
{
    char name[DAT_SCOPE_SIZE];
    bool gated = activation == DAT_SWIGLU;
    DAT_TRY(dat_check_choice(scope, "activation", activation, dat_feed_forward_names));
    if (dff < 0)
        return dat_usage("%s: dff = %" PRId64 " must be positive, or 0 for the default", scope, dff);
    if (dff == 0)
        dff = gated ? (int64_t)(2.0 / 3.0 * 4.0 * (double)d) : 4 * d;
    block->activation = activation;
    dat_linear_init(&block->linear1, params, dat_scope(name, scope, "linear1"), d, dff, bias);
    dat_linear_init(&block->linear2, params, dat_scope(name, scope, "linear2"), dff, d, bias);
    if (gated)
        dat_linear_init(&block->linear3, params, dat_scope(name, scope, "linear3"), d, dff, bias);
    return DAT_OK;
}

dat_tensor *dat_feed_forward_forward(dat_tape *tape, const dat_feed_forward *block, dat_tensor *x)
{
    dat_tensor *hidden;
    if (block->activation == DAT_SWIGLU) {
        dat_columns projected[2];
        dat_project(tape, 2, (dat_tensor *[]){x, x},
                    (const dat_linear_layer *[]){&block->linear1, &block->linear3}, projected);
        hidden = dat_swiglu(tape, projected[0], projected[1]);
    } else {
        hidden = dat_linear_forward(tape, &block->linear1, x);
        hidden = dat_activation_apply(tape, hidden, (dat_activation)block->activation);
    }
    return dat_linear_forward(tape, &block->linear2, hidden);
}
