/* Some examples of a dataset, as a dataset. */
#ifndef DAT_DATA_SUBSET_H
#define DAT_DATA_SUBSET_H

#include "data/dataset.h"

typedef struct dat_subset {
    dat_dataset base;       /* borrowed */
    const int64_t *indices; /* into the base; borrowed */
    int64_t size;
} dat_subset;

/* Example i of the result is example indices[i] of `base`. The subset must outlive the result. */
dat_dataset dat_subset_as_dataset(const dat_subset *subset);

#endif
