#include "train/batches.h"

#include <stdlib.h>

#include "ops/ops.h"
#include "util/memory.h"
#include "util/parallel.h"

void dat_batch_init(dat_batch *batch, const dat_dataset *data, int64_t capacity)
{
    const int64_t *shape = data->input_shape;
    *batch = (dat_batch){.capacity = capacity, .input_shape = {capacity, shape[0], shape[1], shape[2]}};
    batch->inputs = dat_allocate((size_t)(capacity * shape[0] * shape[1] * shape[2]), sizeof(dat_real));
    batch->labels = dat_allocate((size_t)capacity, sizeof batch->labels[0]);
}

void dat_batch_free(dat_batch *batch)
{
    free(batch->inputs);
    free(batch->labels);
    *batch = (dat_batch){0};
}

typedef struct read_work {
    dat_batch *batch;
    const dat_dataset *data;
    const int64_t *indices;
} read_work;

static void read_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const read_work *work = context;
    const int64_t *shape = work->data->input_shape;
    int64_t values = shape[0] * shape[1] * shape[2];
    work->data->read(work->data, work->indices + start, end - start, work->batch->inputs + start * values,
                     work->batch->labels + start);
}

void dat_batch_read(dat_batch *batch, const dat_dataset *data, const int64_t *indices, int64_t count)
{
    DAT_ASSERT(count <= batch->capacity);
    read_work work = {batch, data, indices};
    batch->count = count;
    dat_parallel(dat_pieces_of(count, 1), read_piece, &work);
}

static int64_t count_correct(const dat_tensor *logits, const int32_t *labels)
{
    int64_t classes = dat_width(logits), correct = 0;
    for (int64_t r = 0; r < dat_rows(logits); r++) {
        const dat_real *row = logits->data + r * classes;
        int64_t best = 0;
        for (int64_t k = 1; k < classes; k++)
            best = row[k] > row[best] ? k : best;
        correct += best == labels[r];
    }
    return correct;
}

dat_tensor *dat_batch_loss(dat_tape *tape, const dat_problem *problem, const dat_batch *batch,
                           int64_t *correct)
{
    int64_t shape[4] = {batch->count, batch->input_shape[1], batch->input_shape[2], batch->input_shape[3]};
    dat_tensor *inputs = dat_tape_input(tape, "inputs", batch->inputs, 4, shape);
    dat_tensor *logits = problem->forward(tape, problem->model, inputs);
    dat_cross_entropy_args args = {.targets = batch->labels, .ignore_index = -1};
    dat_tensor *loss = dat_cross_entropy(tape, logits, &args);
    if (loss)
        *correct += count_correct(logits, batch->labels);
    return loss;
}
