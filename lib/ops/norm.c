/* Normalisation over the last axis.
 * layer_norm: n = (x - mean) rstd, rstd = 1 / sqrt(var + eps), y = gain n + shift.
 *   With g = gain dy:  dx = rstd (g - mean(g) - n mean(g n)),  dgain = sum dy n,  dshift = sum dy.
 * rms_norm: n = x rstd, rstd = 1 / sqrt(mean(x^2) + eps), y = gain n;  dx = rstd (g - n mean(g n)). */
#include <inttypes.h>

#include "ops/ops.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"

enum { X, GAIN, SHIFT };

static const dat_real EPS = (dat_real)1e-5;

static bool norm_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X];
    for (int i = GAIN; i < n->op->required; i++)
        if (dat_count(n->in[i]) != dat_width(x))
            return dat_fail(tape, "%s: %s is %" PRId64 " wide, %s has %" PRId64, n->op->name, x->name,
                            dat_width(x), n->in[i]->name, dat_count(n->in[i]));
    return dat_shape_like(n->out, x);
}

/* mean (0 for rms_norm) and rstd of each row. */
static int64_t norm_saved(const dat_node *n)
{
    return 2 * dat_rows(n->in[X]);
}

/* The mean of a row and the reciprocal of its deviation from `centred ? mean : 0`. */
static void row_moments(const dat_real *x, int64_t width, bool centred, dat_real *mean, dat_real *rstd)
{
    dat_real sum = 0, square = 0;
    if (centred) {
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < width; j++)
            sum += x[j];
    }
    dat_real centre = sum / (dat_real)width;
#pragma omp simd reduction(+ : square)
    for (int64_t j = 0; j < width; j++)
        square += (x[j] - centre) * (x[j] - centre);
    *mean = centre;
    *rstd = 1 / DAT_REAL(sqrt)(square / (dat_real)width + EPS);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *gain = n->in[GAIN]->data, *shift = n->in[SHIFT] ? n->in[SHIFT]->data : NULL;
    int64_t width = dat_width(n->out);
    for (int64_t r = start; r < end; r++) {
        const dat_real *x = n->in[X]->data + r * width;
        dat_real *y = n->out->data + r * width, mean, rstd;
        row_moments(x, width, shift != NULL, &mean, &rstd);
        n->saved[2 * r] = mean;
        n->saved[2 * r + 1] = rstd;
        if (shift) {
#pragma omp simd
            for (int64_t j = 0; j < width; j++)
                y[j] = gain[j] * ((x[j] - mean) * rstd) + shift[j];
        } else {
#pragma omp simd
            for (int64_t j = 0; j < width; j++)
                y[j] = gain[j] * (x[j] * rstd);
        }
    }
}

static void norm_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), forward_piece, n);
}

/* One row: adds to dx or writes it where it is fresh, and adds to the piece's sums of dgain and dshift. */
static void backward_row(const dat_real *x, dat_real mean, dat_real rstd, const dat_real *gain, bool centred,
                         const dat_real *dy, int64_t width, bool fresh, dat_real *dx, dat_real *dgain,
                         dat_real *dshift)
{
    dat_real sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t j = 0; j < width; j++) {
        dat_real normal = (x[j] - mean) * rstd;
        sum += gain[j] * dy[j];
        dot += gain[j] * dy[j] * normal;
        dgain[j] += dy[j] * normal;
        dshift[j] += dy[j];
    }
    sum = centred ? sum / (dat_real)width : 0;
    dot /= (dat_real)width;
    if (!dx)
        return;
#pragma omp simd
    for (int64_t j = 0; j < width; j++)
        dx[j] = (fresh ? 0 : dx[j]) + rstd * (gain[j] * dy[j] - sum - (x[j] - mean) * rstd * dot);
}

/* The gradients of gain and shift, one partial sum for each piece. */
typedef struct norm_sums {
    const dat_node *n;
    dat_real *gain, *shift;
} norm_sums;

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const norm_sums *sums = context;
    const dat_node *n = sums->n;
    const dat_tensor *x = n->in[X];
    int64_t width = dat_width(x);
    for (int64_t r = start; r < end; r++)
        backward_row(x->data + r * width, n->saved[2 * r], n->saved[2 * r + 1], n->in[GAIN]->data,
                     n->in[SHIFT] != NULL, n->out->grad + r * width, width, dat_is_fresh(n, X),
                     x->grad ? x->grad + r * width : NULL, sums->gain + piece * width,
                     sums->shift + piece * width);
}

static void norm_backward(dat_node *n)
{
    const dat_tensor *gain = n->in[GAIN], *shift = n->in[SHIFT];
    int64_t width = dat_width(n->out);
    dat_pieces pieces = dat_pieces_of(dat_rows(n->out), dat_min_rows(width));
    norm_sums sums = {n, dat_partial_sums(n->tape, pieces, width), dat_partial_sums(n->tape, pieces, width)};
    if (!sums.gain || !sums.shift)
        return;
    dat_parallel(pieces, backward_piece, &sums);
    if (gain->grad)
        dat_add_partial_sums(sums.gain, pieces, width, gain->grad);
    if (shift && shift->grad)
        dat_add_partial_sums(sums.shift, pieces, width, shift->grad);
}

const dat_op dat_op_layer_norm = {
    .name = "layer_norm",
    .required = 3,
    .shape = norm_shape,
    .saved = norm_saved,
    .forward = norm_forward,
    .backward = norm_backward,
    .first_grad = dat_first_input_written,
};

const dat_op dat_op_rms_norm = {
    .name = "rms_norm",
    .required = 2,
    .shape = norm_shape,
    .saved = norm_saved,
    .forward = norm_forward,
    .backward = norm_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_layer_norm(dat_tape *tape, dat_tensor *x, dat_tensor *gain, dat_tensor *shift)
{
    dat_tensor *in[] = {x, gain, shift};
    return dat_tape_apply(tape, &dat_op_layer_norm, in, 3, NULL, 0);
}

dat_tensor *dat_rms_norm(dat_tape *tape, dat_tensor *x, dat_tensor *gain)
{
    dat_tensor *in[] = {x, gain};
    return dat_tape_apply(tape, &dat_op_rms_norm, in, 2, NULL, 0);
}
