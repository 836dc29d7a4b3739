/* Several linear maps of one input as one product with the weights stacked. The input is packed once, and its
 * gradient is one product with a long sum instead of many with short ones; stacking costs a copy of the
 * weights. A few rows that need no gradient are cheaper than that copy: they meet one weight after the other.
 */
#include <inttypes.h>
#include <string.h>

#include "core/gemm.h"
#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"

/* Inputs: x, then the weights, then the biases (NULL where a map has none). */
enum { X, FIRST_WEIGHT };

static int group_count(const dat_node *n)
{
    return *(const int *)n->args;
}

static dat_tensor *weight_of(const dat_node *n, int i)
{
    return n->in[FIRST_WEIGHT + i];
}

static dat_tensor *bias_of(const dat_node *n, int i)
{
    return n->in[FIRST_WEIGHT + group_count(n) + i];
}

static bool linear_group_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X];
    char text[DAT_SHAPE_TEXT_SIZE];
    int64_t width = 0;
    for (int i = 0; i < group_count(n); i++) {
        const dat_tensor *weight = weight_of(n, i), *bias = bias_of(n, i);
        if (!weight)
            return dat_fail(tape, "linear_group: weight %d is missing", i);
        if (x->rank < 1 || weight->rank != 2 || weight->shape[1] != dat_width(x))
            return dat_fail(tape, "linear_group: %s is %" PRId64 " wide but weight %s is %s", x->name,
                            dat_width(x), weight->name, dat_shape_text(weight, text));
        if (bias && dat_count(bias) != weight->shape[0])
            return dat_fail(tape, "linear_group: bias %s has %" PRId64 " values but weight %s is %s",
                            bias->name, dat_count(bias), weight->name, dat_shape_text(weight, text));
        width += weight->shape[0];
    }
    int64_t shape[DAT_MAX_RANK] = {x->shape[0], x->shape[1], x->shape[2], x->shape[3]};
    shape[x->rank - 1] = width;
    return dat_shape_set(n->out, x->rank, shape);
}

static double linear_group_flops(const dat_node *n, bool backward)
{
    double per_weight = 2.0 * (double)dat_rows(n->in[X]), total = 0;
    for (int i = 0; i < group_count(n); i++) {
        const dat_tensor *weight = weight_of(n, i);
        int products = backward ? (n->in[X]->grad != NULL) + (weight->grad != NULL) : 1;
        total += products * per_weight * (double)dat_count(weight);
    }
    return total;
}

static bool is_stacked(const dat_node *n)
{
    enum { FEW_ROWS = 16 };
    return n->tape->recording || dat_rows(n->in[X]) > FEW_ROWS;
}

/* The stacked weight (sum of out, in). */
static int64_t linear_group_saved(const dat_node *n)
{
    return is_stacked(n) ? dat_width(n->out) * dat_width(n->in[X]) : 0;
}

static void multiply_one_by_one(const dat_node *n)
{
    int64_t in = dat_width(n->in[X]), out = dat_width(n->out), rows = dat_rows(n->in[X]), first = 0;
    dat_matrix x = {n->in[X]->data, in, false};
    for (int i = 0; i < group_count(n); i++) {
        const dat_tensor *weight = weight_of(n, i), *bias = bias_of(n, i);
        dat_matrix right = {weight->data, in, true};
        if (bias)
            dat_gemm_onto_row(rows, weight->shape[0], in, x, right, bias->data, n->out->data + first, out);
        else
            dat_gemm(rows, weight->shape[0], in, 1, x, right, 0, n->out->data + first, out);
        first += weight->shape[0];
    }
}

static void multiply_stacked(dat_node *n)
{
    int64_t in = dat_width(n->in[X]), out = dat_width(n->out), rows = dat_rows(n->in[X]), first = 0;
    dat_real *bias = dat_tape_scratch(n->tape, out);
    bool any_bias = false;
    if (!bias)
        return;
    for (int i = 0; i < group_count(n); i++) {
        const dat_tensor *weight = weight_of(n, i), *b = bias_of(n, i);
        memcpy(n->saved + first * in, weight->data, (size_t)dat_count(weight) * sizeof(dat_real));
        for (int64_t j = 0; j < weight->shape[0]; j++)
            bias[first + j] = b ? b->data[j] : 0;
        any_bias |= b != NULL;
        first += weight->shape[0];
    }
    dat_matrix left = {n->in[X]->data, in, false}, right = {n->saved, in, true};
    if (any_bias)
        dat_gemm_onto_row(rows, out, in, left, right, bias, n->out->data, out);
    else
        dat_gemm(rows, out, in, 1, left, right, 0, n->out->data, out);
}

static void linear_group_forward(dat_node *n)
{
    if (is_stacked(n))
        multiply_stacked(n);
    else
        multiply_one_by_one(n);
}

static void linear_group_backward(dat_node *n)
{
    const dat_tensor *x = n->in[X];
    const dat_real *dy = n->out->grad;
    int64_t in = dat_width(x), out = dat_width(n->out), rows = dat_rows(x), first = 0;
    dat_real *dweight = dat_tape_scratch(n->tape, out * in), *dbias = dat_tape_scratch(n->tape, out);
    if (!dweight || !dbias)
        return;
    if (x->grad)
        dat_gemm(rows, in, out, 1, (dat_matrix){dy, out, false}, (dat_matrix){n->saved, in, false},
                 dat_is_fresh(n, X) ? 0 : 1, x->grad, in);
    dat_gemm(out, in, rows, 1, (dat_matrix){dy, out, true}, (dat_matrix){x->data, in, false}, 0, dweight, in);
    bool any_bias = false;
    for (int i = 0; i < group_count(n); i++)
        any_bias |= bias_of(n, i) && bias_of(n, i)->grad;
    if (any_bias) {
        memset(dbias, 0, (size_t)out * sizeof(dat_real));
        dat_add_column_sums(n->tape, dy, rows, out, dbias);
    }
    for (int i = 0; i < group_count(n); i++) {
        const dat_tensor *weight = weight_of(n, i), *bias = bias_of(n, i);
        if (weight->grad)
            dat_accumulate(weight->grad, dweight + first * in, dat_count(weight));
        for (int64_t j = 0; bias && bias->grad && j < weight->shape[0]; j++)
            bias->grad[j] += dbias[first + j];
        first += weight->shape[0];
    }
}

const dat_op dat_op_linear_group = {
    .name = "linear_group",
    .required = 2,
    .shape = linear_group_shape,
    .flops = linear_group_flops,
    .saved = linear_group_saved,
    .forward = linear_group_forward,
    .backward = linear_group_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_linear_group(dat_tape *tape, dat_tensor *x, int count, dat_tensor *const *weights,
                             dat_tensor *const *biases)
{
    dat_tensor *in[DAT_MAX_INPUTS] = {x};
    DAT_ASSERT(count >= 1 && count <= DAT_MAX_GROUP);
    for (int i = 0; i < count; i++) {
        in[FIRST_WEIGHT + i] = weights[i];
        in[FIRST_WEIGHT + count + i] = biases[i];
    }
    return dat_tape_apply(tape, &dat_op_linear_group, in, 1 + 2 * count, &count, sizeof count);
}
