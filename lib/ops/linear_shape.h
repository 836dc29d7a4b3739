/* The shape rule of a linear map, shared by the ops that contain one. */
#ifndef DAT_OPS_LINEAR_SHAPE_H
#define DAT_OPS_LINEAR_SHAPE_H

#include "core/tape.h"

/* Sets n->out's shape to x (..., in) with the last axis replaced by weight's (out, in) first; checks both and
 * the bias (out values, or NULL). False with the tape's error. */
bool dat_linear_shape(dat_tape *tape, dat_node *n, const dat_tensor *x, const dat_tensor *weight,
                      const dat_tensor *bias);

#endif
