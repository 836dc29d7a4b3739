#include "train/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

/* FLOPs of one training step on blank examples. */
static dat_status step_flops(const dat_train_config *config, const dat_problem *problem, double *flops)
{
    dat_tape tape;
    dat_batch batch;
    dat_tally tally = {0};
    DAT_TRY(dat_tape_init(&tape, (size_t)config->memory_limit));
    dat_batch_init(&batch, &problem->train, config->batch_size);
    batch.count = batch.capacity;
    dat_params_allocate(problem->params, &(dat_rng){.key = 1});
    dat_tape_begin(&tape, 0);
    dat_tape_backward(&tape, dat_batch_loss(&tape, problem->forward, problem->model, &batch, &tally), 1);
    *flops = tape.flops;
    dat_status status = tape.status;
    dat_batch_free(&batch);
    dat_tape_free(&tape);
    return status;
}

dat_status dat_describe_problem(const dat_train_config *config, const dat_problem *problem, FILE *stream)
{
    double flops = 0;
    DAT_TRY(step_flops(config, problem, &flops));
    dat_describe_params(problem->params, stream);
    fprintf(stream, "training step: %.3f GFLOP at batch %" PRId64 "%s\n", flops * 1e-9, config->batch_size,
            problem->train.length ? " of full length" : "");
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
