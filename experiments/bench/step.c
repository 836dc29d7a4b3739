#include "step.h"

#include <stdlib.h>

#include "train/micro_batch.h"
#include "util/memory.h"

typedef struct step_state {
    bench_problem problem;
    dat_optimizer optimizer;
    dat_tape tape;
    int64_t batch, micro_batch;
    uint64_t step;
} step_state;

static dat_tensor *first_examples_loss(void *context, dat_tape *tape, int64_t count)
{
    const bench_problem *problem = context;
    return problem->full_loss ? problem->full_loss(problem->model, tape, count)
                              : problem->loss(problem->model, tape, 0, count);
}

static dat_status choose_micro_batch(step_state *s)
{
    int64_t example_bytes, parameter_bytes = s->problem.params.size * (int64_t)sizeof(dat_real);
    DAT_TRY(dat_example_bytes(&s->tape, first_examples_loss, &s->problem, &example_bytes));
    s->micro_batch = dat_micro_batch(s->batch, example_bytes, parameter_bytes);
    return DAT_OK;
}

static dat_status prepare(const void *config, void **state)
{
    const bench_step_config *c = config;
    step_state *s = *state = dat_allocate(1, sizeof *s);
    s->batch = c->batch;
    DAT_TRY(c->build(c->model_config, c->batch, &s->problem));
    DAT_TRY(dat_tape_init(&s->tape, BENCH_MEMORY_LIMIT));
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&s->problem.params, &rng);
    DAT_TRY(dat_optimizer_init(&s->optimizer, &s->problem.params, &c->optimizer));
    s->micro_batch = 1;
    return c->batch > 1 ? choose_micro_batch(s) : DAT_OK;
}

static int64_t slice_count(const step_state *s, int64_t first)
{
    const bench_problem *problem = &s->problem;
    int64_t left = s->batch - first;
    if (problem->slice_count)
        return problem->slice_count(problem->model, first, s->micro_batch);
    return left < s->micro_batch ? left : s->micro_batch;
}

/* The whole batch, slice by slice; returns its FLOPs. */
static double run_slices(step_state *s, bool training)
{
    int64_t count;
    s->tape.training = s->tape.recording = training;
    dat_tape_begin_batch(&s->tape);
    for (int64_t first = 0; first < s->batch; first += count) {
        count = slice_count(s, first);
        dat_tape_begin_slice(&s->tape, s->step * (uint64_t)s->batch + (uint64_t)first);
        dat_tensor *loss = s->problem.loss(s->problem.model, &s->tape, first, count);
        if (training)
            dat_tape_backward(&s->tape, loss, (dat_real)count / (dat_real)s->batch);
    }
    dat_tape_end_batch(&s->tape);
    DAT_ASSERT(s->tape.status.code == DAT_CODE_OK);
    return s->tape.flops;
}

static bench_work repeat_step(void *state)
{
    step_state *s = state;
    if (s->problem.next_batch)
        s->problem.next_batch(s->problem.model);
    dat_params_zero_grads(&s->problem.params);
    double flops = run_slices(s, true);
    dat_optimizer_step(&s->optimizer, &s->problem.params);
    s->step++;
    return (bench_work){.flops = flops};
}

static bench_work repeat_evaluation(void *state)
{
    return (bench_work){.flops = run_slices(state, false)};
}

static void release(void *state)
{
    step_state *s = state;
    dat_optimizer_free(&s->optimizer);
    if (s->problem.free_model)
        s->problem.free_model(s->problem.model);
    dat_params_free(&s->problem.params);
    dat_tape_free(&s->tape);
    free(s);
}

const bench_kind bench_step = {prepare, repeat_step, release};
const bench_kind bench_evaluation = {prepare, repeat_evaluation, release};

int32_t *bench_random_labels(int64_t count, int64_t bound, uint64_t seed)
{
    int32_t *labels = dat_allocate((size_t)count, sizeof *labels);
    dat_rng rng = dat_rng_seed(seed);
    for (int64_t i = 0; i < count; i++)
        labels[i] = (int32_t)dat_rng_below(&rng, (uint64_t)bound);
    return labels;
}
