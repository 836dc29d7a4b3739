/* The end of a residual branch and the norm that follows it, in one pass: s = x + mask y, n = norm(s).
 * Backward: ds = (gradient that s has from elsewhere) + the norm's;  dx = ds,  dy = mask ds. */
#include <inttypes.h>

#include "ops/dropout.h"
#include "ops/norm_rows.h"
#include "ops/ops.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"

enum { X, Y, GAIN, SHIFT };

static bool residual_norm_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X], *y = n->in[Y];
    double rate = *(const double *)n->args;
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (!dat_same_shape(x, y))
        return dat_fail(tape, "residual_norm: %s is %s but %s is %s", x->name, dat_shape_text(x, left),
                        y->name, dat_shape_text(y, right));
    for (int i = GAIN; i <= SHIFT && n->in[i]; i++)
        if (dat_count(n->in[i]) != dat_width(x))
            return dat_fail(tape, "residual_norm: %s is %" PRId64 " wide, %s has %" PRId64, x->name,
                            dat_width(x), n->in[i]->name, dat_count(n->in[i]));
    if (!(rate >= 0 && rate < 1))
        return dat_fail(tape, "residual_norm: rate is %g, expected 0 <= rate < 1", rate);
    return dat_shape_like(n->out, x);
}

/* The moments of each row. */
static int64_t residual_norm_saved(const dat_node *n)
{
    return 2 * dat_rows(n->in[X]);
}

/* z[j] = mask[first + j] y[j]. */
static void mask_row(dat_dropout_mask mask, int64_t first, const dat_real *y, int64_t width, dat_real *z)
{
    if (mask.threshold == 0)
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            z[j] = y[j];
    else
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            z[j] = dat_dropout_factor(mask, (uint32_t)(first + j)) * y[j];
}

static void add_row(dat_real *sum, const dat_real *x, int64_t width)
{
#pragma omp simd
    for (int64_t j = 0; j < width; j++)
        sum[j] += x[j];
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    dat_dropout_mask mask = dat_dropout_mask_of(n, *(const double *)n->args);
    const dat_real *shift = n->in[SHIFT] ? n->in[SHIFT]->data : NULL;
    int64_t width = dat_width(n->out);
    for (int64_t r = start; r < end; r++) {
        dat_real *sum = n->second->data + r * width;
        mask_row(mask, r * width, n->in[Y]->data + r * width, width, sum);
        add_row(sum, n->in[X]->data + r * width, width);
        dat_moments m = dat_norm_row(sum, width, n->in[GAIN]->data, shift, n->out->data + r * width);
        n->saved[2 * r] = m.mean;
        n->saved[2 * r + 1] = m.rstd;
    }
}

static dat_pieces row_pieces(const dat_node *n)
{
    return dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out)));
}

static void residual_norm_forward(dat_node *n)
{
    dat_parallel(row_pieces(n), forward_piece, n);
}

/* Per piece: partial sums of the gradients of gain and shift, and two rows. */
typedef struct backward_work {
    const dat_node *n;
    dat_real *gain, *shift, *rows;
} backward_work;

/* ds of row r: in the gradient of s where there is one, which x then takes over, else in the first row of
 * scratch. */
static dat_real *sum_grad_row(const backward_work *work, int64_t piece, int64_t r)
{
    const dat_node *n = work->n;
    int64_t width = dat_width(n->out);
    bool used = n->second->grad != NULL;
    dat_real *ds = used ? n->second->grad + r * width : work->rows + 2 * piece * width;
    dat_norm_row_backward(n->second->data + r * width, (dat_moments){n->saved[2 * r], n->saved[2 * r + 1]},
                          width, n->in[GAIN]->data, n->in[SHIFT] != NULL, n->out->grad + r * width, !used, ds,
                          work->gain + piece * width, work->shift + piece * width);
    return ds;
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const backward_work *work = context;
    const dat_node *n = work->n;
    dat_dropout_mask mask = dat_dropout_mask_of(n, *(const double *)n->args);
    dat_real *dx = n->in[X]->grad, *dy = n->in[Y]->grad;
    int64_t width = dat_width(n->out);
    dat_real *masked = work->rows + (2 * piece + 1) * width;
    for (int64_t r = start; r < end; r++) {
        const dat_real *ds = sum_grad_row(work, piece, r);
        if (dx && dat_is_fresh(n, X))
            mask_row((dat_dropout_mask){0}, 0, ds, width, dx + r * width);
        else if (dx)
            add_row(dx + r * width, ds, width);
        if (dy && dat_is_fresh(n, Y))
            mask_row(mask, r * width, ds, width, dy + r * width);
        else if (dy) {
            mask_row(mask, r * width, ds, width, masked);
            add_row(dy + r * width, masked, width);
        }
    }
}

static void residual_norm_backward(dat_node *n)
{
    const dat_tensor *gain = n->in[GAIN], *shift = n->in[SHIFT];
    int64_t width = dat_width(n->out);
    dat_pieces pieces = row_pieces(n);
    backward_work work = {n, dat_partial_sums(n->tape, pieces, width),
                          dat_partial_sums(n->tape, pieces, width),
                          dat_tape_scratch(n->tape, pieces.count * 2 * width)};
    if (!work.gain || !work.shift || !work.rows)
        return;
    dat_parallel(pieces, backward_piece, &work);
    if (gain->grad)
        dat_add_partial_sums(work.gain, pieces, width, gain->grad);
    if (shift && shift->grad)
        dat_add_partial_sums(work.shift, pieces, width, shift->grad);
}

static dat_first_grad residual_norm_first_grad(const dat_node *n, int input)
{
    if (n->in[X] == n->in[Y] || input > Y)
        return DAT_GRAD_ZEROED;
    return input == X && n->second->grad ? DAT_GRAD_TAKEN : DAT_GRAD_WRITTEN;
}

const dat_op dat_op_residual_norm = {
    .name = "residual_norm",
    .required = 3,
    .two_outputs = true,
    .shape = residual_norm_shape,
    .saved = residual_norm_saved,
    .forward = residual_norm_forward,
    .backward = residual_norm_backward,
    .first_grad = residual_norm_first_grad,
};

dat_tensor *dat_residual_norm(dat_tape *tape, dat_tensor *x, dat_tensor *y, double rate, dat_tensor *gain,
                              dat_tensor *shift, dat_tensor **sum)
{
    dat_tensor *in[] = {x, y, gain, shift};
    dat_tensor *normed = dat_tape_apply(tape, &dat_op_residual_norm, in, 4, &rate, sizeof rate);
    *sum = normed ? normed->maker->second : NULL;
    return normed;
}
