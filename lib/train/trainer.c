#include "train/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "train/batch_loader.h"
#include "train/micro_batch.h"
#include "util/hash.h"
#include "util/memory.h"

/* Streams of a run's seed. The model's parameters use one more, chosen by the experiment. */
enum { STREAM_ORDER = 101, STREAM_DROPOUT = 102 };

/* What a checkpoint stores beside parameters and moments. */
typedef struct position {
    int64_t step;   /* optimizer steps done */
    double seconds; /* spent so far, over all sessions of the run */
} position;

typedef struct trainer {
    const dat_train_config *config;
    const dat_problem *problem;
    dat_run *run;
    const dat_run_control *control;
    dat_tape tape;
    dat_optimizer optimizer;
    dat_batch_loader *loader;
    int64_t micro_batch;
    int64_t steps_per_epoch, total_steps;
    position at;
    double session_start, last_save;
    dat_real *best; /* the parameters with the least loss; NULL unless kept */
    bool has_best;
    dat_train_progress progress;
} trainer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_so_far(const trainer *t)
{
    return t->at.seconds + now() - t->session_start;
}

static bool stopped(const trainer *t)
{
    return t->control->stop && *t->control->stop;
}

static dat_rng stream_of(const trainer *t, uint64_t stream)
{
    dat_rng root = dat_rng_seed(t->config->seed);
    return dat_rng_fork(&root, stream);
}

/* --- checkpoints --- */

static dat_status save(trainer *t)
{
    dat_params *params = t->problem->params;
    const dat_adam *adam = &t->optimizer.adam;
    position here = {t->at.step, seconds_so_far(t)};
    if (t->run->state == DAT_RUN_RUNNING || t->config->keep_parameters)
        dat_run_set_blob(t->run, "parameters", params->values, (size_t)params->size * sizeof(dat_real));
    if (t->run->state == DAT_RUN_RUNNING) {
        dat_run_set_blob(t->run, "adam.moments", adam->moments, 2 * (size_t)adam->size * sizeof(dat_real));
        dat_run_set_blob(t->run, "position", &here, sizeof here);
    }
    if (t->has_best)
        dat_run_set_blob(t->run, DAT_BEST_PARAMETERS, t->best, (size_t)params->size * sizeof(dat_real));
    dat_status status = dat_run_save(t->run, t->control->path);
    dat_run_clear_blobs(t->run);
    t->last_save = now();
    return status;
}

static dat_status restore_blob(const trainer *t, const char *name, void *into, size_t size)
{
    const dat_run_blob *blob = dat_run_find_blob(t->run, name);
    if (!blob || blob->size != size)
        return dat_failure(
            "%s: checkpoint \"%s\" is missing or has the wrong size; delete the file and run again",
            t->control->path, name);
    memcpy(into, blob->bytes, size);
    return DAT_OK;
}

/* Continues from the run's checkpoint, if it was loaded with one. */
static dat_status restore(trainer *t)
{
    dat_params *params = t->problem->params;
    dat_adam *adam = &t->optimizer.adam;
    if (t->run->n_blobs == 0)
        return DAT_OK;
    DAT_TRY(restore_blob(t, "parameters", params->values, (size_t)params->size * sizeof(dat_real)));
    DAT_TRY(restore_blob(t, "adam.moments", adam->moments, 2 * (size_t)adam->size * sizeof(dat_real)));
    DAT_TRY(restore_blob(t, "position", &t->at, sizeof t->at));
    if (t->at.step < 0 || t->at.step > t->total_steps)
        return dat_failure("%s: checkpoint is at step %" PRId64 " of %" PRId64
                           "; delete the file and run again",
                           t->control->path, t->at.step, t->total_steps);
    t->has_best = t->best && dat_run_find_blob(t->run, DAT_BEST_PARAMETERS);
    if (t->has_best)
        DAT_TRY(restore_blob(t, DAT_BEST_PARAMETERS, t->best, (size_t)params->size * sizeof(dat_real)));
    adam->step = t->at.step;
    dat_run_clear_blobs(t->run);
    return DAT_OK;
}

/* --- one step --- */

static void report(trainer *t, const char *phase)
{
    if (!t->control->report)
        return;
    t->progress.phase = phase;
    t->progress.step = t->at.step;
    t->progress.total_steps = t->total_steps;
    t->progress.epoch = t->at.step / t->steps_per_epoch;
    t->progress.epochs = t->config->epochs;
    t->control->report(t->control->sink, &t->progress);
}

