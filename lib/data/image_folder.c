#include "data/image_folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "data/image_resize.h"
#include "util/memory.h"

enum { PATH_SIZE = 4096, MAX_CLASSES = 100000, FIRST_ROOM = 1024 };

static const int64_t MAX_BYTES = (int64_t)1 << 34; /* of all images; they are kept in memory */

const dat_normalisation dat_imagenet_normalisation = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

/* A reading in progress. */
typedef struct reading {
    const dat_image_folder_config *config;
    dat_images *images;
    int64_t room; /* images that fit */
} reading;

/* --- names --- */

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_image_name(const struct dirent *entry)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *ending = strrchr(entry->d_name, '.');
    int known = 0;
    for (size_t i = 0; ending && i < sizeof endings / sizeof endings[0]; i++)
        known |= strcasecmp(ending, endings[i]) == 0;
    return known && is_visible(entry);
}

/* The names in a folder that `wanted` says yes to, sorted. Release with free_names. */
static dat_status list_names(const char *folder, int (*wanted)(const struct dirent *), struct dirent ***names,
                             int *n_names)
{
    *n_names = scandir(folder, names, wanted, compare_names);
    if (*n_names >= 0)
        return DAT_OK;
    *n_names = 0;
    *names = NULL;
    return dat_failure("%s: cannot be listed: %s", folder, strerror(errno));
}

static void free_names(struct dirent **names, int n_names)
{
    for (int i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
}

static dat_status join(const char *folder, const char *name, char path[PATH_SIZE])
{
    int length = snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return length >= 0 && length < PATH_SIZE
               ? DAT_OK
               : dat_failure("%.200s/%.200s: the name is too long", folder, name);
}

/* --- images --- */

/* Makes room for one image more. */
static dat_status grow(reading *r, const char *path)
{
    dat_images *images = r->images;
    int64_t image_bytes = dat_images_values(images);
    if (images->size < r->room)
        return DAT_OK;
    r->room = r->room ? 2 * r->room : FIRST_ROOM;
    if (r->room > MAX_BYTES / image_bytes)
        return dat_failure("%s: %" PRId64 " images of %d x %d pixels come before it and more do not fit into "
                           "%" PRId64 " bytes; use fewer or smaller ones",
                           path, images->size, images->width, images->height, MAX_BYTES);
    images->pixels = dat_reallocate(images->pixels, (size_t)r->room, (size_t)image_bytes);
    images->labels = dat_reallocate(images->labels, (size_t)r->room, sizeof images->labels[0]);
    return DAT_OK;
}

static void append(dat_images *images, const dat_picture *picture, int32_t label)
{
    images->labels[images->size++] = label;
    dat_image image = dat_images_at(images, images->size - 1);
    dat_image_resize(picture, &image);
}

static dat_status read_file(reading *r, const char *path, int32_t label)
{
    dat_picture picture;
    DAT_TRY(grow(r, path));
    dat_status status = dat_image_file_read(path, &picture);
    if (status.code == DAT_CODE_OK) {
        append(r->images, &picture, label);
        dat_picture_free(&picture);
    } else if (r->config->skip_damaged) {
        if (r->config->report)
            r->config->report(r->config->sink, status.message);
        status = DAT_OK;
    }
    return status;
}

static dat_status read_class(reading *r, const char *folder, int32_t label)
{
    struct dirent **names;
    int n_names;
    int64_t before = r->images->size;
    DAT_TRY(list_names(folder, is_image_name, &names, &n_names));
    dat_status status = DAT_OK;
    for (int i = 0; i < n_names && status.code == DAT_CODE_OK; i++) {
        char path[PATH_SIZE];
        status = join(folder, names[i]->d_name, path);
        if (status.code == DAT_CODE_OK)
            status = read_file(r, path, label);
    }
    free_names(names, n_names);
    if (status.code == DAT_CODE_OK && r->images->size == before)
        status = dat_failure("%s: holds no image that can be read, expected *.png, *.jpg or *.jpeg", folder);
    return status;
}

/* Reads the class folder `name`, unless it is a file. */
static dat_status read_class_named(reading *r, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat info;
    dat_images *images = r->images;
    DAT_TRY(join(folder, name, path));
    if (stat(path, &info) != 0)
        return dat_failure("%s: cannot be looked at: %s", path, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return DAT_OK;
    images->class_names[images->n_classes++] = dat_copy_string(name);
    return read_class(r, path, images->n_classes - 1);
}

static dat_status read_classes(reading *r, const char *folder, struct dirent **names, int n_names)
{
    if (n_names > MAX_CLASSES)
        return dat_failure("%s: holds %d names, expected class folders, at most %d", folder, n_names,
                           MAX_CLASSES);
    r->images->class_names = dat_allocate((size_t)n_names, sizeof r->images->class_names[0]);
    for (int i = 0; i < n_names; i++)
        DAT_TRY(read_class_named(r, folder, names[i]->d_name));
    if (r->images->n_classes == 0)
        return dat_failure("%s: holds no folder, expected one for each class with its images", folder);
    return DAT_OK;
}

dat_status dat_image_folder_read(const char *folder, const dat_image_folder_config *config,
                                 dat_images *images)
{
    struct dirent **names;
    int n_names;
    DAT_ASSERT(config->height > 0 && config->width > 0);
    *images = (dat_images){
        .height = config->height, .width = config->width, .normalisation = config->normalisation};
    reading r = {.config = config, .images = images};
    DAT_TRY(list_names(folder, is_visible, &names, &n_names));
    dat_status status = read_classes(&r, folder, names, n_names);
    free_names(names, n_names);
    if (status.code != DAT_CODE_OK)
        dat_images_free(images);
    return status;
}
