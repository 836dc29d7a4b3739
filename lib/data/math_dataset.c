/* Sets of mathematics problems, generated or of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/math_file.h"
#include "io/file_replace.h"
#include "util/memory.h"

struct dat_math_dataset {
    int64_t size;
    /* Generated: */
    dat_math_module module;
    dat_math_level levels[DAT_MATH_N_LEVELS];
    int n_levels;
    uint64_t seed;
    /* Of files; n_files is 0 when generated: */
    dat_math_file *files;
    int n_files;
};

dat_math_dataset *dat_math_generate(dat_math_module module, const dat_math_level *levels, int n_levels,
                                    uint64_t seed, int64_t size)
{
    DAT_ASSERT(n_levels >= 1 && n_levels <= DAT_MATH_N_LEVELS);
    dat_math_dataset *dataset = dat_allocate(1, sizeof *dataset);
    *dataset = (dat_math_dataset){.size = size, .module = module, .n_levels = n_levels, .seed = seed};
    memcpy(dataset->levels, levels, (size_t)n_levels * sizeof *levels);
    return dataset;
}

dat_status dat_math_read(const char *const *paths, int n_paths, dat_math_dataset **dataset)
{
    dat_math_dataset *read = dat_allocate(1, sizeof *read);
    read->files = dat_allocate((size_t)n_paths, sizeof *read->files);
    dat_status status = DAT_OK;
    for (; read->n_files < n_paths && status.code == DAT_CODE_OK; read->n_files++) {
        status = dat_math_file_open(paths[read->n_files], &read->files[read->n_files]);
        read->size += read->files[read->n_files].n;
    }
    if (status.code != DAT_CODE_OK) {
        dat_math_free(read);
        read = NULL;
    }
    *dataset = read;
    return status;
}

dat_status dat_math_path(const char *folder, dat_math_module module, dat_math_level level, char *path,
                         size_t path_size)
{
    int length = snprintf(path, path_size, "%s/%s%s/%s.txt", folder,
                          level < DAT_MATH_N_TRAINING_LEVELS ? "train-" : "", dat_math_level_names[level],
                          dat_math_module_names[module]);
    if (length < 0 || (size_t)length >= path_size)
        return dat_failure("%.200s...: the folder's name is too long", folder);
    return DAT_OK;
}

dat_status dat_math_write(const dat_math_dataset *dataset, const char *path)
{
    size_t size = 0, capacity = 0;
    char *text = NULL;
    for (int64_t i = 0; i < dataset->size; i++) {
        dat_math_pair pair;
        dat_math_pair_at(dataset, i, &pair);
        if (capacity < size + sizeof pair) {
            capacity = 2 * capacity + sizeof pair;
            text = dat_reallocate(text, capacity, 1);
        }
        size += (size_t)sprintf(text + size, "%s\n%s\n", pair.question, pair.answer);
    }
    dat_status status = dat_file_replace(path, &(dat_file_part){text, size}, 1);
    free(text);
    return status;
}

void dat_math_free(dat_math_dataset *dataset)
{
    if (!dataset)
        return;
    for (int i = 0; i < dataset->n_files; i++)
        dat_math_file_close(&dataset->files[i]);
    free(dataset->files);
    free(dataset);
}

int64_t dat_math_size(const dat_math_dataset *dataset)
{
    return dataset->size;
}

void dat_math_pair_at(const dat_math_dataset *dataset, int64_t i, dat_math_pair *pair)
{
    DAT_ASSERT(i >= 0 && i < dataset->size);
    if (dataset->n_files == 0) {
        dat_math_example(dataset->module, dataset->levels[i % dataset->n_levels], dataset->seed,
                         (uint64_t)(i / dataset->n_levels), pair);
        return;
    }
    const dat_math_file *file = dataset->files;
    for (; i >= file->n; file++)
        i -= file->n;
    dat_math_file_pair(file, i, pair);
}
