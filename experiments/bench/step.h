/* Training steps and evaluations of whole models on a batch of made-up examples, sliced as the trainer does.
 */
#ifndef BENCH_STEP_H
#define BENCH_STEP_H

#include "bench.h"
#include "core/params.h"
#include "core/tape.h"
#include "optim/optimizer.h"

/* A model and its batch; made by a family of models. */
typedef struct bench_problem {
    dat_params params;
    void *model; /* the family's own; freed by it */
    /* Mean loss of `count` examples from `first` on. */
    dat_tensor *(*loss)(const void *model, dat_tape *tape, int64_t first, int64_t count);
    /* Of examples of several lengths, else both NULL: the loss of `count` examples of full length, and how
     * many examples from `first` on go into a slice that has room for `micro_batch` of those. */
    dat_tensor *(*full_loss)(const void *model, dat_tape *tape, int64_t count);
    int64_t (*slice_count)(const void *model, int64_t first, int64_t micro_batch);
    void (*next_batch)(void *model); /* changes the batch before a step; NULL: it stays the same */
    void (*free_model)(void *model); /* NULL allowed */
} bench_problem;

typedef struct bench_step_config {
    /* Registers the parameters and makes the batch. The problem is zeroed and is freed whatever the result.
     */
    dat_status (*build)(const void *model_config, int64_t batch, bench_problem *problem);
    const void *model_config;
    int64_t batch;
    dat_optimizer_config optimizer;
} bench_step_config;

/* Kinds of bench_step_config: one optimizer step (forward, backward, update); one pass without gradients. */
extern const bench_kind bench_step, bench_evaluation;

/* Random integers below `bound`; the caller frees them. */
int32_t *bench_random_labels(int64_t count, int64_t bound, uint64_t seed);

#endif
