/* Parameters of a model: registered first by name, then allocated once, as one block of values and one of
 * gradients. Optimizers, clipping and checkpoints are loops over flat arrays. Names are the reference's
 * state_dict keys and weights are (out, in), so published weights load by name. */
#ifndef DAT_CORE_PARAMS_H
#define DAT_CORE_PARAMS_H

#include "core/rng.h"
#include "core/tensor.h"
#include "util/status.h"

/* How a parameter starts. */
typedef enum dat_init_kind {
    DAT_INIT_ZEROS,
    DAT_INIT_ONES,
    DAT_INIT_UNIFORM, /* in [-scale, scale) */
    DAT_INIT_NORMAL,  /* mean 0, standard deviation scale */
} dat_init_kind;

typedef struct dat_init {
    dat_init_kind kind;
    double scale;
} dat_init;

/* PyTorch's default for a linear layer and its bias: uniform within 1/sqrt(fan_in). */
dat_init dat_init_fan_in(int64_t fan_in);

typedef struct dat_param {
    dat_tensor tensor; /* data and grad point into the blocks after dat_params_allocate */
    char *name;        /* "encoder_blocks.0.norm1.weight" */
    dat_init init;
    bool trainable;  /* false: frozen; no gradient, left alone by optimizers */
    int64_t tied_to; /* index of the parameter whose storage this one shares, or -1 */
    int64_t offset;  /* of the first value in the blocks; a multiple of 16 */
} dat_param;

typedef struct dat_params {
    dat_param **items; /* stable addresses: modules keep pointers to the tensors */
    int64_t count, capacity;
    int64_t size; /* values in each block, padding included; 0 before allocation */
    dat_real *values, *grads;
} dat_params;

/* Registers "<scope>.<name>" (just `name` when scope is ""). The tensor stays valid until dat_params_free;
 * its data and grad appear with dat_params_allocate. Names must be unique, registration must precede
 * allocation. */
dat_tensor *dat_params_add(dat_params *params, const char *scope, const char *name, int rank,
                           const int64_t *shape, dat_init init);

/* Registers a second name for `original`'s storage: one tensor, counted and updated once. */
dat_tensor *dat_params_tie(dat_params *params, const char *scope, const char *name,
                           const dat_tensor *original);

/* Makes a registered parameter a second name for `original`'s storage after all; both have the same shape.
 * Only before allocation. */
void dat_params_share(dat_params *params, dat_tensor *tensor, const dat_tensor *original);

/* Excludes a registered parameter from training. */
void dat_params_freeze(dat_params *params, dat_tensor *tensor);

/* Changes how a registered parameter starts; only before allocation. */
void dat_params_set_init(dat_params *params, const dat_tensor *tensor, dat_init init);

/* Allocates all values and gradients and initialises the values; parameter i draws from stream i of `rng`, so
 * adding one at the end does not change the others. */
void dat_params_allocate(dat_params *params, const dat_rng *rng);

/* Allocates all values, which start at zero, and no gradients: for models whose values come from elsewhere
 * and that are only evaluated. Backward passes by them. */
void dat_params_allocate_values(dat_params *params);

void dat_params_zero_grads(dat_params *params);

/* The parameter called `name`, or NULL. */
dat_param *dat_params_find(const dat_params *params, const char *name);

/* Number of distinct values (tied storage once, padding never); trainable ones only if asked. */
int64_t dat_params_count(const dat_params *params, bool trainable_only);

/* Euclidean norm of the gradients of all trainable parameters, summed in double. */
double dat_params_grad_norm(const dat_params *params);

/* Releases everything; harmless on a zeroed store. */
void dat_params_free(dat_params *params);

/* "scope.name" in `text`, or just `name` for an empty scope. Asserts that it fits. Returns `text`. */
enum { DAT_SCOPE_SIZE = 160 };
const char *dat_scope(char text[DAT_SCOPE_SIZE], const char *scope, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
