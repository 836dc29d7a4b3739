/* Relational games: how many images does a model need to learn a relation? (Section 4.1 and Figure 2 of the
 * paper.) */
#include "config.h"
#include "images.h"
#include "model.h"
#include "train/describe.h"
#include "train/experiment.h"

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

static dat_prediction forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    return dat_batch_prediction(batch, games_model_forward(tape, model, dat_batch_images(tape, batch)));
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
    dat_train_start_params(&params, config->seed);
    dat_run_set_model(record, &params);

    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = forward,
        .train = dat_subset_as_dataset(&images.train),
        .splits = images.splits,
        .n_splits = images.n_splits,
    };
    dat_train_config train = dat_train_options_config(&config->train, config->seed);
    status = dat_train(&train, &problem, record, control);
done:
    games_model_free(&model);
    dat_params_free(&params);
    games_images_free(&images);
    return status;
}

static dat_status describe(const void *values, FILE *stream)
{
    const games_config *config = values;
    games_model model = {0};
    dat_params params = {0};
    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = forward,
        .train = {.input_shape = {DAT_GAMES_CHANNELS, DAT_GAMES_IMAGE, DAT_GAMES_IMAGE}, .n_labels = 1},
    };
    dat_status status = games_model_init(&model, &params, &config->model);
    if (status.code == DAT_CODE_OK) {
        dat_train_config train = dat_train_options_config(&config->train, config->seed);
        status = dat_describe_problem(&train, &problem, stream);
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
