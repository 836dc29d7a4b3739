/* Cross-entropy from logits. With p = softmax(z), smoothing s over K classes and target t:
 *   loss = -(1 - s) log p_t - s/K sum_k log p_k,   dz = p - (1 - s) onehot(t) - s/K,
 * averaged over the rows whose target is not ignored. */
#include <inttypes.h>

#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/softmax.h"

static bool cross_entropy_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *logits = n->in[0];
    const dat_cross_entropy_args *args = n->args;
    int64_t classes = dat_width(logits);
    for (int64_t r = 0; r < dat_rows(logits); r++) {
        int32_t target = args->targets[r];
        if (target != args->ignore_index && (target < 0 || target >= classes))
            return dat_fail(tape,
                            "cross_entropy: target %" PRId32 " of row %" PRId64 " is not one of %" PRId64
                            " classes",
                            target, r, classes);
    }
    return dat_shape_set(n->out, 0, NULL);
}

static int64_t counted_rows(const dat_node *n)
{
    const dat_cross_entropy_args *args = n->args;
    int64_t counted = 0;
    for (int64_t r = 0; r < dat_rows(n->in[0]); r++)
        counted += args->targets[r] != args->ignore_index;
    return counted;
}

/* The probabilities of every row. */
static int64_t cross_entropy_saved(const dat_node *n)
{
    return dat_count(n->in[0]);
}

/* Loss of one row; leaves its probabilities in p. */
static double row_loss(const dat_real *z, int64_t classes, int32_t target, double smoothing, dat_real *p)
{
    dat_real top = z[0];
    for (int64_t k = 1; k < classes; k++)
        top = z[k] > top ? z[k] : top;
    double sum = 0, mean = 0;
    for (int64_t k = 0; k < classes; k++) {
        sum += exp((double)z[k] - (double)top);
        mean += (double)z[k] / (double)classes;
        p[k] = z[k];
    }
    dat_softmax_row(p, classes);
    double log_sum = (double)top + log(sum);
    return log_sum - (1 - smoothing) * (double)z[target] - smoothing * mean;
}

static void cross_entropy_forward(dat_node *n)
{
    const dat_tensor *logits = n->in[0];
    const dat_cross_entropy_args *args = n->args;
    int64_t classes = dat_width(logits), counted = counted_rows(n);
    double total = 0;
    for (int64_t r = 0; r < dat_rows(logits); r++)
        if (args->targets[r] != args->ignore_index)
            total += row_loss(logits->data + r * classes, classes, args->targets[r], args->label_smoothing,
                              n->saved + r * classes);
    n->out->data[0] = counted ? (dat_real)(total / (double)counted) : 0;
}

static void cross_entropy_backward(dat_node *n)
{
    const dat_tensor *logits = n->in[0];
    const dat_cross_entropy_args *args = n->args;
    int64_t classes = dat_width(logits), counted = counted_rows(n);
    dat_real scale = counted ? n->out->grad[0] / (dat_real)counted : 0;
    dat_real on_target = (dat_real)(1 - args->label_smoothing);
    dat_real everywhere = (dat_real)(args->label_smoothing / (double)classes);
    for (int64_t r = 0; r < dat_rows(logits); r++) {
        if (args->targets[r] == args->ignore_index)
            continue;
        const dat_real *p = n->saved + r * classes;
        dat_real *dz = logits->grad + r * classes;
        for (int64_t k = 0; k < classes; k++)
            dz[k] += scale * (p[k] - everywhere);
        dz[args->targets[r]] -= scale * on_target;
    }
}

const dat_op dat_op_cross_entropy = {
    .name = "cross_entropy",
    .required = 1,
    .shape = cross_entropy_shape,
    .saved = cross_entropy_saved,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
};

dat_tensor *dat_cross_entropy(dat_tape *tape, dat_tensor *logits, const dat_cross_entropy_args *args)
{
    return dat_tape_apply(tape, &dat_op_cross_entropy, &logits, 1, args, sizeof *args);
}
