/* Ops that move values without computing: they join, cut and pool. */
#include <inttypes.h>
#include <string.h>

#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

static bool expect_sequences(dat_tape *tape, const dat_node *n, const dat_tensor *x)
{
    char text[DAT_SHAPE_TEXT_SIZE];
    return x->rank == 3 || dat_fail(tape, "%s: %s is %s, expected (batch, length, width)", n->op->name,
                                    x->name, dat_shape_text(x, text));
}

/* Items of a batch, shared by threads. */
static dat_pieces item_pieces(const dat_tensor *t)
{
    return dat_pieces_of(t->shape[0], dat_min_rows(dat_count(t) / (t->shape[0] > 0 ? t->shape[0] : 1)));
}

/* --- prepend_token: out[b, 0] = token + positions[0], out[b, i + 1] = x[b, i] + positions[i + 1]. --- */

enum { X, TOKEN, POSITIONS };

static bool prepend_token_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X], *token = n->in[TOKEN], *positions = n->in[POSITIONS];
    if (!expect_sequences(tape, n, x))
        return false;
    int64_t width = x->shape[2];
    if (dat_count(token) != width)
        return dat_fail(tape, "prepend_token: %s is %" PRId64 " wide, token %s has %" PRId64, x->name, width,
                        token->name, dat_count(token));
    if (dat_width(positions) != width || dat_rows(positions) < x->shape[1] + 1)
        return dat_fail(tape,
                        "prepend_token: %s has %" PRId64 " tokens of width %" PRId64
                        ", positions %s is %" PRId64 " x %" PRId64,
                        x->name, x->shape[1], width, positions->name, dat_rows(positions),
                        dat_width(positions));
    return dat_shape_set(n->out, 3, (int64_t[]){x->shape[0], x->shape[1] + 1, width});
}

static void prepend_token_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[X];
    const dat_real *positions = n->in[POSITIONS]->data;
    int64_t width = x->shape[2], length = x->shape[1];
    for (int64_t b = start; b < end; b++) {
        dat_real *out = n->out->data + b * (length + 1) * width;
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            out[j] = n->in[TOKEN]->data[j] + positions[j];
#pragma omp simd
        for (int64_t j = 0; j < length * width; j++)
            out[width + j] = x->data[b * length * width + j] + positions[width + j];
    }
}

static void prepend_token_forward(dat_node *n)
{
    dat_parallel(item_pieces(n->out), prepend_token_forward_piece, n);
}

static void prepend_token_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[X];
    int64_t width = x->shape[2], length = x->shape[1];
    for (int64_t b = start; b < end; b++) {
        const dat_real *dout = n->out->grad + b * (length + 1) * width;
        dat_accumulate_first(x->grad + b * length * width, dout + width, length * width, dat_is_fresh(n, X));
    }
}

static void prepend_token_backward(dat_node *n)
{
    const dat_tensor *out = n->out;
    dat_tensor *token = n->in[TOKEN];
    int64_t width = dat_width(out), item = out->shape[1] * width;
    for (int64_t b = 0; token->grad && b < out->shape[0]; b++)
        dat_accumulate(token->grad, out->grad + b * item, width);
    if (n->in[POSITIONS]->grad)
        dat_add_column_sums(n->tape, out->grad, out->shape[0], item, n->in[POSITIONS]->grad);
    if (n->in[X]->grad)
        dat_parallel(item_pieces(out), prepend_token_backward_piece, n);
}

const dat_op dat_op_prepend_token = {
    .name = "prepend_token",
    .required = 3,
    .shape = prepend_token_shape,
    .forward = prepend_token_forward,
    .backward = prepend_token_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_prepend_token(dat_tape *tape, dat_tensor *x, dat_tensor *token, dat_tensor *positions)
{
    dat_tensor *in[] = {x, token, positions};
    return dat_tape_apply(tape, &dat_op_prepend_token, in, 3, NULL, 0);
}

/* --- first_rows --- */

static bool first_rows_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *table = n->in[0];
    int64_t count = *(const int64_t *)n->args;
    if (table->rank != 2 || count < 1 || count > table->shape[0])
        return dat_fail(tape, "first_rows: %s has %" PRId64 " rows but %" PRId64 " are needed", table->name,
                        table->shape[0], count);
    return dat_shape_set(n->out, 3, (int64_t[]){1, count, table->shape[1]});
}

static void first_rows_forward(dat_node *n)
{
    memcpy(n->out->data, n->in[0]->data, (size_t)dat_count(n->out) * sizeof(dat_real));
}

static void first_rows_backward(dat_node *n)
{
    dat_accumulate(n->in[0]->grad, n->out->grad, dat_count(n->out));
}

const dat_op dat_op_first_rows = {
    .name = "first_rows",
    .required = 1,
    .shape = first_rows_shape,
    .forward = first_rows_forward,
    .backward = first_rows_backward,
};

dat_tensor *dat_first_rows(dat_tape *tape, dat_tensor *table, int64_t count)
{
    return dat_tape_apply(tape, &dat_op_first_rows, &table, 1, &count, sizeof count);
}

/* --- concat --- */

static bool concat_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *a = n->in[0], *b = n->in[1];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    bool fits = a->rank == b->rank && a->rank >= 1;
    for (int axis = 0; fits && axis < a->rank - 1; axis++)
        fits = a->shape[axis] == b->shape[axis];
    if (!fits)
        return dat_fail(tape, "concat: %s is %s but %s is %s", a->name, dat_shape_text(a, left), b->name,
                        dat_shape_text(b, right));
    int64_t shape[DAT_MAX_RANK] = {a->shape[0], a->shape[1], a->shape[2], a->shape[3]};
    shape[a->rank - 1] = dat_width(a) + dat_width(b);
    return dat_shape_set(n->out, a->rank, shape);
}

