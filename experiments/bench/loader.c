/* Real images: how fast batches of the shipped sample are augmented, and training steps that are fed with
 * them. */
#include <stdlib.h>

#include "data/augment.h"
#include "data/cifar.h"
#include "images.h"
#include "step.h"
#include "train/batch_loader.h"
#include "util/memory.h"

static const char sample_folder[] = "datasets/cifar10-sample";

/* The augmentation of Table 1, and that of Table 4. */
static const dat_augmentation cutmix = {.crop_padding = 4, .flip = true, .cutmix = 1};
static const dat_augmentation autoaugment = {
    .crop_padding = 4, .flip = true, .autoaugment = DAT_AUTOAUGMENT_REFERENCE};

/* Augmented batches of the sample, one epoch after the other; must stay where it is. */
typedef struct batches {
    dat_images images;
    dat_augmenter augmenter;
    dat_dataset data;
    dat_batch_loader *loader;
    const dat_batch *batch; /* the loader's, the last that was taken */
} batches;

static void take_batch(batches *b)
{
    dat_status status = dat_batch_loader_next(b->loader, &b->batch);
    DAT_ASSERT(status.code == DAT_CODE_OK && b->batch);
}

static dat_status open_batches(batches *b, const dat_augmentation *augmentation, int n_workers)
{
    DAT_TRY(dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TRAIN, sample_folder, &b->images));
    b->augmenter = (dat_augmenter){.images = &b->images, .augmentation = *augmentation};
    b->data = dat_augmenter_as_dataset(&b->augmenter);
    dat_batch_loader_config config = {
        .data = &b->data, .batch_size = BENCH_IMAGES_BATCH, .end = INT64_MAX, .n_workers = n_workers};
    return dat_batch_loader_open(&config, &b->loader);
}

static void close_batches(batches *b)
{
    dat_batch_loader_close(b->loader);
    dat_images_free(&b->images);
}

/* --- the loader alone --- */

static dat_status prepare_loading(const void *config, void **state)
{
    batches *b = *state = dat_allocate(1, sizeof *b);
    return open_batches(b, config, 0);
}

static bench_work load_batch(void *state)
{
    take_batch(state);
    return (bench_work){0};
}

static void release_loading(void *state)
{
    close_batches(state);
    free(state);
}

static const bench_kind loading = {prepare_loading, load_batch, release_loading};

/* --- a step on what it loads --- */

typedef struct fed_model {
    batches batches;
    dat_vision_model model;
} fed_model;

static dat_prediction forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    return dat_batch_prediction(batch, dat_vision_forward(tape, model, dat_batch_images(tape, batch)));
}

static dat_tensor *loss(const void *model, dat_tape *tape, int64_t first, int64_t count)
{
    const fed_model *fed = model;
    dat_tally tally = {0};
    dat_batch slice = dat_batch_slice(fed->batches.batch, first, count);
    return dat_batch_loss(tape, forward, &fed->model, &slice, &tally);
}

/* The sample's epochs end with a smaller batch, which is passed over: all steps do the same work. */
static void next_batch(void *model)
{
    batches *b = &((fed_model *)model)->batches;
    do
        take_batch(b);
    while (b->batch->count < BENCH_IMAGES_BATCH);
}

static void free_model(void *model)
{
    fed_model *fed = model;
    dat_vision_free(&fed->model);
    close_batches(&fed->batches);
    free(fed);
}

static dat_status build(const void *model_config, int64_t batch, bench_problem *problem)
{
    (void)batch; /* the loader's */
    fed_model *fed = dat_allocate(1, sizeof *fed);
    problem->model = fed;
    problem->loss = loss;
    problem->next_batch = next_batch;
    problem->free_model = free_model;
    DAT_TRY(open_batches(&fed->batches, &autoaugment, 1));
    next_batch(fed);
    return dat_vision_init(&fed->model, &problem->params, model_config);
}

static const bench_step_config fed_vidat = {
    .build = build,
    .batch = BENCH_IMAGES_BATCH,
    .optimizer = {.adam = DAT_ADAM_DEFAULTS},
    .model_config = BENCH_IMAGES_MODEL(6, 6),
};

const bench_case bench_loader_cases[] = {
    {"load/image_classification/cifar10_cutmix", &loading, &cutmix},
    {"load/image_classification/cifar10_autoaugment", &loading, &autoaugment},
    {"step/image_classification/vidat_loading", &bench_step, &fed_vidat},
    {0},
};
