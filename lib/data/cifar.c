#include "data/cifar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/memory.h"

enum {
    IMAGE_BYTES = DAT_IMAGE_CHANNELS * DAT_CIFAR_SIDE * DAT_CIFAR_SIDE,
    MAX_LABEL_BYTES = 2,
    MAX_FILES = 5,
    MAX_RECORDS = 1000000, /* of all files together; the official training sets have 50,000 */
    PATH_SIZE = 4096,
};

const char *const dat_cifar_kind_names[] = {"cifar10", "cifar100", "cifar100_coarse", NULL};

typedef struct layout {
    const char *name, *download;         /* download: what datasets/fetch.sh calls it */
    int n_label_bytes, label_byte;       /* label_byte: the one that is wanted */
    int label_counts[MAX_LABEL_BYTES];   /* classes of each label byte */
    const char *files[2][MAX_FILES + 1]; /* of each part, ending with NULL */
    const char *names_file;
    dat_normalisation normalisation;
} layout;

#define CIFAR100_STATISTICS                                                                                  \
    {                                                                                                        \
        {0.5071, 0.4867, 0.4408},                                                                            \
        {                                                                                                    \
            0.2675, 0.2565, 0.2761                                                                           \
        }                                                                                                    \
    }

static const layout layouts[DAT_CIFAR_N_KINDS] = {
    [DAT_CIFAR10] = {.name = "CIFAR-10",
                     .download = "cifar10",
                     .n_label_bytes = 1,
                     .label_counts = {10},
                     .files = {{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                "data_batch_4.bin", "data_batch_5.bin"},
                               {"test_batch.bin"}},
                     .names_file = "batches.meta.txt",
                     .normalisation = {{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}}},
    [DAT_CIFAR100] = {.name = "CIFAR-100",
                      .download = "cifar100",
                      .n_label_bytes = 2,
                      .label_byte = 1,
                      .label_counts = {20, 100},
                      .files = {{"train.bin"}, {"test.bin"}},
                      .names_file = "fine_label_names.txt",
                      .normalisation = CIFAR100_STATISTICS},
    [DAT_CIFAR100_COARSE] = {.name = "CIFAR-100",
                             .download = "cifar100",
                             .n_label_bytes = 2,
                             .label_counts = {20, 100},
                             .files = {{"train.bin"}, {"test.bin"}},
                             .names_file = "coarse_label_names.txt",
                             .normalisation = CIFAR100_STATISTICS},
};

