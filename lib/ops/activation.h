/* Pointwise activations and their derivatives, shared by the ops that apply one. */
#ifndef DAT_OPS_ACTIVATION_H
#define DAT_OPS_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/real.h"

typedef enum dat_activation {
    DAT_IDENTITY,
    DAT_RELU,
    DAT_GELU, /* the tanh approximation, as in the reference */
    DAT_SILU,
    DAT_TANH,
    DAT_SIGMOID,
    DAT_N_ACTIVATIONS,
} dat_activation;

/* "identity", "relu", ...; ends with NULL. */
extern const char *const dat_activation_names[];

/* y[i] = activation(x[i]); x and y may be the same. */
void dat_activate(dat_activation activation, int64_t count, const dat_real *x, dat_real *y);

/* dx[i] += dy[i] * activation'(x[i]), or = where `fresh`. */
void dat_activate_backward(dat_activation activation, int64_t count, const dat_real *x, const dat_real *dy,
                           bool fresh, dat_real *dx);

#endif
