#include "optim/adam.h"

#include <stdlib.h>

#include "util/memory.h"
#include "util/parallel.h"

void dat_adam_init(dat_adam *adam, const dat_params *params, const dat_adam_config *config)
{
    *adam = (dat_adam){.config = *config, .size = params->size};
    adam->moments = dat_allocate(2 * (size_t)params->size, sizeof adam->moments[0]);
}

/* One update with everything that does not depend on the element worked out. */
typedef struct adam_update {
    dat_real beta1, beta2, step_size, root_scale, eps;
    dat_real *values, *first, *second;
    const dat_real *grads;
} adam_update;

static void update_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const adam_update u = *(const adam_update *)context;
#pragma omp simd
    for (int64_t i = start; i < end; i++) {
        dat_real first = u.beta1 * u.first[i] + (1 - u.beta1) * u.grads[i];
        dat_real second = u.beta2 * u.second[i] + (1 - u.beta2) * u.grads[i] * u.grads[i];
        u.first[i] = first;
        u.second[i] = second;
        u.values[i] -= u.step_size * first / (DAT_REAL(sqrt)(second) * u.root_scale + u.eps);
    }
}

/* Frozen parameters have zero gradients and so never move: one loop over the whole block. */
void dat_adam_step(dat_adam *adam, dat_params *params, double learning_rate)
{
    DAT_ASSERT(adam->size == params->size);
    adam->step++;
    double correction1 = 1 - pow(adam->config.beta1, (double)adam->step);
    double correction2 = 1 - pow(adam->config.beta2, (double)adam->step);
    adam_update u = {
        .beta1 = (dat_real)adam->config.beta1,
        .beta2 = (dat_real)adam->config.beta2,
        .step_size = (dat_real)(learning_rate / correction1),
        .root_scale = (dat_real)(1 / sqrt(correction2)),
        .eps = (dat_real)adam->config.eps,
        .values = params->values,
        .first = adam->moments,
        .second = adam->moments + adam->size,
        .grads = params->grads,
    };
    dat_parallel(dat_pieces_of(adam->size, dat_min_rows(1)), update_piece, &u);
}

void dat_adam_free(dat_adam *adam)
{
    free(adam->moments);
    *adam = (dat_adam){0};
}
