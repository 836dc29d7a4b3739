#include "optim/adam.h"

#include <stdlib.h>

#include "util/memory.h"
#include "util/parallel.h"

void dat_adam_init(dat_adam *adam, const dat_params *params, const dat_adam_config *config)
{
    *adam = (dat_adam){.config = *config, .size = params->size};
    adam->moments = dat_allocate(2 * (size_t)params->size, sizeof adam->moments[0]);
}

/* The rule for one kind of values, with everything that does not depend on the element worked out. */
typedef struct rule {
    dat_real beta1, beta2, step_size, root_scale, eps;
    dat_real grad_scale, coupled_decay, kept; /* kept: what decoupled decay leaves of a value */
} rule;

typedef struct update_work {
    const dat_adam_update *update;
    rule plain, decayed;
    dat_real *values, *first, *second;
    const dat_real *grads;
} update_work;

static void update_values(const update_work *work, const rule *of, int64_t start, int64_t end)
{
    const rule r = *of;
    dat_real *values = work->values, *firsts = work->first, *seconds = work->second;
    const dat_real *grads = work->grads;
#pragma omp simd
    for (int64_t i = start; i < end; i++) {
        dat_real grad = r.grad_scale * grads[i] + r.coupled_decay * values[i];
        dat_real first = r.beta1 * firsts[i] + (1 - r.beta1) * grad;
        dat_real second = r.beta2 * seconds[i] + (1 - r.beta2) * grad * grad;
        firsts[i] = first;
        seconds[i] = second;
        values[i] =
            r.kept * values[i] - r.step_size * first / (DAT_REAL(sqrt)(second) * r.root_scale + r.eps);
    }
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

static void update_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const update_work *work = context;
    int64_t at = start;
    for (int64_t i = 0; i < work->update->n_decayed && at < end; i++) {
        int64_t first = clamp(work->update->decayed[i].first, at, end);
        int64_t last = clamp(work->update->decayed[i].end, at, end);
        update_values(work, &work->plain, at, first);
        update_values(work, &work->decayed, first, last);
        at = last;
    }
    update_values(work, &work->plain, at, end);
}

/* Frozen parameters have zero gradients, so without decay they never move: one loop over the whole block. */
void dat_adam_apply(dat_adam *adam, dat_params *params, const dat_adam_update *update)
{
    DAT_ASSERT(adam->size == params->size);
    adam->step++;
    double correction1 = 1 - pow(adam->config.beta1, (double)adam->step);
    double correction2 = 1 - pow(adam->config.beta2, (double)adam->step);
    rule plain = {
        .beta1 = (dat_real)adam->config.beta1,
        .beta2 = (dat_real)adam->config.beta2,
        .step_size = (dat_real)(update->learning_rate / correction1),
        .root_scale = (dat_real)(1 / sqrt(correction2)),
        .eps = (dat_real)adam->config.eps,
        .grad_scale = (dat_real)update->grad_scale,
        .kept = 1,
    };
    rule decayed = plain;
    decayed.coupled_decay = (dat_real)update->coupled_decay;
    decayed.kept = (dat_real)(1 - update->learning_rate * update->decoupled_decay);
    update_work work = {
        .update = update,
        .plain = plain,
        .decayed = decayed,
        .values = params->values,
        .first = adam->moments,
        .second = adam->moments + adam->size,
        .grads = params->grads,
    };
    dat_parallel(dat_pieces_of(adam->size, dat_min_rows(1)), update_piece, &work);
}

void dat_adam_step(dat_adam *adam, dat_params *params, double learning_rate)
{
    dat_adam_apply(adam, params, &(dat_adam_update){.learning_rate = learning_rate, .grad_scale = 1});
}

void dat_adam_free(dat_adam *adam)
{
    free(adam->moments);
    *adam = (dat_adam){0};
}
