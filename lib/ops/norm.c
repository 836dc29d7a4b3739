/* Normalisation over the last axis; the formulas are in norm_rows.h. */
#include <inttypes.h>

#include "ops/norm_rows.h"
#include "ops/ops.h"
#include "ops/partial_sums.h"
#include "ops/registry.h"

enum { X, GAIN, SHIFT };

static bool norm_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X];
    for (int i = GAIN; i < n->op->required; i++)
        if (dat_count(n->in[i]) != dat_width(x))
            return dat_fail(tape, "%s: %s is %" PRId64 " wide, %s has %" PRId64, n->op->name, x->name,
                            dat_width(x), n->in[i]->name, dat_count(n->in[i]));
    return dat_shape_like(n->out, x);
}

/* The moments of each row. */
static int64_t norm_saved(const dat_node *n)
{
    return 2 * dat_rows(n->in[X]);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *shift = n->in[SHIFT] ? n->in[SHIFT]->data : NULL;
    int64_t width = dat_width(n->out);
    for (int64_t r = start; r < end; r++) {
        dat_moments m = dat_norm_row(n->in[X]->data + r * width, width, n->in[GAIN]->data, shift,
                                     n->out->data + r * width);
        n->saved[2 * r] = m.mean;
        n->saved[2 * r + 1] = m.rstd;
    }
}

static void norm_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), forward_piece, n);
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
        dat_norm_row_backward(x->data + r * width, (dat_moments){n->saved[2 * r], n->saved[2 * r + 1]}, width,
                              n->in[GAIN]->data, n->in[SHIFT] != NULL, n->out->grad + r * width,
                              dat_is_fresh(n, X), x->grad ? x->grad + r * width : NULL,
                              sums->gain + piece * width, sums->shift + piece * width);
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
