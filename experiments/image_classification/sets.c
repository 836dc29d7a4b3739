#include "sets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/cifar.h"
#include "data/image_folder.h"
#include "util/memory.h"

/* Streams of the seed beside those of the trainer. */
enum { STREAM_SAMPLE = 1, STREAM_AUGMENTATION = 2 };

static const dat_cifar_kind cifar_kinds[] = {
    [IMAGE_CIFAR10] = DAT_CIFAR10,
    [IMAGE_CIFAR100_FINE] = DAT_CIFAR100,
    [IMAGE_CIFAR100_COARSE] = DAT_CIFAR100_COARSE,
};

int image_sets_side(const image_data_config *config)
{
    return config->dataset == IMAGE_FOLDER ? (int)config->image_size : DAT_CIFAR_SIDE;
}

int image_sets_n_classes(const image_data_config *config)
{
    static const int n_classes[] = {
        [IMAGE_CIFAR10] = 10, [IMAGE_CIFAR100_FINE] = 100, [IMAGE_CIFAR100_COARSE] = 20, [IMAGE_FOLDER] = 0};
    return n_classes[config->dataset];
}

static dat_status check_folder(const image_data_config *config)
{
    struct stat info;
    if (stat(config->folder, &info) == 0 && S_ISDIR(info.st_mode))
        return DAT_OK;
    if (config->dataset == IMAGE_FOLDER)
        return dat_usage(
            "data.folder: there is no folder \"%s\", expected one with train/CLASS and test/CLASS",
            config->folder);
    return dat_usage(
        "data.folder: there is no folder \"%s\"; datasets/fetch.sh %s downloads it into datasets/"
        "downloads, and names are relative to where you are",
        config->folder, config->dataset == IMAGE_CIFAR10 ? "cifar10" : "cifar100");
}

static dat_status read_part(const image_data_config *config, dat_cifar_part part, dat_images *images)
{
    *images = (dat_images){0};
    DAT_TRY(check_folder(config));
    if (config->dataset != IMAGE_FOLDER)
        return dat_cifar_read_folder(cifar_kinds[config->dataset], part, config->folder, images);
    char path[DAT_TEXT_SIZE + 8];
    snprintf(path, sizeof path, "%s/%s", config->folder, part == DAT_CIFAR_TRAIN ? "train" : "test");
    dat_image_folder_config folder = {.height = (int)config->image_size,
                                      .width = (int)config->image_size,
                                      .normalisation = dat_imagenet_normalisation};
    return dat_image_folder_read(path, &folder, images);
}

dat_status image_sets_read_test(const image_data_config *config, dat_images *test)
{
    return read_part(config, DAT_CIFAR_TEST, test);
}

/* Folders could hold different classes, whose numbers would then mean different things, or only one. */
static dat_status check_classes(const image_sets *sets, const image_data_config *config)
{
    const dat_images *train = &sets->train, *test = &sets->test;
    if (train->n_classes < 2)
        return dat_usage("data.folder: %s/train holds only one folder, %s, expected one for each class",
                         config->folder, train->class_names[0]);
    bool same = train->n_classes == test->n_classes;
    for (int i = 0; same && train->class_names && test->class_names && i < train->n_classes; i++)
        same = strcmp(train->class_names[i], test->class_names[i]) == 0;
    return same ? DAT_OK
                : dat_usage(
                      "data.folder: the classes of %s/train and %s/test differ; give both the same folders",
                      config->folder, config->folder);
}

static int compare_indices(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Leaves data.train_size random training images: the partners of CutMix and MixUp come from these, too. */
static dat_status draw_sample(dat_images *train, int64_t wanted, dat_rng rng)
{
    if (train->size < wanted)
        return dat_usage("data.train_size is %" PRId64 ", but there are %" PRId64
                         " training images; lower it or name another data.folder",
                         wanted, train->size);
    int64_t *order = dat_allocate((size_t)train->size, sizeof order[0]);
    dat_rng_permutation(&rng, train->size, order);
    qsort(order, (size_t)wanted, sizeof order[0], compare_indices);
    dat_images_keep(train, order, wanted);
    free(order);
    return DAT_OK;
}

dat_status image_sets_open(image_sets *sets, const image_config *config)
{
    const image_data_config *data = &config->data;
    dat_rng root = dat_rng_seed((uint64_t)config->seed);
    *sets = (image_sets){0};
    DAT_TRY(read_part(data, DAT_CIFAR_TRAIN, &sets->train));
    DAT_TRY(read_part(data, DAT_CIFAR_TEST, &sets->test));
    DAT_TRY(check_classes(sets, data));
    DAT_TRY(draw_sample(&sets->train, data->train_size, dat_rng_fork(&root, STREAM_SAMPLE)));
    sets->augmenter = (dat_augmenter){
        .images = &sets->train,
        .augmentation = {.crop_padding = (int)data->crop_padding,
                         .flip = data->flip,
                         .autoaugment = (dat_autoaugment)data->autoaugment,
                         .crop_paste = data->crop_paste,
                         .cutmix = data->cutmix,
                         .mixup = data->mixup},
        .seed = dat_rng_fork(&root, STREAM_AUGMENTATION).key,
    };
    return DAT_OK;
}

void image_sets_free(image_sets *sets)
{
    dat_images_free(&sets->train);
    dat_images_free(&sets->test);
    *sets = (image_sets){0};
}