/* Opens a file and checks that it is whole records. */
static dat_status open_records(const layout *l, const char *path, FILE **file, int64_t *n_records)
{
    int64_t record_bytes = l->n_label_bytes + IMAGE_BYTES;
    struct stat info;
    *file = fopen(path, "rb");
    if (!*file)
        return dat_failure("%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fileno(*file), &info) != 0 || !S_ISREG(info.st_mode))
        return dat_failure("%s: is not a file", path);
    *n_records = info.st_size / record_bytes;
    if (info.st_size == 0 || info.st_size % record_bytes != 0)
        return dat_failure("%s: %" PRId64 " bytes are %" PRId64 " whole records of %" PRId64
                           " bytes and %" PRId64 " left over in record %" PRId64
                           ", expected whole records of %s; the file is cut short or of another kind",
                           path, (int64_t)info.st_size, *n_records, record_bytes,
                           (int64_t)info.st_size % record_bytes, *n_records, l->name);
    return DAT_OK;
}

/* Appends the records of an open file to the set. */
static dat_status read_records(const layout *l, const char *path, FILE *file, int64_t n_records,
                               dat_images *images)
{
    int64_t size = images->size + n_records;
    if (size > MAX_RECORDS)
        return dat_failure("%s: there are %" PRId64 " images up to here, expected at most %d", path, size,
                           MAX_RECORDS);
    images->pixels = dat_reallocate(images->pixels, (size_t)size, IMAGE_BYTES);
    images->labels = dat_reallocate(images->labels, (size_t)size, sizeof images->labels[0]);
    for (int64_t record = 0; record < n_records; record++) {
        uint8_t labels[MAX_LABEL_BYTES];
        uint8_t *pixels = images->pixels + images->size * IMAGE_BYTES;
        if (fread(labels, (size_t)l->n_label_bytes, 1, file) != 1 || fread(pixels, IMAGE_BYTES, 1, file) != 1)
            return dat_failure("%s: record %" PRId64 " cannot be read", path, record);
        for (int i = 0; i < l->n_label_bytes; i++)
            if (labels[i] >= l->label_counts[i])
                return dat_failure("%s: label byte %d of record %" PRId64
                                   " is %d, expected 0..%d; the file is damaged or not of %s",
                                   path, i, record, labels[i], l->label_counts[i] - 1, l->name);
        images->labels[images->size++] = labels[l->label_byte];
    }
    return DAT_OK;
}

static dat_status append_file(const layout *l, const char *path, dat_images *images)
{
    FILE *file;
    int64_t n_records = 0;
    dat_status status = open_records(l, path, &file, &n_records);
    if (status.code == DAT_CODE_OK)
        status = read_records(l, path, file, n_records, images);
    if (file)
        fclose(file);
    return status;
}

dat_status dat_cifar_read(dat_cifar_kind kind, const char *const *paths, int n_paths, dat_images *images)
{
    const layout *l = &layouts[kind];
    *images = (dat_images){.height = DAT_CIFAR_SIDE,
                           .width = DAT_CIFAR_SIDE,
                           .n_classes = l->label_counts[l->label_byte],
                           .normalisation = l->normalisation};
    for (int i = 0; i < n_paths; i++) {
        dat_status status = append_file(l, paths[i], images);
        if (status.code != DAT_CODE_OK) {
            dat_images_free(images);
            return status;
        }
    }
    return DAT_OK;
}

/* Reads one class name a line; blank lines at the end are allowed, as the official files have them. */
static dat_status read_names(const char *path, FILE *file, dat_images *images)
{
    char line[128];
    images->class_names = dat_allocate((size_t)images->n_classes, sizeof images->class_names[0]);
    for (int i = 0; i < images->n_classes; i++) {
        bool read = fgets(line, sizeof line, file) != NULL;
        size_t length = read ? strcspn(line, "\r\n") : 0;
        if (length == 0)
            return dat_failure("%s: line %d is no class name, expected %d lines with one each", path, i + 1,
                               images->n_classes);
        line[length] = '\0';
        images->class_names[i] = dat_copy_string(line);
    }
    return DAT_OK;
}

static dat_status read_names_if_there(const layout *l, const char *folder, dat_images *images)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, l->names_file);
    FILE *file = fopen(path, "r");
    if (!file)
        return DAT_OK;
    dat_status status = read_names(path, file, images);
    fclose(file);
    return status;
}

dat_status dat_cifar_read_folder(dat_cifar_kind kind, dat_cifar_part part, const char *folder,
                                 dat_images *images)
{
    const layout *l = &layouts[kind];
    char paths[MAX_FILES][PATH_SIZE];
    const char *found[MAX_FILES];
    int n_found = 0;
    *images = (dat_images){0};
    for (const char *const *name = l->files[part]; *name; name++) {
        struct stat info;
        int length = snprintf(paths[n_found], PATH_SIZE, "%s/%s", folder, *name);
        if (length < 0 || length >= PATH_SIZE)
            return dat_failure("%.200s...: the folder's name is too long", folder);
        if (stat(paths[n_found], &info) == 0) {
            found[n_found] = paths[n_found];
            n_found++;
        }
    }
    if (n_found == 0)
        return dat_failure("%s: there is no %s of %s there; datasets/fetch.sh %s downloads it", folder,
                           l->files[part][0], l->name, l->download);
    DAT_TRY(dat_cifar_read(kind, found, n_found, images));
    dat_status status = read_names_if_there(l, folder, images);
    if (status.code != DAT_CODE_OK)
        dat_images_free(images);
    return status;
}
