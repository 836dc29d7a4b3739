/* A linear map of a layer norm. With n = (x - mean) rstd:  y = (g n + s) W^T + b = n (W g)^T + (W s + b), so
 * the gain and shift fold into the weight and the norm's parameters get their gradients from dy^T n, without
 * the product dy W. */
#include <inttypes.h>

#include "core/gemm.h"
#include "ops/columns.h"
#include "ops/linear_shape.h"
#include "ops/norm_rows.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

enum { X, GAIN, SHIFT, WEIGHT, BIAS };

static bool norm_linear_shape(dat_tape *tape, dat_node *n)
{
    int64_t width = dat_width(n->in[X]);
    for (int i = GAIN; i <= SHIFT; i++)
        if (dat_count(n->in[i]) != width)
            return dat_fail(tape, "norm_linear: %s is %" PRId64 " wide, %s has %" PRId64, n->in[X]->name,
                            width, n->in[i]->name, dat_count(n->in[i]));
    return dat_linear_shape(tape, n, n->in[X], n->in[WEIGHT], n->in[BIAS]);
}

static double norm_linear_flops(const dat_node *n, bool backward)
{
    double product = 2.0 * (double)dat_rows(n->in[X]) * (double)dat_count(n->in[WEIGHT]);
    return backward && n->in[X]->grad ? 2 * product : product;
}

/* The normalised input, one rstd a row, and the folded weight. */
static int64_t norm_linear_saved(const dat_node *n)
{
    return dat_count(n->in[X]) + dat_rows(n->in[X]) + dat_count(n->in[WEIGHT]);
}

/* folded (out, in) = W g, and offset (out) = W s + b. */
static void fold_norm(const dat_node *n, dat_real *folded, dat_real *offset)
{
    const dat_tensor *weight = n->in[WEIGHT];
    const dat_real *gain = n->in[GAIN]->data, *shift = n->in[SHIFT]->data;
    int64_t in = weight->shape[1];
    for (int64_t o = 0; o < weight->shape[0]; o++) {
        const dat_real *row = weight->data + o * in;
        dat_real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < in; j++) {
            folded[o * in + j] = row[j] * gain[j];
            sum += row[j] * shift[j];
        }
        offset[o] = sum + n->in[BIAS]->data[o];
    }
}

static void normalise_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t rows = dat_rows(n->in[X]), width = dat_width(n->in[X]);
    dat_real *normal = n->saved, *rstd = normal + rows * width;
    for (int64_t r = start; r < end; r++) {
        const dat_real *x = n->in[X]->data + r * width;
        dat_moments m = dat_row_moments(x, width, true);
        rstd[r] = m.rstd;
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            normal[r * width + j] = (x[j] - m.mean) * m.rstd;
    }
}

static void norm_linear_forward(dat_node *n)
{
    const dat_tensor *x = n->in[X], *weight = n->in[WEIGHT];
    int64_t rows = dat_rows(x), in = weight->shape[1], out = weight->shape[0];
    dat_real *normal = n->saved, *rstd = normal + rows * in, *folded = rstd + rows;
    dat_real *offset = dat_tape_scratch(n->tape, out);
    if (!offset)
        return;
    fold_norm(n, folded, offset);
    dat_parallel(dat_pieces_of(rows, dat_min_rows(in)), normalise_piece, n);
    dat_gemm_onto_row(rows, out, in, (dat_matrix){normal, in, false}, (dat_matrix){folded, in, true}, offset,
                      n->out->data, out);
}

/* With G = dy^T n and t = the column sums of dy: dW = G g + t s^T, dg_j = sum_o W_oj G_oj, ds = W^T t, db =
 * t. */
static void norm_linear_backward_params(dat_node *n, const dat_real *product, const dat_real *sums)
{
    const dat_tensor *gain = n->in[GAIN], *shift = n->in[SHIFT], *weight = n->in[WEIGHT];
    int64_t in = weight->shape[1];
    for (int64_t o = 0; o < weight->shape[0]; o++) {
        for (int64_t j = 0; j < in; j++) {
            dat_real g = product[o * in + j], w = weight->data[o * in + j];
            if (weight->grad)
                weight->grad[o * in + j] += g * gain->data[j] + sums[o] * shift->data[j];
            if (gain->grad)
                gain->grad[j] += w * g;
            if (shift->grad)
                shift->grad[j] += w * sums[o];
        }
        if (n->in[BIAS]->grad)
            n->in[BIAS]->grad[o] += sums[o];
    }
}

/* dx = rstd (h - mean(h) - n mean(h n)) with h = dy (W g), per row; h arrives in `dn`. */
static void normalise_backward_row(const dat_real *normal, dat_real rstd, int64_t width, const dat_real *dn,
                                   bool fresh, dat_real *dx)
{
    dat_real sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t j = 0; j < width; j++) {
        sum += dn[j];
        dot += dn[j] * normal[j];
    }
    sum /= (dat_real)width;
    dot /= (dat_real)width;
#pragma omp simd
    for (int64_t j = 0; j < width; j++)
        dx[j] = (fresh ? 0 : dx[j]) + rstd * (dn[j] - sum - normal[j] * dot);
}

static void norm_linear_backward(dat_node *n)
{
    const dat_tensor *x = n->in[X], *weight = n->in[WEIGHT];
    int64_t rows = dat_rows(x), in = weight->shape[1], out = weight->shape[0];
    const dat_real *normal = n->saved, *rstd = normal + rows * in, *folded = rstd + rows;
    const dat_real *dy = n->out->grad;
    dat_real *product = dat_tape_scratch(n->tape, out * in);
    dat_real *sums = dat_tape_scratch(n->tape, out);
    dat_real *dn = x->grad ? dat_tape_scratch(n->tape, rows * in) : NULL;
    if (!product || !sums || (x->grad && !dn))
        return;
    for (int64_t o = 0; o < out; o++)
        sums[o] = 0;
    dat_add_column_sums(n->tape, dy, rows, out, sums);
    dat_gemm(out, in, rows, 1, (dat_matrix){dy, out, true}, (dat_matrix){normal, in, false}, 0, product, in);
    norm_linear_backward_params(n, product, sums);
    if (!dn)
        return;
    dat_gemm(rows, in, out, 1, (dat_matrix){dy, out, false}, (dat_matrix){folded, in, false}, 0, dn, in);
    for (int64_t r = 0; r < rows; r++)
        normalise_backward_row(normal + r * in, rstd[r], in, dn + r * in, dat_is_fresh(n, X),
                               x->grad + r * in);
}

const dat_op dat_op_norm_linear = {
    .name = "norm_linear",
    .required = 5,
    .shape = norm_linear_shape,
    .flops = norm_linear_flops,
    .saved = norm_linear_saved,
    .forward = norm_linear_forward,
    .backward = norm_linear_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_norm_linear(dat_tape *tape, dat_tensor *x, dat_tensor *gain, dat_tensor *shift,
                            dat_tensor *weight, dat_tensor *bias)
{
    dat_tensor *in[] = {x, gain, shift, weight, bias};
    return dat_tape_apply(tape, &dat_op_norm_linear, in, 5, NULL, 0);
}
