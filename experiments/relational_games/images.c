#include "images.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "util/memory.h"

/* Streams of the seed beside those of the trainer. */
enum { STREAM_PENTOS = 1, STREAM_SAMPLE = 2 };

/* Of the generated test sets that all runs share. */
static const uint64_t OOD_SEED = 2405;

static dat_games_priors priors_of(const games_data_config *data)
{
    dat_games_priors priors = dat_games_default_priors((dat_games_task)data->task);
    if (data->near >= 0)
        priors.near = data->near;
    if (data->repeat >= 0)
        priors.repeat = data->repeat;
    return priors;
}

static dat_status open_npz(const char *folder, const games_data_config *data, dat_games_objects objects,
                           dat_games_dataset **set)
{
    char path[1024];
    DAT_TRY(dat_games_find_npz(folder, (dat_games_task)data->task, objects, path, sizeof path));
    return dat_games_read_npz(path, set);
}

static dat_split *add_split(games_images *images, const char *name, dat_dataset data)
{
    DAT_ASSERT(images->n_splits < GAMES_MAX_SPLITS);
    images->splits[images->n_splits] = (dat_split){.name = name, .data = data};
    return &images->splits[images->n_splits++];
}

static dat_subset part_of(const games_images *images, int64_t start, int64_t size)
{
    return (dat_subset){dat_games_as_dataset(images->pentos), images->order + start, size};
}

/* Training, validation and test images: disjoint parts of a random order of the pentos images. */
static dat_status open_pentos(games_images *images, const games_config *config)
{
    const games_data_config *data = &config->data;
    int64_t wanted = data->train_size + data->validation_size + data->test_size;
    dat_rng root = dat_rng_seed((uint64_t)config->seed);
    dat_games_priors priors = priors_of(data);
    if (data->folder[0])
        DAT_TRY(open_npz(data->folder, data, DAT_GAMES_PENTOS, &images->pentos));
    else
        images->pentos = dat_games_generate((dat_games_task)data->task, DAT_GAMES_PENTOS, &priors,
                                            dat_rng_fork(&root, STREAM_PENTOS).key, wanted);
    int64_t size = dat_games_size(images->pentos);
    if (size < wanted)
        return dat_usage("data.train_size + validation_size + test_size = %" PRId64
                         " but the pentos file in %s has %" PRId64 " images",
                         wanted, data->folder, size);
    images->order = dat_allocate((size_t)size, sizeof images->order[0]);
    dat_rng sample = dat_rng_fork(&root, STREAM_SAMPLE);
    dat_rng_permutation(&sample, size, images->order);
    images->train = part_of(images, 0, data->train_size);
    images->validation = part_of(images, data->train_size, data->validation_size);
    images->test = part_of(images, data->train_size + data->validation_size, data->test_size);
    if (data->validation_size > 0)
        add_split(images, "validation", dat_subset_as_dataset(&images->validation))->during_training = true;
    add_split(images, "in_distribution", dat_subset_as_dataset(&images->test));
    return DAT_OK;
}

static dat_status open_other_objects(games_images *images, const games_data_config *data)
{
    static const char *const names[] = {"hexos", "stripes"};
    static const dat_games_objects objects[] = {DAT_GAMES_HEXOS, DAT_GAMES_STRIPES};
    dat_games_priors priors = priors_of(data);
    for (int i = 0; i < 2; i++) {
        dat_games_dataset **set = &images->others[images->n_others];
        if (data->folder[0])
            DAT_TRY(open_npz(data->folder, data, objects[i], set));
        else if (data->ood_size > 0)
            *set = dat_games_generate((dat_games_task)data->task, objects[i], &priors, OOD_SEED + (uint64_t)i,
                                      data->ood_size);
        else
            continue;
        images->n_others++;
        add_split(images, names[i], dat_games_as_dataset(*set));
    }
    return DAT_OK;
}

/* Published files exist for some tasks only; a task without them is not tested on them. */
static dat_status open_published(games_images *images, const games_data_config *data)
{
    static const char *const names[] = {"hexos_real", "stripes_real"};
    static const dat_games_objects objects[] = {DAT_GAMES_HEXOS, DAT_GAMES_STRIPES};
    if (!data->published[0] || data->folder[0])
        return DAT_OK;
    for (int i = 0; i < 2; i++) {
        char path[1024];
        dat_status found =
            dat_games_find_npz(data->published, (dat_games_task)data->task, objects[i], path, sizeof path);
        if (found.code != DAT_CODE_OK)
            continue;
        dat_games_dataset **set = &images->others[images->n_others];
        DAT_TRY(dat_games_read_npz(path, set));
        images->n_others++;
        add_split(images, names[i], dat_games_as_dataset(*set));
    }
    return DAT_OK;
}

dat_status games_images_check(const games_config *config)
{
    const games_data_config *data = &config->data;
    char path[1024];
    struct stat info;
    for (int objects = 0; data->folder[0] && objects < DAT_GAMES_N_OBJECT_SETS; objects++)
        DAT_TRY(dat_games_find_npz(data->folder, (dat_games_task)data->task, (dat_games_objects)objects, path,
                                   sizeof path));
    if (data->published[0] && !data->folder[0] &&
        (stat(data->published, &info) != 0 || !S_ISDIR(info.st_mode)))
        return dat_usage(
            "data.published: there is no folder %s; run from the project's folder, or set it to \"\"",
            data->published);
    return DAT_OK;
}

dat_status games_images_open(games_images *images, const games_config *config)
{
    *images = (games_images){0};
    DAT_TRY(open_pentos(images, config));
    DAT_TRY(open_other_objects(images, &config->data));
    return open_published(images, &config->data);
}

void games_images_free(games_images *images)
{
    if (images->pentos)
        dat_games_free(images->pentos);
    for (int i = 0; i < images->n_others; i++)
        dat_games_free(images->others[i]);
    free(images->order);
    *images = (games_images){0};
}
