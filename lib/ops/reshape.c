/* reshape: the same values, row-major, in another shape. The gradient moves on as it is. */
#include <string.h>

#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"

/* Its shape is that of one item. */
typedef dat_tensor reshape_args;

static bool reshape_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[0];
    const reshape_args *item = n->args;
    char from[DAT_SHAPE_TEXT_SIZE], to[DAT_SHAPE_TEXT_SIZE];
    if (x->rank < 1 || dat_count(item) * x->shape[0] != dat_count(x))
        return dat_fail(tape, "reshape: %s is %s, which does not hold items of shape %s", x->name,
                        dat_shape_text(x, from), dat_shape_text(item, to));
    int64_t shape[DAT_MAX_RANK] = {x->shape[0]};
    for (int axis = 0; axis < item->rank; axis++)
        shape[axis + 1] = item->shape[axis];
    return dat_shape_set(n->out, item->rank + 1, shape);
}

static void reshape_forward(dat_node *n)
{
    memcpy(n->out->data, n->in[0]->data, (size_t)dat_count(n->out) * sizeof(dat_real));
}

static void reshape_backward(dat_node *n)
{
    if (n->in[0]->grad)
        dat_accumulate(n->in[0]->grad, n->out->grad, dat_count(n->out));
}

static dat_first_grad reshape_first_grad(const dat_node *n, int input)
{
    (void)n;
    (void)input;
    return DAT_GRAD_TAKEN;
}

const dat_op dat_op_reshape = {
    .name = "reshape",
    .required = 1,
    .shape = reshape_shape,
    .forward = reshape_forward,
    .backward = reshape_backward,
    .first_grad = reshape_first_grad,
};

dat_tensor *dat_reshape(dat_tape *tape, dat_tensor *x, int rank, const int64_t *shape)
{
    DAT_ASSERT(rank < DAT_MAX_RANK);
    reshape_args item = dat_tensor_over("item", NULL, rank, shape);
    return dat_tape_apply(tape, &dat_op_reshape, &x, 1, &item, sizeof item);
}
