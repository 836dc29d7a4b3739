/* A linear map of a layer norm. With n = (x - mean) rstd:  y = (g n + s) W^T + b = n (W g)^T + (W s + b), so
 * the gain and shift fold into the weight and the norm's parameters get their gradients from dy^T n, without
 * the product dy W. */
#include <inttypes.h>

#include "core/gemm.h"
#include "ops/columns.h"
#include "ops/linear_shape.h"
#include "ops/norm_rows.h"
#include "ops/ops.h"
#include "ops/partial_sums.h"
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

/* Where pieces of the rows of the weight find what they need. */
typedef struct weight_work {
    const dat_node *n;
    dat_real *folded, *offset;        /* forward's results: W g, and W s + b */
    const dat_real *product, *sums;   /* backward's inputs: dy^T n, and the column sums of dy */
    dat_real *gain_sums, *shift_sums; /* of each piece */
} weight_work;

static void fold_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const weight_work *work = context;
    const dat_node *n = work->n;
    const dat_tensor *weight = n->in[WEIGHT];
    const dat_real *gain = n->in[GAIN]->data, *shift = n->in[SHIFT]->data;
    int64_t in = weight->shape[1];
    for (int64_t o = start; o < end; o++) {
        const dat_real *row = weight->data + o * in;
        dat_real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < in; j++) {
            work->folded[o * in + j] = row[j] * gain[j];
            sum += row[j] * shift[j];
        }
        work->offset[o] = sum + n->in[BIAS]->data[o];
    }
}

static dat_pieces weight_pieces(const dat_node *n)
{
    return dat_pieces_of(n->in[WEIGHT]->shape[0], dat_min_rows(n->in[WEIGHT]->shape[1]));
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
    dat_parallel(weight_pieces(n), fold_piece, &(weight_work){.n = n, .folded = folded, .offset = offset});
    dat_parallel(dat_pieces_of(rows, dat_min_rows(in)), normalise_piece, n);
    dat_gemm_onto_row(rows, out, in, (dat_matrix){normal, in, false}, (dat_matrix){folded, in, true}, offset,
                      n->out->data, out);
}

/* With G = dy^T n and t = the column sums of dy: dW = G g + t s^T, dg_j = sum_o W_oj G_oj, ds = W^T t. */
static void backward_weight_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const weight_work *work = context;
    const dat_tensor *weight = work->n->in[WEIGHT];
    const dat_real *gain = work->n->in[GAIN]->data, *shift = work->n->in[SHIFT]->data;
    int64_t in = weight->shape[1];
    dat_real *gain_sums = work->gain_sums + piece * in, *shift_sums = work->shift_sums + piece * in;
    for (int64_t o = start; o < end; o++) {
        const dat_real *g = work->product + o * in, *w = weight->data + o * in;
        dat_real *dw = weight->grad ? weight->grad + o * in : NULL, t = work->sums[o];
        for (int64_t j = 0; dw && j < in; j++)
            dw[j] += g[j] * gain[j] + t * shift[j];
#pragma omp simd
        for (int64_t j = 0; j < in; j++) {
            gain_sums[j] += w[j] * g[j];
            shift_sums[j] += w[j] * t;
        }
    }
}

static void norm_linear_backward_params(dat_node *n, const dat_real *product, const dat_real *sums)
{
    const dat_tensor *gain = n->in[GAIN], *shift = n->in[SHIFT], *bias = n->in[BIAS];
    int64_t in = n->in[WEIGHT]->shape[1];
    dat_pieces pieces = weight_pieces(n);
    weight_work work = {.n = n,
                        .product = product,
                        .sums = sums,
                        .gain_sums = dat_partial_sums(n->tape, pieces, in),
                        .shift_sums = dat_partial_sums(n->tape, pieces, in)};
    if (!work.gain_sums || !work.shift_sums)
        return;
    dat_parallel(pieces, backward_weight_piece, &work);
    if (gain->grad)
        dat_add_partial_sums(work.gain_sums, pieces, in, gain->grad);
    if (shift->grad)
        dat_add_partial_sums(work.shift_sums, pieces, in, shift->grad);
    if (bias->grad)
        dat_accumulate(bias->grad, sums, dat_count(bias));
}

typedef struct input_work {
    const dat_node *n;
    const dat_real *dn; /* dy (W g) */
} input_work;

/* dx = rstd (h - mean(h) - n mean(h n)) with h = dy (W g), per row. */
static void backward_input_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const input_work *work = context;
    const dat_tensor *x = work->n->in[X];
    int64_t width = dat_width(x);
    const dat_real *rstd = work->n->saved + dat_count(x);
    bool fresh = dat_is_fresh(work->n, X);
    for (int64_t r = start; r < end; r++) {
        const dat_real *normal = work->n->saved + r * width, *dn = work->dn + r * width;
        dat_real *dx = x->grad + r * width, sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
        for (int64_t j = 0; j < width; j++) {
            sum += dn[j];
            dot += dn[j] * normal[j];
        }
        sum /= (dat_real)width;
        dot /= (dat_real)width;
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            dx[j] = (fresh ? 0 : dx[j]) + rstd[r] * (dn[j] - sum - normal[j] * dot);
    }
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
    dat_parallel(dat_pieces_of(rows, dat_min_rows(in)), backward_input_piece, &(input_work){n, dn});
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
