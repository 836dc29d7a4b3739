/* Adam as PyTorch defines it (Kingma & Ba 2015, with bias correction and eps outside the square root). */
#ifndef DAT_OPTIM_ADAM_H
#define DAT_OPTIM_ADAM_H

#include "core/params.h"

typedef struct dat_adam_config {
    double learning_rate, beta1, beta2, eps;
} dat_adam_config;

/* PyTorch's defaults. */
#define DAT_ADAM_DEFAULTS                                                                                    \
    {                                                                                                        \
        .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8                                     \
    }

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

/* Values first..end-1 of a parameter block. */
typedef struct dat_value_range {
    int64_t first, end;
} dat_value_range;

/* An update with everything that can be added to Adam's rule. */
typedef struct dat_adam_update {
    double learning_rate;
    double grad_scale;              /* every gradient counts times this */
    double coupled_decay;           /* adds coupled_decay value to the gradient (L2 regularisation) */
    double decoupled_decay;         /* shrinks the value by learning_rate decoupled_decay of itself (AdamW) */
    const dat_value_range *decayed; /* the only values that decay; ascending, without overlap */
    int64_t n_decayed;
} dat_adam_update;

/* One update in one pass over memory. Gradients are left as they are. */
void dat_adam_apply(dat_adam *adam, dat_params *params, const dat_adam_update *update);

void dat_adam_free(dat_adam *adam);

#endif
