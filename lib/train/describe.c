#include "train/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "train/micro_batch.h"
#include "util/memory.h"

void dat_describe_params(const dat_params *params, FILE *stream)
{
    char shape[DAT_SHAPE_TEXT_SIZE];
    fprintf(stream, "%-64s %16s %12s\n", "parameter", "shape", "count");
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *item = params->items[i];
        fprintf(stream, "%-64s %16s ", item->name, dat_shape_text(&item->tensor, shape));
        if (item->tied_to >= 0)
            fprintf(stream, "%12s = %s\n", "tied", params->items[item->tied_to]->name);
        else
            fprintf(stream, "%12" PRId64 "%s\n", dat_count(&item->tensor),
                    item->trainable ? "" : " (frozen)");
    }
    fprintf(stream, "%-64s %16s %12" PRId64 "\n", "total", "", dat_params_count(params, false));
}

/* What a training step takes. */
typedef struct step_cost {
    double flops;
    int64_t micro_batch, activations; /* examples at a time, and the bytes of what they compute */
} step_cost;

/* Counts the slices of one step on blank examples; nothing is computed. */
static dat_status count_step(const dat_train_config *config, const dat_problem *problem, step_cost *cost)
{
    dat_tape tape;
    dat_batch batch;
    dat_tally tally = {0};
    DAT_TRY(dat_tape_init(&tape, (size_t)config->memory_limit));
    dat_status status = dat_problem_micro_batch(config, problem, &tape, &cost->micro_batch);
    dat_batch_init(&batch, &problem->train, cost->micro_batch);
    tape.counting = true;
    dat_tape_begin_batch(&tape);
    for (int64_t left = config->batch_size; left > 0 && status.code == DAT_CODE_OK; left -= batch.count) {
        batch.count = left < batch.capacity ? left : batch.capacity;
        dat_tape_begin_slice(&tape, 0);
        dat_tape_backward(&tape, dat_batch_loss(&tape, problem->forward, problem->model, &batch, &tally), 1);
        status = tape.status;
    }
    dat_tape_end_batch(&tape);
    cost->flops = tape.flops;
    cost->activations = (int64_t)tape.arena.peak;
    dat_batch_free(&batch);
    dat_tape_free(&tape);
    return status;
}

dat_status dat_describe_problem(const dat_train_config *config, const dat_problem *problem, FILE *stream)
{
    const double mebibyte = 1 << 20;
    step_cost cost = {0};
    dat_params *params = problem->params;
    dat_params_allocate(params, &(dat_rng){.key = 1});
    DAT_TRY(count_step(config, problem, &cost));
    dat_describe_params(params, stream);
    fprintf(stream, "training step: %.3f GFLOP at batch %" PRId64 "%s\n", cost.flops * 1e-9,
            config->batch_size, problem->train.length ? " of full length" : "");
    fprintf(stream,
            "memory: %.1f MiB for parameters, gradients and moments, %.1f MiB for a micro-batch of %" PRId64
            "\n",
            4 * (double)params->size * (double)sizeof(dat_real) / mebibyte,
            (double)cost.activations / mebibyte, cost.micro_batch);
    return DAT_OK;
}

void dat_run_set_model(dat_run *run, const dat_params *params)
{
    free(run->parameters);
    run->n_params = dat_params_count(params, true);
    run->n_parameters = params->count;
    run->parameters = dat_allocate((size_t)params->count, sizeof run->parameters[0]);
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *item = params->items[i];
        dat_run_parameter *row = &run->parameters[i];
        snprintf(row->name, sizeof row->name, "%s", item->name);
        row->rank = item->tensor.rank;
        memcpy(row->shape, item->tensor.shape, sizeof row->shape);
    }
}
