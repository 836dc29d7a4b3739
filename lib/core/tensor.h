/* A dense row-major block of numbers. A tensor owns nothing: data and grad live in the tape's arena, the
 * parameter store or the caller's buffer, and die with them. There are no strides. */
#ifndef DAT_CORE_TENSOR_H
#define DAT_CORE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/real.h"

enum { DAT_MAX_RANK = 4, DAT_SHAPE_TEXT_SIZE = 96 };

typedef struct dat_node dat_node;

typedef struct dat_tensor {
    dat_real *data;              /* dat_count(t) values */
    dat_real *grad;              /* dL/d(data), same shape; NULL when nobody needs it */
    int64_t shape[DAT_MAX_RANK]; /* shape[rank..] is 1 */
    int rank;                    /* 0: a scalar */
    bool needs_grad;             /* a parameter, or computed from one */
    const char *name;            /* parameter or op name: for messages and checkpoints */
    dat_node *maker;             /* node that computed it; NULL for inputs and parameters */
} dat_tensor;

/* Number of values. */
static inline int64_t dat_count(const dat_tensor *t)
{
    return t->shape[0] * t->shape[1] * t->shape[2] * t->shape[3];
}

/* Length of the last axis (1 for a scalar), and number of such rows. */
static inline int64_t dat_width(const dat_tensor *t)
{
    return t->rank > 0 ? t->shape[t->rank - 1] : 1;
}

static inline int64_t dat_rows(const dat_tensor *t)
{
    int64_t width = dat_width(t);
    return width > 0 ? dat_count(t) / width : 0;
}

/* Some adjacent columns of a tensor: how ops read one of several projections that were computed as one
 * product. */
typedef struct dat_columns {
    dat_tensor *tensor;
    int64_t first, width;
} dat_columns;

/* All columns of a tensor, which may be NULL. */
static inline dat_columns dat_all_columns(dat_tensor *t)
{
    return (dat_columns){t, 0, t ? dat_width(t) : 0};
}

/* A tensor over the caller's buffer: an input that needs no gradient. */
dat_tensor dat_tensor_over(const char *name, dat_real *data, int rank, const int64_t *shape);

bool dat_same_shape(const dat_tensor *a, const dat_tensor *b);

/* "[32, 10, 128]"; returns `text`. */
const char *dat_shape_text(const dat_tensor *t, char text[DAT_SHAPE_TEXT_SIZE]);

#endif
