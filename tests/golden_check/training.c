#include "golden_check/training.h"

#include <inttypes.h>
#include <stdlib.h>

#include "golden_check/module.h"
#include "util/memory.h"

/* Of losses and gradient norms at every step: float rounding, amplified by 25 updates, stays below this. */
static const double EACH_STEP = 1e-4;

/* Of learning rates, which are computed in double. */
static const double EACH_RATE = 1e-12;

static dat_schedule read_schedule(golden_arguments *arguments)
{
    golden_arguments options;
    golden_nested(arguments, "schedule", &options);
    dat_schedule schedule = {.kind = (dat_schedule_kind)golden_choice(&options, "type", dat_schedule_names,
                                                                      DAT_SCHEDULE_CONSTANT)};
    if (schedule.kind != DAT_SCHEDULE_CONSTANT)
        schedule.min_rate = golden_number(&options, "min_lr", 0);
    if (schedule.kind == DAT_SCHEDULE_WARMUP_COSINE_ITER) {
        schedule.warmup = golden_integer(&options, "warmup_iters", 0);
        schedule.length = golden_integer(&options, "lr_decay_iters", 0);
    } else if (schedule.kind == DAT_SCHEDULE_WARMUP_COSINE_EPOCH) {
        schedule.warmup = golden_integer(&options, "warmup_epochs", 0);
        schedule.length = golden_integer(&options, "max_epochs", 0);
        schedule.steps_per_epoch = golden_integer(&options, "steps_per_epoch", 0);
    }
    golden_arguments_close(&options);
    return schedule;
}

static dat_optimizer_config read_optimizer(golden_arguments *arguments)
{
    static const char *const names[] = {"Adam", "AdamW", NULL};
    double betas[2] = {0};
    bool decoupled = golden_choice(arguments, "optimizer", names, 0) == 1;
    if (golden_flag(arguments, "decoupled", decoupled) != decoupled)
        golden_wrong(arguments->verdict, "weight decay of AdamW, and of no other optimizer, is decoupled");
    golden_numbers(arguments, "betas", 2, betas);
    return (dat_optimizer_config){
        .adam = {.learning_rate = golden_number(arguments, "lr", 0),
                 .beta1 = betas[0],
                 .beta2 = betas[1],
                 .eps = golden_number(arguments, "eps", 1e-8)},
        .schedule = read_schedule(arguments),
        .weight_decay = golden_number(arguments, "weight_decay", 0),
        .decoupled = decoupled,
        .max_grad_norm = golden_number(arguments, "grad_clip", 0),
    };
}

void golden_train_read(golden_train *train, golden_arguments *arguments)
{
    *train = (golden_train){
        .steps = golden_integer(arguments, "steps", 0),
        .n_batches = golden_integer(arguments, "n_batches", 1),
        .grad_accum = golden_integer(arguments, "grad_accum", 1),
        .optimizer = read_optimizer(arguments),
    };
    if (train->steps < 1 || train->n_batches < 1 || train->grad_accum < 1)
        golden_wrong(arguments->verdict, "steps, n_batches and grad_accum of train must be positive");
}

/* One forward pass on `batch`, and backward at `scale` unless it is 0. Returns the loss. */
static double run_batch(golden_run *run, const golden_instance *instance, int64_t batch, double scale)
{
    dat_tape_begin(&run->tape, 0);
    run->tape.recording = scale != 0;
    run->n_inputs = run->n_outputs = 0;
    run->batch = batch;
    dat_tensor *loss = instance->module->forward(run, instance->state);
    if (!loss || dat_count(loss) != 1) {
        golden_accept(&run->verdict, run->tape.status);
        golden_wrong(&run->verdict, "training needs a loss");
        return NAN;
    }
    if (scale != 0)
        dat_tape_backward(&run->tape, loss, (dat_real)scale);
    return (double)loss->data[0];
}

/* What the trajectory records, each as long as the file's array. */
typedef struct trajectory {
    double *losses, *micro_losses, *grad_norms, *lrs, *final_losses;
} trajectory;

