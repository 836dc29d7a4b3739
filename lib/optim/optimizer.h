/* What turns gradients into a step: Adam or AdamW, weight decay, clipping and a learning rate schedule. */
#ifndef DAT_OPTIM_OPTIMIZER_H
#define DAT_OPTIM_OPTIMIZER_H

#include "optim/adam.h"
#include "optim/schedule.h"

/* Zeros mean: constant learning rate, no decay, no clipping. */
typedef struct dat_optimizer_config {
    dat_adam_config adam;  /* start from DAT_ADAM_DEFAULTS; its learning rate is the schedule's peak */
    dat_schedule schedule; /* of the learning rate */
    double weight_decay;
    bool decoupled; /* AdamW: decays tensors of rank 2 and more only (embeddings, symbols and wr included), as
                     * the reference groups them; else L2 regularisation of all tensors, as PyTorch's Adam */
    double max_grad_norm; /* longer gradients are scaled by max_grad_norm / (norm + 1e-6), as in PyTorch; 0:
                             never */
} dat_optimizer_config;

typedef struct dat_optimizer {
    dat_optimizer_config config;
    dat_adam adam;            /* adam.step counts the steps done */
    dat_value_range *decayed; /* what decays in a step; owned, room for every parameter */
    int64_t n_decayed;
} dat_optimizer;

/* What a step did, for the record. */
typedef struct dat_optimizer_report {
    double learning_rate;
    double grad_norm; /* of all gradients together, before clipping */
} dat_optimizer_report;

/* Checks the config; zeroed moments for allocated parameters. The caller frees the optimizer whatever the
 * result. */
dat_status dat_optimizer_init(dat_optimizer *optimizer, const dat_params *params,
                              const dat_optimizer_config *config);

/* One step from the gradients, which are left as they are. Frozen parameters stay, and so do those that never
 * had a gradient other than 0: PyTorch leaves parameters alone that the loss does not use. */
dat_optimizer_report dat_optimizer_step(dat_optimizer *optimizer, dat_params *params);

void dat_optimizer_free(dat_optimizer *optimizer);

#endif
