#include "core/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/status.h"

dat_tensor dat_tensor_over(const char *name, dat_real *data, int rank, const int64_t *shape)
{
    DAT_ASSERT(rank >= 0 && rank <= DAT_MAX_RANK);
    dat_tensor t = {.data = data, .rank = rank, .name = name, .shape = {1, 1, 1, 1}};
    for (int axis = 0; axis < rank; axis++)
        t.shape[axis] = shape[axis];
    return t;
}

bool dat_same_shape(const dat_tensor *a, const dat_tensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

const char *dat_shape_text(const dat_tensor *t, char text[DAT_SHAPE_TEXT_SIZE])
{
    int used = snprintf(text, DAT_SHAPE_TEXT_SIZE, "[");
    for (int axis = 0; axis < t->rank; axis++)
        used += snprintf(text + used, (size_t)(DAT_SHAPE_TEXT_SIZE - used), "%s%" PRId64, axis ? ", " : "",
                         t->shape[axis]);
    snprintf(text + used, (size_t)(DAT_SHAPE_TEXT_SIZE - used), "]");
    return text;
}
