#include "data/subset.h"

static void read_subset(const dat_dataset *dataset, const int64_t *indices, int64_t n, dat_real *inputs,
                        int32_t *labels)
{
    const dat_subset *subset = dataset->state;
    const int64_t *shape = dataset->input_shape;
    int64_t values = shape[0] * shape[1] * shape[2];
    for (int64_t i = 0; i < n; i++) {
        int64_t index = subset->indices[indices[i]];
        subset->base.read(&subset->base, &index, 1, inputs + i * values, labels + i);
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
