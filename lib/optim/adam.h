/* Adam as PyTorch defines it (Kingma & Ba 2015, with bias correction and eps outside the square root). */
#ifndef DAT_OPTIM_ADAM_H
#define DAT_OPTIM_ADAM_H

#include "core/params.h"

typedef struct dat_adam_config {
    double learning_rate, beta1, beta2, eps;
} dat_adam_config;

/* The moments of all parameters, in the layout of dat_params. */
typedef struct dat_adam {
    dat_adam_config config;
    int64_t step;      /* updates done */
    int64_t size;      /* values in each moment */
    dat_real *moments; /* first moments, then second ones; owned */
} dat_adam;

/* Zeroed moments for allocated parameters. */
void dat_adam_init(dat_adam *adam, const dat_params *params, const dat_adam_config *config);

/* One update from the gradients, at `learning_rate`. Gradients are left as they are. */
void dat_adam_step(dat_adam *adam, dat_params *params, double learning_rate);

void dat_adam_free(dat_adam *adam);

#endif
