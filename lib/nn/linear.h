/* Linear layer and normalisation: parameters and their names. */
#ifndef DAT_NN_LINEAR_H
#define DAT_NN_LINEAR_H

#include "core/params.h"
#include "ops/ops.h"

/* nn.Linear: weight (out, in) and bias (out) or NULL, both starting uniform within 1/sqrt(in). */
typedef struct dat_linear_layer {
    dat_tensor *weight, *bias;
} dat_linear_layer;

/* Registers "<scope>.weight" and, if asked, "<scope>.bias". */
void dat_linear_init(dat_linear_layer *layer, dat_params *params, const char *scope, int64_t in, int64_t out,
                     bool bias);

/* A layer that shares another's parameters under the names of `scope`. */
void dat_linear_tie(dat_linear_layer *layer, dat_params *params, const char *scope,
                    const dat_linear_layer *original);

/* (..., in) -> (..., out). */
dat_tensor *dat_linear_forward(dat_tape *tape, const dat_linear_layer *layer, dat_tensor *x);

/* Projects inputs[i] by layers[i] for every i < count: out[i] are the columns of the result. Neighbours with
 * the same input become one product. A layer of NULL is the projection before it once more (tied weights of
 * one input). */
void dat_project(dat_tape *tape, int count, dat_tensor *const *inputs, const dat_linear_layer *const *layers,
                 dat_columns *out);

typedef enum dat_norm_type { DAT_LAYER_NORM, DAT_RMS_NORM, DAT_NO_NORM } dat_norm_type;

/* "layernorm", "rmsnorm", "none", as in the reference; ends with NULL. */
extern const char *const dat_norm_names[];

typedef struct dat_norm {
    dat_norm_type type;
    dat_tensor *gain, *shift; /* (d); NULL where the type has none */
} dat_norm;

/* Registers "<scope>.weight" (ones) and "<scope>.bias" (zeros) as the type needs. */
void dat_norm_init(dat_norm *norm, dat_params *params, const char *scope, dat_norm_type type, int64_t d);

dat_tensor *dat_norm_forward(dat_tape *tape, const dat_norm *norm, dat_tensor *x);

/* The end of a residual branch and the norm that reads it: *sum = x + dropout(branch), returns norm(*sum). */
dat_tensor *dat_norm_after_branch(dat_tape *tape, const dat_norm *norm, dat_tensor *x, dat_tensor *branch,
                                  double rate, dat_tensor **sum);

#endif
