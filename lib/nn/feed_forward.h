/* Feed-forward block: linear2(f(linear1 x)), or linear2(silu(linear1 x) * linear3 x) for SwiGLU. */
#ifndef DAT_NN_FEED_FORWARD_H
#define DAT_NN_FEED_FORWARD_H

#include "nn/linear.h"

/* A pointwise activation, or the gated one that needs a third matrix. Values below DAT_N_ACTIVATIONS are
 * dat_activation. */
enum { DAT_SWIGLU = DAT_N_ACTIVATIONS };

/* "identity", "relu", ..., "swiglu"; ends with NULL. */
extern const char *const dat_feed_forward_names[];

typedef struct dat_feed_forward {
    int activation; /* a dat_activation or DAT_SWIGLU */
    dat_linear_layer linear1, linear2, linear3;
} dat_feed_forward;

/* Registers the matrices (dff, d), (d, dff) and for SwiGLU a third (dff, d). `dff` 0 means 4 d, or 8/3 d for
 * SwiGLU. */
dat_status dat_feed_forward_init(dat_feed_forward *block, dat_params *params, const char *scope, int64_t d,
                                 int64_t dff, int activation, bool bias);

dat_tensor *dat_feed_forward_forward(dat_tape *tape, const dat_feed_forward *block, dat_tensor *x);

#endif
