/* softmax: y_j = exp(x_j - max) / sum;  dx = y (dy - sum(y dy)). */
#include "ops/softmax.h"

#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/vector_math.h"
#include "util/parallel.h"

void dat_softmax_row(dat_real *row, int64_t count)
{
    dat_real top = -(dat_real)INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < count; j++)
        top = row[j] > top ? row[j] : top;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; j++) {
        dat_real weight = row[j] == -(dat_real)INFINITY ? 0 : dat_exp(row[j] - top);
        row[j] = weight;
        sum += weight;
    }
    /* The largest value adds 1 to the sum. The top does not tell: a vector maximum may start from a finite
     * value. */
    dat_real scale = sum == 0 ? 0 : 1 / sum;
#pragma omp simd
    for (int64_t j = 0; j < count; j++)
        row[j] *= scale;
}

void dat_softmax_row_backward(const dat_real *p, dat_real *dp, int64_t count)
{
    dat_real dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t j = 0; j < count; j++)
        dot += p[j] * dp[j];
#pragma omp simd
    for (int64_t j = 0; j < count; j++)
        dp[j] = p[j] * (dp[j] - dot);
}

static bool softmax_shape(dat_tape *tape, dat_node *n)
{
    (void)tape;
    return dat_shape_like(n->out, n->in[0]);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t width = dat_width(n->out);
    for (int64_t r = start; r < end; r++) {
        dat_real *row = n->out->data + r * width;
        for (int64_t j = 0; j < width; j++)
            row[j] = n->in[0]->data[r * width + j];
        dat_softmax_row(row, width);
    }
}

static void softmax_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), forward_piece, n);
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t width = dat_width(n->out);
    for (int64_t r = start; r < end; r++) {
        const dat_real *y = n->out->data + r * width, *dy = n->out->grad + r * width;
        dat_real *dx = n->in[0]->grad + r * width, dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t j = 0; j < width; j++)
            dot += y[j] * dy[j];
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            dx[j] += y[j] * (dy[j] - dot);
    }
}

static void softmax_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), backward_piece, n);
}

const dat_op dat_op_softmax = {
    .name = "softmax",
    .required = 1,
    .shape = softmax_shape,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

dat_tensor *dat_softmax(dat_tape *tape, dat_tensor *x)
{
    return dat_tape_apply(tape, &dat_op_softmax, &x, 1, NULL, 0);
}
