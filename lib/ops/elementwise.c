/* Sums and pointwise functions. */
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/vector_math.h"
#include "util/parallel.h"

/* Values that make a piece worth a thread. */
enum { MIN_VALUES = 4096 };

/* --- add: y = a + b, b broadcast over the leading axes of a. --- */

static bool add_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *a = n->in[0], *b = n->in[1];
    bool fits = b->rank <= a->rank;
    for (int axis = 0; fits && axis < b->rank; axis++)
        fits = b->shape[b->rank - 1 - axis] == a->shape[a->rank - 1 - axis];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (!fits)
        return dat_fail(tape, "add: %s is %s but %s is %s", a->name, dat_shape_text(a, left), b->name,
                        dat_shape_text(b, right));
    return dat_shape_like(n->out, a);
}

static void add_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *a = n->in[0]->data, *b = n->in[1]->data;
    int64_t width = dat_count(n->in[1]);
    for (int64_t r = start; r < end; r++)
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            n->out->data[r * width + j] = a[r * width + j] + b[j];
}

static void add_forward(dat_node *n)
{
    int64_t width = dat_count(n->in[1]), rows = width ? dat_count(n->in[0]) / width : 0;
    dat_parallel(dat_pieces_of(rows, dat_min_rows(width)), add_forward_piece, n);
}

static void add_backward(dat_node *n)
{
    dat_real *da = n->in[0]->grad, *db = n->in[1]->grad;
    const dat_real *dy = n->out->grad;
    int64_t count = dat_count(n->out), width = dat_count(n->in[1]);
    if (da)
#pragma omp simd
        for (int64_t i = 0; i < count; i++)
            da[i] += dy[i];
    if (db)
        for (int64_t start = 0; start < count; start += width)
#pragma omp simd
            for (int64_t j = 0; j < width; j++)
                db[j] += dy[start + j];
}

const dat_op dat_op_add = {
    .name = "add",
    .required = 2,
    .shape = add_shape,
    .forward = add_forward,
    .backward = add_backward,
};

dat_tensor *dat_add(dat_tape *tape, dat_tensor *a, dat_tensor *b)
{
    dat_tensor *in[] = {a, b};
    return dat_tape_apply(tape, &dat_op_add, in, 2, NULL, 0);
}

/* --- activation: y = f(x). --- */

static bool activation_shape(dat_tape *tape, dat_node *n)
{
    (void)tape;
    return dat_shape_like(n->out, n->in[0]);
}

static void activation_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    dat_activate(*(const dat_activation *)n->args, end - start, n->in[0]->data + start, n->out->data + start);
}

static void activation_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_count(n->out), MIN_VALUES), activation_forward_piece, n);
}

static void activation_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    dat_activate_backward(*(const dat_activation *)n->args, end - start, n->in[0]->data + start,
                          n->out->grad + start, n->in[0]->grad + start);
}

static void activation_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_count(n->out), MIN_VALUES), activation_backward_piece, n);
}

const dat_op dat_op_activation = {
    .name = "activation",
    .required = 1,
    .shape = activation_shape,
    .forward = activation_forward,
    .backward = activation_backward,
};

dat_tensor *dat_activation_apply(dat_tape *tape, dat_tensor *x, dat_activation activation)
{
    return dat_tape_apply(tape, &dat_op_activation, &x, 1, &activation, sizeof activation);
}

/* --- swiglu: y = silu(g) x;  dg = dy x silu'(g),  dx = dy silu(g),  silu'(g) = s (1 + g (1 - s)). --- */

static bool swiglu_shape(dat_tape *tape, dat_node *n)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (!dat_same_shape(n->in[0], n->in[1]))
        return dat_fail(tape, "swiglu: gate %s is %s but %s is %s", n->in[0]->name,
                        dat_shape_text(n->in[0], left), n->in[1]->name, dat_shape_text(n->in[1], right));
    return dat_shape_like(n->out, n->in[0]);
}

static void swiglu_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *gate = n->in[0]->data, *x = n->in[1]->data;
#pragma omp simd
    for (int64_t i = start; i < end; i++)
        n->out->data[i] = gate[i] * dat_sigmoid(gate[i]) * x[i];
}

static void swiglu_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_count(n->out), MIN_VALUES), swiglu_forward_piece, n);
}

static void swiglu_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *gate = n->in[0]->data, *x = n->in[1]->data, *dy = n->out->grad;
    dat_real *dgate = n->in[0]->grad, *dx = n->in[1]->grad;
    if (dgate)
#pragma omp simd
        for (int64_t i = start; i < end; i++) {
            dat_real s = dat_sigmoid(gate[i]);
            dgate[i] += dy[i] * x[i] * s * (1 + gate[i] * (1 - s));
        }
    if (dx)
#pragma omp simd
        for (int64_t i = start; i < end; i++)
            dx[i] += dy[i] * gate[i] * dat_sigmoid(gate[i]);
}

static void swiglu_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_count(n->out), MIN_VALUES), swiglu_backward_piece, n);
}

const dat_op dat_op_swiglu = {
    .name = "swiglu",
    .required = 2,
    .shape = swiglu_shape,
    .forward = swiglu_forward,
    .backward = swiglu_backward,
};

dat_tensor *dat_swiglu(dat_tape *tape, dat_tensor *gate, dat_tensor *x)
{
    dat_tensor *in[] = {gate, x};
    return dat_tape_apply(tape, &dat_op_swiglu, in, 2, NULL, 0);
}
