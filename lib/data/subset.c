#include "data/subset.h"

static void read_subset(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                        dat_examples out)
{
    const dat_subset *subset = dataset->state;
    for (int64_t i = 0; i < n; i++) {
        int64_t index = subset->indices[indices[i]];
        subset->base.read(&subset->base, epoch, &index, 1, dat_examples_from(dataset, out, i));
    }
}

dat_dataset dat_subset_as_dataset(const dat_subset *subset)
{
    dat_dataset dataset = subset->base;
    dataset.size = subset->size;
    dataset.state = subset;
    dataset.read = read_subset;
    return dataset;
}