/* What a step did. */
typedef struct step_result {
    double loss, accuracy, flops;
    double waited;  /* seconds for its batch */
    int64_t labels; /* that counted */
    dat_optimizer_report optimizer;
} step_result;

/* Gradients and loss of a batch, slice by slice: every slice's mean counts by its share of the batch's
 * labels. */
static dat_status accumulate_batch(trainer *t, const dat_batch *batch, step_result *result)
{
    const dat_problem *problem = t->problem;
    dat_rng dropout = stream_of(t, STREAM_DROPOUT);
    dat_rng step_stream = dat_rng_fork(&dropout, (uint64_t)t->at.step);
    int64_t counted = dat_batch_counted(batch);
    dat_tally tally = {0};
    dat_params_zero_grads(problem->params);
    dat_tape_begin_batch(&t->tape);
    dat_batch slice;
    for (int64_t start = 0; start < batch->count; start += slice.count) {
        slice = dat_batch_slice(batch, start, t->micro_batch);
        double share = counted ? (double)dat_batch_counted(&slice) / (double)counted : 0;
        dat_tape_begin_slice(&t->tape, dat_rng_fork(&step_stream, (uint64_t)start).key);
        dat_tensor *loss = dat_batch_loss(&t->tape, problem->forward, problem->model, &slice, &tally);
        dat_tape_backward(&t->tape, loss, (dat_real)share);
        if (t->tape.status.code != DAT_CODE_OK)
            return t->tape.status;
        result->loss += share * (double)loss->data[0];
    }
    dat_tape_end_batch(&t->tape);
    result->flops = t->tape.flops;
    result->labels = counted;
    result->accuracy = counted ? (double)tally.ranks[0] / (double)counted : 0;
    return t->tape.status;
}

static double last_value(const dat_run *run, const char *name)
{
    const dat_series *series = dat_run_find_series(run, name);
    return series && series->count > 0 ? series->values[series->count - 1] : 0;
}

static const char waited_series[] = "train/seconds_waited"; /* since the start */

