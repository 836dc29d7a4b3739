/* Linear maps: y = x W^T + b. Leading axes of x fold into rows, so every product is one large gemm. */
#include <inttypes.h>

#include "core/gemm.h"
#include "ops/columns.h"
#include "ops/linear_shape.h"
#include "ops/ops.h"
#include "ops/registry.h"

enum { X, WEIGHT, BIAS };

bool dat_linear_shape(dat_tape *tape, dat_node *n, const dat_tensor *x, const dat_tensor *weight,
                      const dat_tensor *bias)
{
    char text[DAT_SHAPE_TEXT_SIZE];
    if (weight->rank != 2 || x->rank < 1 || dat_width(x) != weight->shape[1])
        return dat_fail(tape, "%s: %s is %" PRId64 " wide but weight %s is %s", n->op->name, x->name,
                        dat_width(x), weight->name, dat_shape_text(weight, text));
    if (bias && dat_count(bias) != weight->shape[0])
        return dat_fail(tape, "%s: bias %s has %" PRId64 " values but weight %s is %s", n->op->name,
                        bias->name, dat_count(bias), weight->name, dat_shape_text(weight, text));
    int64_t shape[DAT_MAX_RANK] = {x->shape[0], x->shape[1], x->shape[2], x->shape[3]};
    shape[x->rank - 1] = weight->shape[0];
    return dat_shape_set(n->out, x->rank, shape);
}

static bool linear_shape(dat_tape *tape, dat_node *n)
{
    return dat_linear_shape(tape, n, n->in[X], n->in[WEIGHT], n->in[BIAS]);
}

static double linear_flops(const dat_node *n, bool backward)
{
    double product = 2.0 * (double)dat_rows(n->in[X]) * (double)dat_count(n->in[WEIGHT]);
    if (!backward)
        return product;
    return product * ((n->in[X]->grad != NULL) + (n->in[WEIGHT]->grad != NULL));
}

static void linear_forward(dat_node *n)
{
    const dat_tensor *x = n->in[X], *weight = n->in[WEIGHT], *bias = n->in[BIAS];
    int64_t rows = dat_rows(x), in = weight->shape[1], out = weight->shape[0];
    dat_matrix left = {x->data, in, false}, right = {weight->data, in, true};
    if (bias)
        dat_gemm_onto_row(rows, out, in, left, right, bias->data, n->out->data, out);
    else
        dat_gemm(rows, out, in, 1, left, right, 0, n->out->data, out);
}

static void linear_backward(dat_node *n)
{
    const dat_tensor *x = n->in[X], *weight = n->in[WEIGHT], *bias = n->in[BIAS];
    const dat_real *dy = n->out->grad;
    int64_t rows = dat_rows(x), in = weight->shape[1], out = weight->shape[0];
    if (x->grad) /* dx = dy W */
        dat_gemm(rows, in, out, 1, (dat_matrix){dy, out, false}, (dat_matrix){weight->data, in, false},
                 dat_is_fresh(n, X) ? 0 : 1, x->grad, in);
    if (weight->grad) /* dW = dy^T x */
        dat_gemm(out, in, rows, 1, (dat_matrix){dy, out, true}, (dat_matrix){x->data, in, false}, 1,
                 weight->grad, in);
    if (bias && bias->grad)
        dat_add_column_sums(n->tape, dy, rows, out, bias->grad);
}

const dat_op dat_op_linear = {
    .name = "linear",
    .required = 2,
    .shape = linear_shape,
    .flops = linear_flops,
    .forward = linear_forward,
    .backward = linear_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_linear(dat_tape *tape, dat_tensor *x, dat_tensor *weight, dat_tensor *bias)
{
    dat_tensor *in[] = {x, weight, bias};
    return dat_tape_apply(tape, &dat_op_linear, in, 3, NULL, 0);
}
