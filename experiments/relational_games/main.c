/* Relational games: how many images does a model need to learn a relation? (Section 4.1 and Figure 2 of the
 * paper.) */
#include <inttypes.h>
#include <stdlib.h>

#include "config.h"
#include "images.h"
#include "model.h"
#include "ops/ops.h"
#include "train/describe.h"
#include "train/experiment.h"
#include "util/memory.h"

/* Stream of the seed that the parameters start from, and the most memory that one micro-batch may use. */
enum { STREAM_PARAMETERS = 3 };
static const int64_t MEMORY_LIMIT = (int64_t)4 << 30;

static dat_status check(const void *values)
{
    const games_config *config = values;
    games_model model = {0};
    dat_params params = {0};
    dat_status status = games_model_init(&model, &params, &config->model);
    games_model_free(&model);
    dat_params_free(&params);
    return status.code == DAT_CODE_OK ? games_images_check(config) : status;
}

static dat_train_config train_config(const games_config *config)
{
    const games_train_config *t = &config->train;
    return (dat_train_config){
        .epochs = t->epochs,
        .batch_size = t->batch_size,
        .micro_batch = t->micro_batch,
        .evaluate_every = t->evaluate_every,
        .checkpoint_every = t->checkpoint_seconds,
        .optimizer = {.adam = {t->learning_rate, t->beta1, t->beta2, 1e-8}},
        .seed = (uint64_t)config->seed,
        .memory_limit = MEMORY_LIMIT,
    };
}

static dat_prediction forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    return (dat_prediction){games_model_forward(tape, model, dat_batch_images(tape, batch)),
                            batch->examples.labels};
}

static dat_status run(const void *values, dat_run *record, const dat_run_control *control)
{
    const games_config *config = values;
    games_images images = {0};
    games_model model = {0};
    dat_params params = {0};
    dat_status status = games_images_open(&images, config);
    if (status.code == DAT_CODE_OK)
        status = games_model_init(&model, &params, &config->model);
    if (status.code != DAT_CODE_OK)
        goto done;
    dat_rng root = dat_rng_seed((uint64_t)config->seed);
    dat_rng start = dat_rng_fork(&root, STREAM_PARAMETERS);
    dat_params_allocate(&params, &start);
    dat_run_set_model(record, &params);

    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = forward,
        .train = dat_subset_as_dataset(&images.train),
        .splits = images.splits,
        .n_splits = images.n_splits,
    };
    dat_train_config train = train_config(config);
    status = dat_train(&train, &problem, record, control);
done:
    games_model_free(&model);
    dat_params_free(&params);
    games_images_free(&images);
    return status;
}

/* FLOPs of one training step on blank images. */
static dat_status step_flops(const games_config *config, const games_model *model, dat_params *params,
                             double *flops)
{
    int64_t batch = config->train.batch_size;
    int64_t shape[] = {batch, DAT_GAMES_CHANNELS, DAT_GAMES_IMAGE, DAT_GAMES_IMAGE};
    dat_tape tape;
    DAT_TRY(dat_tape_init(&tape, (size_t)MEMORY_LIMIT));
    dat_real *pixels = dat_allocate((size_t)(batch * shape[1] * shape[2] * shape[3]), sizeof(dat_real));
    int32_t *labels = dat_allocate((size_t)batch, sizeof labels[0]);
    dat_params_allocate(params, &(dat_rng){.key = 1});
    dat_tape_begin(&tape, 0);
    dat_cross_entropy_args args = {.targets = labels, .ignore_index = -1};
    dat_tensor *logits = games_model_forward(&tape, model, dat_tape_input(&tape, "images", pixels, 4, shape));
    dat_tape_backward(&tape, dat_cross_entropy(&tape, logits, &args), 1);
    *flops = tape.flops;
    dat_status status = tape.status;
    free(pixels);
    free(labels);
    dat_tape_free(&tape);
    return status;
}

static dat_status describe(const void *values, FILE *stream)
{
    const games_config *config = values;
    games_model model = {0};
    dat_params params = {0};
    double flops = 0;
    dat_status status = games_model_init(&model, &params, &config->model);
    if (status.code == DAT_CODE_OK)
        status = step_flops(config, &model, &params, &flops);
    if (status.code == DAT_CODE_OK) {
        dat_describe_params(&params, stream);
        fprintf(stream, "training step: %.3f GFLOP at batch %" PRId64 "\n", flops * 1e-9,
                config->train.batch_size);
    }
    games_model_free(&model);
    dat_params_free(&params);
    return status;
}

static const dat_experiment relational_games = {
    .name = "relational_games",
    .summary = "learn relations between objects from few images (Figure 2 of the paper)",
    .schema = &games_schema,
    .check = check,
    .run = run,
    .describe = describe,
};

int main(int argc, char **argv)
{
    return dat_experiment_main(&relational_games, argc, argv);
}