static void log_step(trainer *t, const step_result *result)
{
    static const char tokens[] = "train/tokens"; /* predicted since the start */
    const struct {
        const char *name;
        double value;
    } columns[] = {
        {"train/step", (double)t->at.step},
        {"train/epoch", (double)t->at.step / (double)t->steps_per_epoch},
        {"train/loss", result->loss},
        {"train/accuracy", result->accuracy},
        {"train/lr", result->optimizer.learning_rate},
        {"train/grad_norm", result->optimizer.grad_norm},
        {"train/seconds", seconds_so_far(t)},
        {waited_series, last_value(t->run, waited_series) + result->waited},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        dat_run_append(t->run, columns[i].name, columns[i].value, t->total_steps);
    if (t->problem->train.n_tokens > 0)
        dat_run_append(t->run, tokens, last_value(t->run, tokens) + (double)result->labels, t->total_steps);
}

static dat_status step(trainer *t)
{
    double start = now();
    step_result result = {0};
    const dat_batch *batch;
    DAT_TRY(dat_batch_loader_next(t->loader, &batch));
    result.waited = now() - start;
    DAT_TRY(accumulate_batch(t, batch, &result));
    if (!isfinite(result.loss))
        return dat_failure("%s: the loss is %g at step %" PRId64 "; lower train.learning_rate (%g)",
                           t->run->run_id, result.loss, t->at.step, t->config->optimizer.adam.learning_rate);
    result.optimizer = dat_optimizer_step(&t->optimizer, t->problem->params);
    t->at.step++;
    if (result.flops > t->run->flops_per_step)
        t->run->flops_per_step = result.flops;
    log_step(t, &result);
    t->progress.loss = result.loss;
    t->progress.accuracy = result.accuracy;
    t->progress.samples_per_second = (double)batch->count / (now() - start);
    return DAT_OK;
}

/* --- evaluation --- */

/* A resumed run may find that the split was evaluated at this very step before it stopped. */
static bool evaluated_here(const trainer *t, const dat_split *split)
{
    char name[DAT_RUN_NAME_SIZE];
    snprintf(name, sizeof name, "eval/%s/step", split->name);
    const dat_series *steps = dat_run_find_series(t->run, name);
    return steps && steps->count > 0 && (int64_t)steps->values[steps->count - 1] == t->at.step;
}

/* Keeps the parameters if the split's last loss is less than all before. */
static void keep_if_best(trainer *t, const dat_split *split)
{
    char name[DAT_RUN_NAME_SIZE];
    snprintf(name, sizeof name, "eval/%s/loss", split->name);
    const dat_series *losses = dat_run_find_series(t->run, name);
    double last = losses->values[losses->count - 1];
    for (int64_t i = 0; i + 1 < losses->count; i++)
        if (!(last < losses->values[i]))
            return;
    memcpy(t->best, t->problem->params->values, (size_t)t->problem->params->size * sizeof t->best[0]);
    t->has_best = true;
}

static const dat_split *first_split_in_training(const dat_problem *problem)
{
    for (int i = 0; i < problem->n_splits; i++)
        if (problem->splits[i].during_training)
            return &problem->splits[i];
    return NULL;
}

/* Whether a dataset has a label for every token: exp(loss) is then the perplexity of a language model. */
static bool is_language(const dat_dataset *data)
{
    return data->n_tokens > 0 && data->n_labels == data->n_tokens;
}

/* Appends to a series of a split; the last value is in the summary as well. */
static void log_evaluation(trainer *t, const dat_split *split, const char *what, double value, bool final)
{
    char name[DAT_RUN_NAME_SIZE];
    snprintf(name, sizeof name, "eval/%s/%s", split->name, what);
    dat_run_append(t->run, name, value, t->config->epochs + 1);
    if (!final)
        return;
    snprintf(name, sizeof name, "%s/%s", what, split->name);
    dat_run_set_summary(t->run, name, value);
}

static void log_confusion(trainer *t, const dat_split *split, const int64_t *confusion)
{
    char name[DAT_RUN_NAME_SIZE];
    int64_t cells = split->data.n_classes * split->data.n_classes;
    snprintf(name, sizeof name, "confusion/%s", split->name);
    for (int64_t i = 0; i < cells; i++)
        dat_run_append(t->run, name, (double)confusion[i], cells);
}

static void log_split(trainer *t, const dat_split *split, const dat_evaluation *result, bool final)
{
    char name[DAT_RUN_NAME_SIZE];
    snprintf(name, sizeof name, "eval/%s/step", split->name);
    dat_run_append(t->run, name, (double)t->at.step, t->config->epochs + 1);
    log_evaluation(t, split, "loss", result->loss, final);
    log_evaluation(t, split, "accuracy", result->accuracy, final);
    if (is_language(&split->data))
        log_evaluation(t, split, "perplexity", exp(result->loss), final);
    for (int k = 2; k <= t->problem->top_k; k++) {
        snprintf(name, sizeof name, "top%d_accuracy", k);
        log_evaluation(t, split, name, result->top_accuracy[k - 1], final);
    }
}

static dat_status evaluate_split(trainer *t, const dat_split *split, bool final)
{
    char phase[DAT_RUN_NAME_SIZE];
    dat_evaluation result;
    int64_t classes = split->data.n_classes, *confusion = NULL;
    if (evaluated_here(t, split))
        return DAT_OK;
    snprintf(phase, sizeof phase, "evaluate %s", split->name);
    report(t, phase);
    if (final && t->problem->confusion)
        confusion = dat_allocate((size_t)(classes * classes), sizeof *confusion);
    dat_status status = dat_evaluate(&t->tape, t->problem, &split->data, t->micro_batch, t->control->stop,
                                     confusion, &result);
    if (status.code == DAT_CODE_OK && !stopped(t)) {
        log_split(t, split, &result, final);
        if (confusion)
            log_confusion(t, split, confusion);
        if (t->best && split == first_split_in_training(t->problem))
            keep_if_best(t, split);
    }
    free(confusion);
    return status;
}

static dat_status evaluate_splits(trainer *t, bool final)
{
    for (int i = 0; i < t->problem->n_splits && !stopped(t); i++)
        if (final || t->problem->splits[i].during_training)
            DAT_TRY(evaluate_split(t, &t->problem->splits[i], final));
    return DAT_OK;
}

/* The experiment's own metrics. */
static dat_status conclude(trainer *t)
{
    const dat_problem *problem = t->problem;
    if (!problem->conclude)
        return DAT_OK;
    report(t, "conclude");
    t->tape.training = t->tape.recording = false;
    return problem->conclude(problem->conclude_state, &t->tape, t->run);
}

/* --- the run --- */

static dat_status open_loader(trainer *t)
{
    dat_batch_loader_config config = {.data = &t->problem->train,
                                      .order = stream_of(t, STREAM_ORDER),
                                      .batch_size = t->config->batch_size,
                                      .first = t->at.step,
                                      .end = t->total_steps,
                                      .n_workers = t->config->loader_threads};
    return dat_batch_loader_open(&config, &t->loader);
}

static bool evaluation_due(const trainer *t)
{
    int64_t every = t->config->evaluate_every * t->steps_per_epoch;
    return every > 0 && t->at.step > 0 && t->at.step % every == 0;
}

static dat_status train_steps(trainer *t)
{
    DAT_TRY(open_loader(t));
    while (t->at.step < t->total_steps && !stopped(t)) {
        if (evaluation_due(t))
            DAT_TRY(evaluate_splits(t, false));
        DAT_TRY(step(t));
        report(t, "train");
        if (now() - t->last_save >= t->config->checkpoint_every)
            DAT_TRY(save(t));
    }
    return DAT_OK;
}

static void summarise(trainer *t)
{
    const dat_params *params = t->problem->params;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = seconds_so_far(t);
    dat_run_set_summary(t->run, "seconds", seconds);
    dat_run_set_summary(t->run, DAT_WAITED_SHARE, last_value(t->run, waited_series) / seconds);
    double epochs = (double)t->total_steps / (double)t->steps_per_epoch;
    dat_run_set_summary(t->run, "samples_per_second", (double)t->problem->train.size * epochs / seconds);
    if (t->problem->train.n_tokens > 0)
        dat_run_set_summary(t->run, "tokens_per_second", last_value(t->run, "train/tokens") / seconds);
    dat_run_set_summary(t->run, "peak_rss_mib", (double)usage.ru_maxrss / 1024);
    dat_run_set_summary(t->run, "micro_batch", (double)t->micro_batch);
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64,
             dat_hash64(params->values, (size_t)params->size * sizeof(dat_real)));
    dat_run_set_environment_text(t->run, "parameters_xxh3", hash);
}

