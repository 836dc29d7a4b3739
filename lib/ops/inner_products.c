/* inner_products: out[b, i, j] = a[b, i] . c[b, j];  da[b] = dout[b] c[b],  dc[b] = dout[b]^T a[b]. */
#include "core/gemm.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

enum { LEFT, RIGHT };

static bool inner_products_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *a = n->in[LEFT], *c = n->in[RIGHT];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (a->rank != 3 || c->rank != 3 || a->shape[0] != c->shape[0] || a->shape[2] != c->shape[2])
        return dat_fail(tape,
                        "inner_products: %s is %s and %s is %s, expected two (batch, length, width) that "
                        "differ in length only",
                        a->name, dat_shape_text(a, left), c->name, dat_shape_text(c, right));
    return dat_shape_set(n->out, 3, (int64_t[]){a->shape[0], a->shape[1], c->shape[1]});
}

static double inner_products_flops(const dat_node *n, bool backward)
{
    double product = 2 * (double)dat_count(n->out) * (double)n->in[LEFT]->shape[2];
    return backward ? product * (n->in[LEFT]->needs_grad + n->in[RIGHT]->needs_grad) : product;
}

static dat_matrix item_of(const dat_tensor *t, const dat_real *values, int64_t b, bool transposed)
{
    return (dat_matrix){values + b * t->shape[1] * t->shape[2], t->shape[2], transposed};
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *a = n->in[LEFT], *c = n->in[RIGHT];
    int64_t rows = a->shape[1], columns = c->shape[1];
    for (int64_t b = start; b < end; b++)
        dat_gemm_serial(rows, columns, a->shape[2], 1, item_of(a, a->data, b, false),
                        item_of(c, c->data, b, true), 0, n->out->data + b * rows * columns, columns);
}

static void inner_products_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(n->out->shape[0], 1), forward_piece, n);
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *a = n->in[LEFT], *c = n->in[RIGHT], *out = n->out;
    int64_t rows = a->shape[1], columns = c->shape[1], width = a->shape[2];
    for (int64_t b = start; b < end; b++) {
        if (a->grad)
            dat_gemm_serial(rows, width, columns, 1, item_of(out, out->grad, b, false),
                            item_of(c, c->data, b, false), 1, a->grad + b * rows * width, width);
        if (c->grad)
            dat_gemm_serial(columns, width, rows, 1, item_of(out, out->grad, b, true),
                            item_of(a, a->data, b, false), 1, c->grad + b * columns * width, width);
    }
}

static void inner_products_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(n->out->shape[0], 1), backward_piece, n);
}

const dat_op dat_op_inner_products = {
    .name = "inner_products",
    .required = 2,
    .shape = inner_products_shape,
    .flops = inner_products_flops,
    .forward = inner_products_forward,
    .backward = inner_products_backward,
};

dat_tensor *dat_inner_products(dat_tape *tape, dat_tensor *a, dat_tensor *c)
{
    dat_tensor *in[] = {a, c};
    return dat_tape_apply(tape, &dat_op_inner_products, in, 2, NULL, 0);
}
