/* Image classification: do relational heads help with natural images? (Section 4.3 and Tables 1, 3 and 4 of
 * the paper.) */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "model.h"
#include "sets.h"
#include "train/describe.h"
#include "train/experiment.h"
#include "train/train_options.h"

enum { TOP_K = 5 };

/* The most memory that one micro-batch may use. */
static const int64_t MEMORY_LIMIT = (int64_t)16 << 30;

static dat_status check(const void *values)
{
    const image_config *config = values;
    int n_classes = image_sets_n_classes(&config->data);
    dat_vision_model model;
    dat_params params = {0};
    dat_status status = image_model_init(&model, &params, &config->model, image_sets_side(&config->data),
                                         n_classes > 0 ? n_classes : 1); /* any number is as good */
    dat_vision_free(&model);
    dat_params_free(&params);
    return status;
}

static dat_train_config train_config(const image_config *config)
{
    const image_train_config *t = &config->train;
    return (dat_train_config){
        .epochs = t->epochs,
        .batch_size = t->batch_size,
        .micro_batch = t->micro_batch,
        .evaluate_every = t->evaluate_every,
        .checkpoint_every = t->checkpoint_seconds,
        .optimizer = {.adam = {t->learning_rate, t->beta1, t->beta2, 1e-8},
                      .schedule = {.kind = DAT_SCHEDULE_WARMUP_COSINE_EPOCH,
                                   .warmup = t->warmup_epochs,
                                   .length = t->epochs,
                                   .min_rate = t->min_learning_rate},
                      .weight_decay = t->weight_decay},
        .seed = (uint64_t)config->seed,
        .loader_threads = (int)t->loader_threads,
        .keep_parameters = t->keep_parameters,
        .memory_limit = MEMORY_LIMIT,
    };
}

static dat_prediction forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    return dat_batch_prediction(batch, dat_vision_forward(tape, model, dat_batch_images(tape, batch)));
}

/* One name a line, for the report. */
static void record_classes(dat_run *run, const dat_images *images)
{
    char *names = NULL;
    size_t size = 0;
    if (!images->class_names)
        return;
    FILE *stream = open_memstream(&names, &size);
    DAT_ASSERT(stream);
    for (int i = 0; i < images->n_classes; i++)
        fprintf(stream, "%s%s", i > 0 ? "\n" : "", images->class_names[i]);
    DAT_ASSERT(fclose(stream) == 0);
    dat_run_set_environment_text(run, "classes", names);
    free(names);
}

static dat_status train(const image_config *config, const image_sets *sets, const dat_vision_model *model,
                        dat_params *params, dat_run *record, const dat_run_control *control)
{
    dat_train_start_params(params, config->seed);
    dat_run_set_model(record, params);
    record_classes(record, &sets->train);
    const dat_split test = {
        .name = "test", .data = dat_images_as_dataset(&sets->test), .during_training = true};
    dat_problem problem = {
        .params = params,
        .model = model,
        .forward = forward,
        .train = dat_augmenter_as_dataset(&sets->augmenter),
        .splits = &test,
        .n_splits = 1,
        .top_k = TOP_K,
        .confusion = true,
    };
    dat_train_config train = train_config(config);
    return dat_train(&train, &problem, record, control);
}

static dat_status run(const void *values, dat_run *record, const dat_run_control *control)
{
    const image_config *config = values;
    image_sets sets;
    dat_vision_model model = {0};
    dat_params params = {0};
    dat_status status = image_sets_open(&sets, config);
    if (status.code == DAT_CODE_OK)
        status = image_model_init(&model, &params, &config->model, sets.train.width, sets.train.n_classes);
    if (status.code == DAT_CODE_OK)
        status = train(config, &sets, &model, &params, record, control);
    dat_vision_free(&model);
    dat_params_free(&params);
    image_sets_free(&sets);
    return status;
}

/* The number of classes, for which folders have to be read. */
static dat_status count_classes(const image_data_config *data, int *n_classes)
{
    dat_images test;
    *n_classes = image_sets_n_classes(data);
    if (*n_classes > 0)
        return DAT_OK;
    DAT_TRY(image_sets_read_test(data, &test));
    *n_classes = test.n_classes;
    dat_images_free(&test);
    return DAT_OK;
}

static dat_status describe(const void *values, FILE *stream)
{
    const image_config *config = values;
    int side = image_sets_side(&config->data), n_classes;
    dat_vision_model model;
    dat_params params = {0};
    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = forward,
        .train = {.input_shape = {DAT_IMAGE_CHANNELS, side, side}, .n_labels = 1},
    };
    dat_train_config train = train_config(config);
    DAT_TRY(count_classes(&config->data, &n_classes));
    dat_status status = image_model_init(&model, &params, &config->model, side, n_classes);
    if (status.code == DAT_CODE_OK)
        status = dat_describe_problem(&train, &problem, stream);
    dat_vision_free(&model);
    dat_params_free(&params);
    return status;
}

static const dat_experiment image_classification = {
    .name = "image_classification",
    .summary = "classify CIFAR images (Tables 1, 3 and 4 of the paper)",
    .schema = &image_schema,
    .check = check,
    .run = run,
    .describe = describe,
};

int main(int argc, char **argv)
{
    return dat_experiment_main(&image_classification, argc, argv);
}
