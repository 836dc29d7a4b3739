/* A dataset of labelled examples that are made or decoded on demand, by index. */
#ifndef DAT_DATA_DATASET_H
#define DAT_DATA_DATASET_H

#include <stdint.h>

#include "core/real.h"

typedef struct dat_dataset dat_dataset;

struct dat_dataset {
    int64_t size;           /* number of examples */
    int64_t input_shape[3]; /* images: (channel, row, column) */
    int64_t n_classes;
    const void *state; /* the maker's, borrowed */
    /* Writes examples indices[0..n-1] as inputs (n, input_shape) scaled to [0, 1], and labels (n). Pure: the
     * same index gives the same example, in any order and from any thread. */
    void (*read)(const dat_dataset *dataset, const int64_t *indices, int64_t n, dat_real *inputs,
                 int32_t *labels);
};

#endif
