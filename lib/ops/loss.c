/* Cross-entropy from logits. With p = softmax(z), smoothing s over K classes and target y, which is one class
 * or w of one and 1 - w of another:
 *   loss = -(1 - s) sum_k y_k log p_k - s/K sum_k log p_k,   dz = p - (1 - s) y - s/K,
 * averaged over the rows whose target is not ignored. */
#include <inttypes.h>
#include <string.h>

#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/vector_math.h"
#include "util/parallel.h"

/* Classes whose terms are summed in single precision. */
enum { BLOCK = 1024 };

static bool check_target(dat_tape *tape, int32_t target, int64_t row, int64_t classes)
{
    return (target >= 0 && target < classes) ||
           dat_fail(tape,
                    "cross_entropy: target %" PRId32 " of row %" PRId64 " is not one of %" PRId64 " classes",
                    target, row, classes);
}

static bool cross_entropy_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *logits = n->in[0];
    const dat_cross_entropy_args *args = n->args;
    int64_t classes = dat_width(logits);
    for (int64_t r = 0; r < dat_rows(logits); r++) {
        if (args->targets[r] == args->ignore_index)
            continue;
        if (!check_target(tape, args->targets[r], r, classes))
            return false;
        if (!args->second_targets)
            continue;
        if (!check_target(tape, args->second_targets[r], r, classes))
            return false;
        double weight = (double)args->weights[r];
        if (!(weight >= 0 && weight <= 1))
            return dat_fail(tape, "cross_entropy: weight %g of row %" PRId64 " is not in [0, 1]", weight, r);
    }
    return dat_shape_set(n->out, 0, NULL);
}

/* A row's target: `first` with `weight`, `second` with the rest. */
typedef struct row_target {
    int32_t first, second;
    double weight;
} row_target;

static row_target target_of(const dat_cross_entropy_args *args, int64_t row)
{
    int32_t first = args->targets[row];
    if (!args->second_targets)
        return (row_target){first, first, 1};
    return (row_target){first, args->second_targets[row], (double)args->weights[row]};
}

static int64_t counted_rows(const dat_node *n)
{
    const dat_cross_entropy_args *args = n->args;
    int64_t counted = 0;
    for (int64_t r = 0; r < dat_rows(n->in[0]); r++)
        counted += args->targets[r] != args->ignore_index;
    return counted;
}

/* The log-sum-exp of every row: probabilities are p = exp(z - lse). */
static int64_t cross_entropy_saved(const dat_node *n)
{
    return dat_rows(n->in[0]);
}

static double log_sum_exp(const dat_real *z, int64_t classes)
{
    dat_real top = z[0];
#pragma omp simd reduction(max : top)
    for (int64_t k = 0; k < classes; k++)
        top = z[k] > top ? z[k] : top;
    double sum = 0;
    for (int64_t start = 0; start < classes;
         start += BLOCK) { /* a long sum of single precision would drift */
        int64_t end = start + BLOCK < classes ? start + BLOCK : classes;
        dat_real part = 0;
#pragma omp simd reduction(+ : part)
        for (int64_t k = start; k < end; k++)
            part += dat_exp(z[k] - top);
        sum += (double)part;
    }
    return (double)top + log(sum);
}

static double mean_of(const dat_real *z, int64_t classes)
{
    double sum = 0;
    for (int64_t k = 0; k < classes; k++)
        sum += (double)z[k];
    return sum / (double)classes;
}

typedef struct loss_work {
    dat_node *n;
    double *totals; /* of each piece */
} loss_work;

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const loss_work *work = context;
    const dat_cross_entropy_args *args = work->n->args;
    int64_t classes = dat_width(work->n->in[0]);
    double smoothing = args->label_smoothing, total = 0;
    for (int64_t r = start; r < end; r++) {
        const dat_real *z = work->n->in[0]->data + r * classes;
        if (args->targets[r] == args->ignore_index)
            continue;
        double lse = log_sum_exp(z, classes);
        work->n->saved[r] = (dat_real)lse;
        row_target y = target_of(args, r);
        total +=
            lse - (1 - smoothing) * (y.weight * (double)z[y.first] + (1 - y.weight) * (double)z[y.second]);
        if (smoothing > 0)
            total -= smoothing * mean_of(z, classes);
    }
    work->totals[piece] = total;
}

static dat_pieces row_pieces(const dat_node *n)
{
    return dat_pieces_of(dat_rows(n->in[0]), dat_min_rows(dat_width(n->in[0])));
}

static void cross_entropy_forward(dat_node *n)
{
    dat_pieces pieces = row_pieces(n);
    int64_t counted = counted_rows(n);
    loss_work work = {n, dat_tape_take(n->tape, (size_t)pieces.count * sizeof(double))};
    double total = 0;
    if (!work.totals)
        return;
    dat_parallel(pieces, forward_piece, &work);
    for (int64_t piece = 0; piece < pieces.count; piece++)
        total += work.totals[piece];
    n->out->data[0] = counted ? (dat_real)(total / (double)counted) : 0;
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_cross_entropy_args *args = n->args;
    int64_t classes = dat_width(n->in[0]), counted = counted_rows(n);
    dat_real scale = counted ? n->out->grad[0] / (dat_real)counted : 0;
    dat_real everywhere = (dat_real)(args->label_smoothing / (double)classes);
    for (int64_t r = start; r < end; r++) {
        const dat_real *z = n->in[0]->data + r * classes, lse = n->saved[r];
        dat_real *dz = n->in[0]->grad + r * classes;
        if (dat_is_fresh(n, 0))
            memset(dz, 0, (size_t)classes * sizeof(dat_real));
        if (args->targets[r] == args->ignore_index)
            continue;
#pragma omp simd
        for (int64_t k = 0; k < classes; k++)
            dz[k] += scale * (dat_exp(z[k] - lse) - everywhere);
        row_target y = target_of(args, r);
        dz[y.first] -= scale * (dat_real)((1 - args->label_smoothing) * y.weight);
        dz[y.second] -= scale * (dat_real)((1 - args->label_smoothing) * (1 - y.weight));
    }
}

static void cross_entropy_backward(dat_node *n)
{
    dat_parallel(row_pieces(n), backward_piece, n);
}

const dat_op dat_op_cross_entropy = {
    .name = "cross_entropy",
    .required = 1,
    .shape = cross_entropy_shape,
    .saved = cross_entropy_saved,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
    .first_grad = dat_first_input_written,
};

dat_tensor *dat_cross_entropy(dat_tape *tape, dat_tensor *logits, const dat_cross_entropy_args *args)
{
    return dat_tape_apply(tape, &dat_op_cross_entropy, &logits, 1, args, sizeof *args);
}