static void concat_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t p = dat_width(n->in[0]), q = dat_width(n->in[1]);
    for (int64_t r = start; r < end; r++) {
        dat_real *out = n->out->data + r * (p + q);
        memcpy(out, n->in[0]->data + r * p, (size_t)p * sizeof(dat_real));
        memcpy(out + p, n->in[1]->data + r * q, (size_t)q * sizeof(dat_real));
    }
}

static void concat_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), concat_forward_piece, n);
}

static void concat_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t p = dat_width(n->in[0]), q = dat_width(n->in[1]);
    for (int64_t r = start; r < end; r++) {
        const dat_real *dout = n->out->grad + r * (p + q);
        if (n->in[0]->grad)
            dat_accumulate_first(n->in[0]->grad + r * p, dout, p, dat_is_fresh(n, 0));
        if (n->in[1]->grad)
            dat_accumulate_first(n->in[1]->grad + r * q, dout + p, q, dat_is_fresh(n, 1));
    }
}

static void concat_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), concat_backward_piece, n);
}

static dat_first_grad concat_first_grad(const dat_node *n, int input)
{
    (void)input;
    return n->in[0] == n->in[1] ? DAT_GRAD_ZEROED : DAT_GRAD_WRITTEN;
}

const dat_op dat_op_concat = {
    .name = "concat",
    .required = 2,
    .shape = concat_shape,
    .forward = concat_forward,
    .backward = concat_backward,
    .first_grad = concat_first_grad,
};

dat_tensor *dat_concat(dat_tape *tape, dat_tensor *a, dat_tensor *b)
{
    dat_tensor *in[] = {a, b};
    return dat_tape_apply(tape, &dat_op_concat, in, 2, NULL, 0);
}

/* --- mean_tokens --- */

static bool mean_tokens_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[0];
    return expect_sequences(tape, n, x) && dat_shape_set(n->out, 2, (int64_t[]){x->shape[0], x->shape[2]});
}

static void mean_tokens_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[0];
    int64_t length = x->shape[1], width = x->shape[2];
    for (int64_t b = start; b < end; b++) {
        dat_real *out = n->out->data + b * width;
        memset(out, 0, (size_t)width * sizeof(dat_real));
        for (int64_t i = 0; i < length; i++)
            dat_accumulate(out, x->data + (b * length + i) * width, width);
        for (int64_t j = 0; j < width; j++)
            out[j] /= (dat_real)length;
    }
}

static void mean_tokens_forward(dat_node *n)
{
    dat_parallel(item_pieces(n->in[0]), mean_tokens_forward_piece, n);
}

static void mean_tokens_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[0];
    int64_t length = x->shape[1], width = x->shape[2];
    dat_real share = 1 / (dat_real)length;
    bool fresh = dat_is_fresh(n, 0);
    for (int64_t row = start * length; row < end * length; row++) {
        const dat_real *dout = n->out->grad + row / length * width;
        dat_real *dx = x->grad + row * width;
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            dx[j] = (fresh ? 0 : dx[j]) + dout[j] * share;
    }
}

static void mean_tokens_backward(dat_node *n)
{
    dat_parallel(item_pieces(n->in[0]), mean_tokens_backward_piece, n);
}

const dat_op dat_op_mean_tokens = {
    .name = "mean_tokens",
    .required = 1,
    .shape = mean_tokens_shape,
    .forward = mean_tokens_forward,
    .backward = mean_tokens_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_mean_tokens(dat_tape *tape, dat_tensor *x)
{
    return dat_tape_apply(tape, &dat_op_mean_tokens, &x, 1, NULL, 0);
}

/* --- select_token --- */

static bool select_token_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[0];
    int64_t index = *(const int64_t *)n->args;
    if (!expect_sequences(tape, n, x))
        return false;
    if (index < 0 || index >= x->shape[1])
        return dat_fail(tape, "select_token: token %" PRId64 " of %s, which has %" PRId64, index, x->name,
                        x->shape[1]);
    return dat_shape_set(n->out, 2, (int64_t[]){x->shape[0], x->shape[2]});
}

static int64_t selected_offset(const dat_node *n, int64_t b)
{
    const dat_tensor *x = n->in[0];
    return (b * x->shape[1] + *(const int64_t *)n->args) * x->shape[2];
}

static void select_token_forward(dat_node *n)
{
    int64_t width = dat_width(n->out);
    for (int64_t b = 0; b < n->out->shape[0]; b++)
        memcpy(n->out->data + b * width, n->in[0]->data + selected_offset(n, b),
               (size_t)width * sizeof(dat_real));
}

static void select_token_backward(dat_node *n)
{
    int64_t width = dat_width(n->out);
    for (int64_t b = 0; b < n->out->shape[0]; b++)
        dat_accumulate(n->in[0]->grad + selected_offset(n, b), n->out->grad + b * width, width);
}

const dat_op dat_op_select_token = {
    .name = "select_token",
    .required = 1,
    .shape = select_token_shape,
    .forward = select_token_forward,
    .backward = select_token_backward,
};

dat_tensor *dat_select_token(dat_tape *tape, dat_tensor *x, int64_t index)
{
    return dat_tape_apply(tape, &dat_op_select_token, &x, 1, &index, sizeof index);
}
