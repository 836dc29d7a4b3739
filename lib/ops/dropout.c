/* Dropout, and the residual sum that ends with it. Which elements survive is a function of the node's key and
 * the element's index, so backward draws the same mask again instead of storing it. */
#include "ops/dropout.h"

#include <stddef.h>

#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

enum { MIN_VALUES = 4096 };

dat_dropout_mask dat_dropout_mask_of(const dat_node *n, double rate)
{
    bool active = n->tape->training && rate > 0;
    return (dat_dropout_mask){
        .key = n->key,
        .threshold = active ? (uint32_t)(rate * 4294967296.0) : 0,
        .scale = active ? (dat_real)(1 / (1 - rate)) : 1,
    };
}

static double rate_of(const dat_node *n)
{
    return *(const double *)n->args;
}

static bool check_rate(dat_tape *tape, const dat_node *n)
{
    if (!(rate_of(n) >= 0 && rate_of(n) < 1))
        return dat_fail(tape, "%s: rate is %g, expected 0 <= rate < 1", n->op->name, rate_of(n));
    return true;
}

/* out[i] = base[i] + mask[i] in[i]; base may be NULL for 0, and may be out itself. */
typedef struct masked_copy {
    dat_dropout_mask mask;
    const dat_real *base, *in;
    dat_real *out;
} masked_copy;

static void mask_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const masked_copy *m = context;
    dat_dropout_mask mask = m->mask;
    if (m->base)
#pragma omp simd
        for (int64_t i = start; i < end; i++)
            m->out[i] = m->base[i] + dat_dropout_factor(mask, (uint32_t)i) * m->in[i];
    else
#pragma omp simd
        for (int64_t i = start; i < end; i++)
            m->out[i] = dat_dropout_factor(mask, (uint32_t)i) * m->in[i];
}

static void mask_all(const dat_node *n, const dat_real *base, const dat_real *in, dat_real *out)
{
    masked_copy m = {dat_dropout_mask_of(n, rate_of(n)), base, in, out};
    dat_parallel(dat_pieces_of(dat_count(n->out), MIN_VALUES), mask_piece, &m);
}

/* --- dropout --- */

static bool dropout_shape(dat_tape *tape, dat_node *n)
{
    return check_rate(tape, n) && dat_shape_like(n->out, n->in[0]);
}

static void dropout_forward(dat_node *n)
{
    mask_all(n, NULL, n->in[0]->data, n->out->data);
}

static void dropout_backward(dat_node *n)
{
    mask_all(n, dat_is_fresh(n, 0) ? NULL : n->in[0]->grad, n->out->grad, n->in[0]->grad);
}

const dat_op dat_op_dropout = {
    .name = "dropout",
    .required = 1,
    .shape = dropout_shape,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_dropout(dat_tape *tape, dat_tensor *x, double rate)
{
    if (!tape->training || rate == 0)
        return x;
    return dat_tape_apply(tape, &dat_op_dropout, &x, 1, &rate, sizeof rate);
}

/* --- add_dropout: y = x + mask z --- */

static bool add_dropout_shape(dat_tape *tape, dat_node *n)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (!dat_same_shape(n->in[0], n->in[1]))
        return dat_fail(tape, "add_dropout: %s is %s but %s is %s", n->in[0]->name,
                        dat_shape_text(n->in[0], left), n->in[1]->name, dat_shape_text(n->in[1], right));
    return check_rate(tape, n) && dat_shape_like(n->out, n->in[0]);
}

static void add_dropout_forward(dat_node *n)
{
    mask_all(n, n->in[0]->data, n->in[1]->data, n->out->data);
}

static void add_dropout_backward(dat_node *n)
{
    if (n->in[0]->grad)
        dat_accumulate(n->in[0]->grad, n->out->grad, dat_count(n->out));
    if (n->in[1]->grad)
        mask_all(n, dat_is_fresh(n, 1) ? NULL : n->in[1]->grad, n->out->grad, n->in[1]->grad);
}

static dat_first_grad add_dropout_first_grad(const dat_node *n, int input)
{
    if (n->in[0] == n->in[1])
        return DAT_GRAD_ZEROED;
    return input == 0 ? DAT_GRAD_TAKEN : DAT_GRAD_WRITTEN;
}

const dat_op dat_op_add_dropout = {
    .name = "add_dropout",
    .required = 2,
    .shape = add_dropout_shape,
    .forward = add_dropout_forward,
    .backward = add_dropout_backward,
    .first_grad = add_dropout_first_grad,
};

dat_tensor *dat_add_dropout(dat_tape *tape, dat_tensor *x, dat_tensor *y, double rate)
{
    if (!tape->training || rate == 0)
        return dat_add(tape, x, y);
    dat_tensor *in[] = {x, y};
    return dat_tape_apply(tape, &dat_op_add_dropout, in, 2, &rate, sizeof rate);
}