static void train(golden_run *run, const golden_instance *instance, trajectory *t)
{
    const golden_train *config = &instance->train;
    dat_optimizer optimizer;
    golden_accept(&run->verdict, dat_optimizer_init(&optimizer, &run->params, &config->optimizer));
    int64_t micro_step = 0;
    for (int64_t step = 0; step < config->steps && run->verdict.outcome == GOLDEN_FINE; step++) {
        dat_params_zero_grads(&run->params);
        for (int64_t m = 0; m < config->grad_accum; m++, micro_step++) {
            double loss =
                run_batch(run, instance, micro_step % config->n_batches, 1.0 / (double)config->grad_accum);
            t->micro_losses[micro_step] = loss;
            t->losses[step] += loss / (double)config->grad_accum;
        }
        dat_optimizer_report report = dat_optimizer_step(&optimizer, &run->params);
        t->grad_norms[step] = report.grad_norm;
        t->lrs[step] = report.learning_rate;
    }
    for (int64_t batch = 0; batch < config->n_batches && run->verdict.outcome == GOLDEN_FINE; batch++)
        t->final_losses[batch] = run_batch(run, instance, batch, 0);
    dat_optimizer_free(&optimizer);
}

static void compare(golden_run *run, const char *name, const double *ours, int64_t count, double tolerance)
{
    const golden_array *theirs = golden_find(&run->file->outputs, name);
    if (!theirs || theirs->count != count)
        golden_wrong(&run->verdict, "outputs/%s should have %" PRId64 " values", name, count);
    else
        golden_compare_each(&run->report, "outputs", name, count, ours, theirs->values, tolerance);
}

static void compare_final_params(golden_run *run)
{
    for (int64_t i = 0; i < run->file->params.count; i++) {
        const char *name = run->file->params.items[i].name;
        const golden_array *theirs = golden_find(&run->file->final_params, name);
        const dat_param *ours = dat_params_find(&run->params, name);
        if (!theirs || !ours || theirs->count != dat_count(&ours->tensor))
            golden_wrong(&run->verdict, "params_final/%s is missing or of another size", name);
        else
            golden_compare(&run->report, "params_final", name, theirs->count, ours->tensor.data,
                           theirs->values, 0, run->tolerance);
    }
}

/* The leading axis of every input is that of the batches. */
static bool inputs_have_batches(golden_run *run, int64_t n_batches)
{
    for (int64_t i = 0; i < run->file->inputs.count; i++) {
        const golden_array *input = &run->file->inputs.items[i];
        if (input->rank < 1 || input->shape[0] != n_batches)
            golden_wrong(&run->verdict, "inputs/%s does not have %" PRId64 " batches", input->name,
                         n_batches);
    }
    return run->verdict.outcome == GOLDEN_FINE;
}

void golden_check_training(golden_run *run, const golden_instance *instance)
{
    const golden_train *config = &instance->train;
    if (!inputs_have_batches(run, config->n_batches))
        return;
    int64_t steps = config->steps, micro_steps = steps * config->grad_accum;
    double *values = dat_allocate((size_t)(3 * steps + micro_steps + config->n_batches), sizeof values[0]);
    trajectory t = {.losses = values,
                    .grad_norms = values + steps,
                    .lrs = values + 2 * steps,
                    .micro_losses = values + 3 * steps,
                    .final_losses = values + 3 * steps + micro_steps};
    train(run, instance, &t);
    if (run->verdict.outcome == GOLDEN_FINE) {
        compare(run, "lrs", t.lrs, steps, EACH_RATE);
        compare(run, "losses", t.losses, steps, EACH_STEP);
        compare(run, "micro_losses", t.micro_losses, micro_steps, EACH_STEP);
        compare(run, "grad_norms", t.grad_norms, steps, EACH_STEP);
        compare(run, "final_losses", t.final_losses, config->n_batches, EACH_STEP);
        compare_final_params(run);
    }
    free(values);
}
