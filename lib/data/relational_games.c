/* Sets of relational games images: drawn from a seed when they are read, or loaded from a published file. */
#include "data/relational_games.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/npz.h"
#include "util/memory.h"

enum { IMAGE_BYTES = DAT_GAMES_IMAGE * DAT_GAMES_IMAGE * DAT_GAMES_CHANNELS, MAX_TASK_ID = 2 };

struct dat_games_dataset {
    int64_t size;
    /* Generated: */
    dat_games_task task;
    dat_games_objects objects;
    dat_games_priors priors;
    dat_rng rng;
    /* Loaded; images is NULL when generated: */
    uint8_t *images; /* [size, 36, 36, 3] */
    uint8_t *labels; /* [size] */
    uint8_t *tasks;  /* [size] */
};

dat_games_dataset *dat_games_generate(dat_games_task task, dat_games_objects objects,
                                      const dat_games_priors *priors, uint64_t seed, int64_t size)
{
    dat_games_dataset *dataset = dat_allocate(1, sizeof *dataset);
    *dataset = (dat_games_dataset){
        .size = size, .task = task, .objects = objects, .priors = *priors, .rng = dat_rng_seed(seed)};
    return dataset;
}

/* Checks that `images` is (n, 36, 36, 3) with at least one image and sets n. */
static dat_status images_count(const dat_npz *npz, int64_t *n)
{
    dat_npz_shape s;
    DAT_TRY(dat_npz_find(npz, "images", &s));
    if (s.rank != 4 || s.size[0] < 1 || s.size[1] != DAT_GAMES_IMAGE || s.size[2] != DAT_GAMES_IMAGE ||
        s.size[3] != DAT_GAMES_CHANNELS) {
        char text[DAT_NPZ_SHAPE_TEXT];
        return dat_failure("%s: images has shape %s, expected (n, %d, %d, %d) with n >= 1", dat_npz_path(npz),
                           dat_npz_shape_text(&s, text), DAT_GAMES_IMAGE, DAT_GAMES_IMAGE,
                           DAT_GAMES_CHANNELS);
    }
    *n = s.size[0];
    return DAT_OK;
}

/* Reads one small number for each image from a member of shape (n, 1) or (n). */
static dat_status read_column(const dat_npz *npz, const char *member, int64_t n, uint8_t maximum,
                              uint8_t *values)
{
    dat_npz_shape s;
    DAT_TRY(dat_npz_find(npz, member, &s));
    if (s.size[0] != n || !(s.rank == 1 || (s.rank == 2 && s.size[1] == 1))) {
        char text[DAT_NPZ_SHAPE_TEXT];
        return dat_failure("%s: %s has shape %s, expected (%" PRId64 ", 1) as there are %" PRId64 " images",
                           dat_npz_path(npz), member, dat_npz_shape_text(&s, text), n, n);
    }
    return dat_npz_read_bytes(npz, member, maximum, values);
}

static dat_status read_members(const dat_npz *npz, dat_games_dataset *dataset)
{
    /* The small members first: a file with wrong labels is refused before its images are unpacked. */
    DAT_TRY(images_count(npz, &dataset->size));
    size_t n = (size_t)dataset->size;
    dataset->labels = dat_allocate(n, 1);
    DAT_TRY(read_column(npz, "labels", dataset->size, 1, dataset->labels));
    dataset->tasks = dat_allocate(n, 1);
    if (dat_npz_has(npz, "tasks"))
        DAT_TRY(read_column(npz, "tasks", dataset->size, MAX_TASK_ID, dataset->tasks));
    dataset->images = dat_allocate(n, IMAGE_BYTES);
    return dat_npz_read_bytes(npz, "images", 255, dataset->images);
}

dat_status dat_games_read_npz(const char *path, dat_games_dataset **dataset)
{
    *dataset = NULL;
    dat_npz *npz;
    DAT_TRY(dat_npz_open(path, &npz));
    dat_games_dataset *read = dat_allocate(1, sizeof *read);
    dat_status status = read_members(npz, read);
    dat_npz_close(npz);
    if (status.code != DAT_CODE_OK)
        dat_games_free(read);
    else
        *dataset = read;
    return status;
}

dat_status dat_games_find_npz(const char *folder, dat_games_task task, dat_games_objects objects, char *path,
                              size_t path_size)
{
    static const char *const prefixes[] = {"", "1task_", "mini_"};
    const char *task_name = dat_games_task_names[task], *objects_name = dat_games_object_names[objects];
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct stat info;
        int length =
            snprintf(path, path_size, "%s/%s%s_%s.npz", folder, prefixes[i], task_name, objects_name);
        if (length < 0 || (size_t)length >= path_size)
            return dat_failure("%.200s...: the folder's name is too long", folder);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return DAT_OK;
    }
    return dat_failure("%s: found none of %s_%s.npz, 1task_%s_%s.npz and mini_%s_%s.npz there", folder,
                       task_name, objects_name, task_name, objects_name, task_name, objects_name);
}

void dat_games_free(dat_games_dataset *dataset)
{
    if (!dataset)
        return;
    free(dataset->images);
    free(dataset->labels);
    free(dataset->tasks);
    free(dataset);
}

int64_t dat_games_size(const dat_games_dataset *dataset)
{
    return dataset->size;
}

void dat_games_image(const dat_games_dataset *dataset, int64_t i, uint8_t *pixels, int *label, int *task_id)
{
    DAT_ASSERT(i >= 0 && i < dataset->size);
    if (dataset->images) {
        memcpy(pixels, dataset->images + i * IMAGE_BYTES, IMAGE_BYTES);
        *label = dataset->labels[i];
        *task_id = dataset->tasks[i];
        return;
    }
    dat_games_scene scene;
    dat_rng rng = dat_rng_fork(&dataset->rng, (uint64_t)i);
    dat_games_scene_draw(dataset->task, dataset->objects, &dataset->priors, &rng, &scene);
    dat_games_scene_paint(&scene, pixels);
    *label = scene.label;
    *task_id = scene.task_id;
}

static void read_examples(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                          dat_examples out)
{
    (void)epoch;
    enum { PLANE = DAT_GAMES_IMAGE * DAT_GAMES_IMAGE };
    uint8_t pixels[IMAGE_BYTES];
    for (int64_t i = 0; i < n; i++) {
        int label, task_id;
        dat_games_image(dataset->state, indices[i], pixels, &label, &task_id);
        out.labels[i] = label;
        for (int channel = 0; channel < DAT_GAMES_CHANNELS; channel++)
            for (int place = 0; place < PLANE; place++)
                *out.inputs++ = (dat_real)pixels[place * DAT_GAMES_CHANNELS + channel] / 255;
    }
}

dat_dataset dat_games_as_dataset(const dat_games_dataset *dataset)
{
    return (dat_dataset){.size = dataset->size,
                         .input_shape = {DAT_GAMES_CHANNELS, DAT_GAMES_IMAGE, DAT_GAMES_IMAGE},
                         .n_labels = 1,
                         .n_classes = 2,
                         .state = dataset,
                         .read = read_examples};
}