static dat_status run_all(trainer *t)
{
    DAT_TRY(restore(t));
    t->run->state = DAT_RUN_RUNNING;
    DAT_TRY(save(t));
    DAT_TRY(train_steps(t));
    if (!stopped(t))
        DAT_TRY(evaluate_splits(t, true));
    if (!stopped(t)) {
        DAT_TRY(conclude(t));
        t->run->state = DAT_RUN_COMPLETE;
        summarise(t);
    }
    return save(t);
}

static dat_status start_optimizer(trainer *t)
{
    dat_optimizer_config config = t->config->optimizer;
    config.schedule.steps_per_epoch = t->steps_per_epoch;
    if (config.schedule.length == 0)
        config.schedule.length = t->total_steps;
    return dat_optimizer_init(&t->optimizer, t->problem->params, &config);
}

dat_status dat_train(const dat_train_config *config, const dat_problem *problem, dat_run *run,
                     const dat_run_control *control)
{
    trainer t = {.config = config, .problem = problem, .run = run, .control = control};
    DAT_ASSERT(problem->top_k <= DAT_TALLY_RANKS);
    t.session_start = t.last_save = now();
    t.progress.loss = t.progress.accuracy = NAN;
    t.steps_per_epoch = (problem->train.size + config->batch_size - 1) / config->batch_size;
    t.total_steps = config->epochs * t.steps_per_epoch;
    if (config->max_steps > 0 && config->max_steps < t.total_steps)
        t.total_steps = config->max_steps;
    if (t.total_steps < 1)
        return dat_usage("training needs at least one example and one epoch");
    DAT_TRY(dat_tape_init(&t.tape, (size_t)config->memory_limit));
    if (config->keep_best)
        t.best = dat_allocate((size_t)problem->params->size, sizeof t.best[0]);
    dat_status status = start_optimizer(&t);
    if (status.code == DAT_CODE_OK)
        status = dat_problem_micro_batch(config, problem, &t.tape, &t.micro_batch);
    if (status.code == DAT_CODE_OK)
        status = run_all(&t);
    free(t.best);
    dat_batch_loader_close(t.loader);
    dat_optimizer_free(&t.optimizer);
    dat_tape_free(&t.tape);
    return status;
}
