#include "optim/optimizer.h"

#include <stdlib.h>

#include "util/memory.h"

/* Keeps PyTorch's clipping from dividing by 0. */
static const double NORM_EPS = 1e-6;

static dat_status expect_not_negative(const char *name, double value)
{
    if (!(isfinite(value) && value >= 0))
        return dat_usage("optimizer: %s = %g must be a number and not negative", name, value);
    return DAT_OK;
}

static dat_status expect_below_one(const char *name, double value)
{
    if (!(value >= 0 && value < 1))
        return dat_usage("optimizer: %s = %g must be at least 0 and less than 1", name, value);
    return DAT_OK;
}

static dat_status check(const dat_optimizer_config *c)
{
    DAT_TRY(expect_not_negative("learning_rate", c->adam.learning_rate));
    DAT_TRY(expect_below_one("beta1", c->adam.beta1));
    DAT_TRY(expect_below_one("beta2", c->adam.beta2));
    if (!(isfinite(c->adam.eps) && c->adam.eps > 0))
        return dat_usage("optimizer: eps = %g must be positive", c->adam.eps);
    DAT_TRY(expect_not_negative("weight_decay", c->weight_decay));
    DAT_TRY(expect_not_negative("max_grad_norm", c->max_grad_norm));
    return dat_schedule_check(&c->schedule);
}

/* A parameter that the loss did not use has no gradient in PyTorch, and does not decay. */
static bool has_gradient(const dat_param *param)
{
    int64_t count = dat_count(&param->tensor);
    for (int64_t i = 0; i < count; i++)
        if (param->tensor.grad[i] != 0)
            return true;
    return false;
}

static bool decays(const dat_optimizer_config *c, const dat_param *param)
{
    return param->trainable && (!c->decoupled || param->tensor.rank >= 2) && has_gradient(param);
}

/* Lists what decays in this step. Neighbours share a range; the padding between them is 0 and stays so. */
static void find_decayed(dat_optimizer *optimizer, const dat_params *params)
{
    bool extend = false;
    optimizer->n_decayed = 0;
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *param = params->items[i];
        if (param->tied_to >= 0)
            continue; /* it is part of its owner */
        int64_t end = param->offset + dat_count(&param->tensor);
        bool added = decays(&optimizer->config, param);
        if (added && extend)
            optimizer->decayed[optimizer->n_decayed - 1].end = end;
        else if (added)
            optimizer->decayed[optimizer->n_decayed++] = (dat_value_range){param->offset, end};
        extend = added;
    }
}

dat_status dat_optimizer_init(dat_optimizer *optimizer, const dat_params *params,
                              const dat_optimizer_config *config)
{
    *optimizer = (dat_optimizer){.config = *config};
    DAT_TRY(check(config));
    dat_adam_init(&optimizer->adam, params, &config->adam);
    optimizer->decayed = dat_allocate((size_t)params->count, sizeof optimizer->decayed[0]);
    return DAT_OK;
}

dat_optimizer_report dat_optimizer_step(dat_optimizer *optimizer, dat_params *params)
{
    const dat_optimizer_config *c = &optimizer->config;
    dat_optimizer_report report = {
        .learning_rate = dat_schedule_rate(&c->schedule, c->adam.learning_rate, optimizer->adam.step),
        .grad_norm = dat_params_grad_norm(params),
    };
    if (c->weight_decay > 0)
        find_decayed(optimizer, params);
    double scale = c->max_grad_norm > 0 ? c->max_grad_norm / (report.grad_norm + NORM_EPS) : 1;
    dat_adam_update update = {
        .learning_rate = report.learning_rate,
        .grad_scale = scale < 1 ? scale : 1,
        .coupled_decay = c->decoupled ? 0 : c->weight_decay,
        .decoupled_decay = c->decoupled ? c->weight_decay : 0,
        .decayed = optimizer->decayed,
        .n_decayed = optimizer->n_decayed,
    };
    dat_adam_apply(&optimizer->adam, params, &update);
    return report;
}

void dat_optimizer_free(dat_optimizer *optimizer)
{
    dat_adam_free(&optimizer->adam);
    free(optimizer->decayed);
    *optimizer = (dat_optimizer){0};
}
