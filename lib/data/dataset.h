/* Datasets: examples that are made or decoded on demand, by index. An example is numbers (an image), tokens
 * (one or two sequences) or both, and its labels. */
#ifndef DAT_DATA_DATASET_H
#define DAT_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/real.h"

/* The label of a position that does not count, such as padding. */
enum { DAT_NO_LABEL = -1 };

/* Where n examples are written, one after the other; NULL for what the dataset does not have. */
typedef struct dat_examples {
    dat_real *inputs; /* (n, input_shape); images are scaled to [0, 1] or as the maker says */
    int32_t *tokens;  /* (n, n_tokens) */
    int32_t *labels;  /* (n, n_labels) */
    /* Of mixed datasets: a label counts with its weight, the second one with the rest. */
    int32_t *second_labels; /* (n, n_labels) */
    dat_real *weights;      /* (n, n_labels) in [0, 1] */
} dat_examples;

typedef struct dat_dataset dat_dataset;

struct dat_dataset {
    int64_t size;           /* number of examples */
    int64_t input_shape[3]; /* images: (channel, row, column); zeros without numbers */
    int64_t n_tokens;       /* of an example; 0 without tokens */
    int64_t n_labels;       /* of an example: 1, or one for every position of a sequence */
    int64_t n_classes;
    bool mixed;        /* labels come with second labels and weights */
    const void *state; /* the maker's, borrowed */
    /* How many tokens of an example that was read are not padding: 0 to n_tokens, by the example alone.
     * Batches are then ordered and sliced by length, see train/batches.h. NULL: all examples are equally
     * long. */
    int64_t (*length)(dat_examples example);
    /* Writes examples indices[0..n-1]. Pure: the same epoch and index give the same example, in any order and
     * from any thread. The epoch counts how often a training run has gone through the examples, for datasets
     * that vary them; evaluation reads epoch 0. */
    void (*read)(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                 dat_examples out);
};

/* Numbers of one example. */
static inline int64_t dat_input_count(const dat_dataset *dataset)
{
    return dataset->input_shape[0] * dataset->input_shape[1] * dataset->input_shape[2];
}

/* Where example number `first` of `examples` is. */
static inline dat_examples dat_examples_from(const dat_dataset *dataset, dat_examples examples, int64_t first)
{
    return (dat_examples){
        .inputs = examples.inputs ? examples.inputs + first * dat_input_count(dataset) : NULL,
        .tokens = examples.tokens ? examples.tokens + first * dataset->n_tokens : NULL,
        .labels = examples.labels ? examples.labels + first * dataset->n_labels : NULL,
        .second_labels = examples.second_labels ? examples.second_labels + first * dataset->n_labels : NULL,
        .weights = examples.weights ? examples.weights + first * dataset->n_labels : NULL,
    };
}

#endif
