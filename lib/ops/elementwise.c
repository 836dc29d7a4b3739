/* Sums and pointwise functions. */
#include <inttypes.h>
#include <string.h>

#include "ops/columns.h"
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
    int rank = b->rank;
    while (rank > 0 && b->shape[b->rank - rank] == 1)
        rank--;
    bool fits = rank <= a->rank;
    for (int axis = 0; fits && axis < rank; axis++)
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
    int64_t width = dat_count(n->in[1]), rows = width ? dat_count(n->in[0]) / width : 0;
    if (n->in[0]->grad)
        dat_accumulate(n->in[0]->grad, n->out->grad, dat_count(n->out));
    if (n->in[1]->grad && rows == 1)
        dat_accumulate_first(n->in[1]->grad, n->out->grad, width, dat_is_fresh(n, 1));
    else if (n->in[1]->grad)
        dat_add_column_sums(n->tape, n->out->grad, rows, width, n->in[1]->grad);
}

static dat_first_grad add_first_grad(const dat_node *n, int input)
{
    bool twice = n->in[0] == n->in[1], broadcast = dat_count(n->in[1]) < dat_count(n->in[0]);
    if (twice || (input == 1 && broadcast))
        return DAT_GRAD_ZEROED;
    return input == 0 ? DAT_GRAD_TAKEN : DAT_GRAD_WRITTEN;
}

const dat_op dat_op_add = {
    .name = "add",
    .required = 2,
    .shape = add_shape,
    .forward = add_forward,
    .backward = add_backward,
    .first_grad = add_first_grad,
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
                          n->out->grad + start, dat_is_fresh(n, 0), n->in[0]->grad + start);
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
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_activation_apply(dat_tape *tape, dat_tensor *x, dat_activation activation)
{
    return dat_tape_apply(tape, &dat_op_activation, &x, 1, &activation, sizeof activation);
}

/* --- swiglu: y = silu(g) x;  dg = dy x silu'(g),  dx = dy silu(g),  silu'(g) = s (1 + g (1 - s)). --- */

enum { GATE, FACTOR, N_SWIGLU };

typedef struct swiglu_args {
    dat_columns columns[N_SWIGLU];
} swiglu_args;

static bool swiglu_shape(dat_tape *tape, dat_node *n)
{
    const swiglu_args *args = n->args;
    dat_columns gate = args->columns[GATE], x = args->columns[FACTOR];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (gate.width != x.width || gate.tensor->rank != x.tensor->rank || gate.tensor->rank < 1 ||
        dat_rows(gate.tensor) != dat_rows(x.tensor))
        return dat_fail(tape,
                        "swiglu: %" PRId64 " columns of gate %s %s do not match %" PRId64 " columns of %s %s",
                        gate.width, gate.tensor->name, dat_shape_text(gate.tensor, left), x.width,
                        x.tensor->name, dat_shape_text(x.tensor, right));
    int64_t shape[DAT_MAX_RANK];
    memcpy(shape, gate.tensor->shape, sizeof shape);
    shape[gate.tensor->rank - 1] = gate.width;
    return dat_shape_set(n->out, gate.tensor->rank, shape);
}

static void swiglu_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const swiglu_args *args = n->args;
    dat_columns g = args->columns[GATE], f = args->columns[FACTOR];
    for (int64_t r = start; r < end; r++) {
        const dat_real *gate = g.tensor->data + r * dat_width(g.tensor) + g.first;
        const dat_real *x = f.tensor->data + r * dat_width(f.tensor) + f.first;
        dat_real *y = n->out->data + r * g.width;
#pragma omp simd
        for (int64_t j = 0; j < g.width; j++)
            y[j] = gate[j] * dat_sigmoid(gate[j]) * x[j];
    }
}

static void swiglu_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), swiglu_forward_piece, n);
}

static inline dat_real gate_slope(dat_real gate, dat_real sigmoid)
{
    return sigmoid * (1 + gate * (1 - sigmoid));
}

/* Either gradient may be absent; both are written where `fresh`, else added to. */
static void swiglu_backward_row(const dat_real *gate, const dat_real *x, const dat_real *dy, int64_t width,
                                bool fresh, dat_real *dgate, dat_real *dx)
{
    if (dgate && dx && fresh)
#pragma omp simd
        for (int64_t j = 0; j < width; j++) {
            dat_real s = dat_sigmoid(gate[j]);
            dgate[j] = dy[j] * x[j] * gate_slope(gate[j], s);
            dx[j] = dy[j] * gate[j] * s;
        }
    else if (dgate && dx)
#pragma omp simd
        for (int64_t j = 0; j < width; j++) {
            dat_real s = dat_sigmoid(gate[j]);
            dgate[j] += dy[j] * x[j] * gate_slope(gate[j], s);
            dx[j] += dy[j] * gate[j] * s;
        }
    else if (dgate)
        for (int64_t j = 0; j < width; j++)
            dgate[j] += dy[j] * x[j] * gate_slope(gate[j], dat_sigmoid(gate[j]));
    else if (dx)
        for (int64_t j = 0; j < width; j++)
            dx[j] += dy[j] * gate[j] * dat_sigmoid(gate[j]);
}

static void swiglu_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const swiglu_args *args = n->args;
    dat_columns g = args->columns[GATE], f = args->columns[FACTOR];
    for (int64_t r = start; r < end; r++) {
        int64_t gate = r * dat_width(g.tensor) + g.first, x = r * dat_width(f.tensor) + f.first;
        swiglu_backward_row(g.tensor->data + gate, f.tensor->data + x, n->out->grad + r * g.width, g.width,
                            dat_is_fresh(n, GATE), g.tensor->grad ? g.tensor->grad + gate : NULL,
                            f.tensor->grad ? f.tensor->grad + x : NULL);
    }
}

static void swiglu_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), swiglu_backward_piece, n);
}

/* Two halves of one tensor cover all of its gradient. */
static dat_first_grad swiglu_first_grad(const dat_node *n, int input)
{
    const swiglu_args *args = n->args;
    bool halves = n->in[GATE] == n->in[FACTOR] && args->columns[GATE].first != args->columns[FACTOR].first &&
                  2 * args->columns[GATE].width == dat_width(n->in[GATE]);
    return halves && input == GATE ? DAT_GRAD_WRITTEN : DAT_GRAD_ZEROED;
}

const dat_op dat_op_swiglu = {
    .name = "swiglu",
    .required = N_SWIGLU,
    .shape = swiglu_shape,
    .forward = swiglu_forward,
    .backward = swiglu_backward,
    .first_grad = swiglu_first_grad,
};

dat_tensor *dat_swiglu(dat_tape *tape, dat_columns gate, dat_columns x)
{
    dat_tensor *in[] = {gate.tensor, x.tensor};
    swiglu_args args = {{gate, x}};
    return dat_tape_apply(tape, &dat_op_swiglu, in, N_SWIGLU, &args, sizeof args);
}
