/* Relations with the neighbours in a sequence: per position and head, r_t = q_i . k_(i + o_t), clamped to the
 * sequence, or softmax_t(scale r_t) of them. Backward: dq_i += dr_t k_j, dk_j += dr_t q_i. */
#include <inttypes.h>

#include "ops/attention_heads.h"
#include "ops/registry.h"
#include "ops/softmax.h"
#include "util/parallel.h"

enum { QUERY, KEY, N_PROJECTIONS };

typedef struct op_args {
    dat_neighbour_args neighbours;
    dat_columns columns[N_PROJECTIONS];
} op_args;

int64_t dat_neighbour_count(const dat_neighbour_args *args)
{
    return (args->causal ? 1 : 2) * args->distance + args->include_self;
}

static const dat_neighbour_args *neighbours_of(const dat_node *n)
{
    return &((const op_args *)n->args)->neighbours;
}

/* The t-th neighbour of position i of `length`. */
static int64_t neighbour(const dat_neighbour_args *args, int64_t length, int64_t i, int64_t t)
{
    int64_t j = args->causal ? i - t - !args->include_self : i - args->distance + t;
    if (!args->causal && !args->include_self && t >= args->distance)
        j++;
    return j < 0 ? 0 : j >= length ? length - 1 : j;
}

static bool neighbour_shape(dat_tape *tape, dat_node *n)
{
    const dat_neighbour_args *args = neighbours_of(n);
    dat_columns q = ((const op_args *)n->args)->columns[QUERY], k = ((const op_args *)n->args)->columns[KEY];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (args->distance < 0 || dat_neighbour_count(args) < 1)
        return dat_fail(tape, "%s: a distance of %" PRId64 " leaves no neighbours", n->op->name,
                        args->distance);
    if (q.tensor->rank != 3 || k.tensor->rank != 3 || q.tensor->shape[0] != k.tensor->shape[0] ||
        q.tensor->shape[1] != k.tensor->shape[1] || q.width != k.width)
        return dat_fail(tape, "%s: query %s is %s but key %s is %s", n->op->name, q.tensor->name,
                        dat_shape_text(q.tensor, left), k.tensor->name, dat_shape_text(k.tensor, right));
    if (args->n_heads < 1 || q.width % args->n_heads)
        return dat_fail(tape, "%s: %" PRId64 " columns of query %s do not split into %" PRId64 " heads",
                        n->op->name, q.width, q.tensor->name, args->n_heads);
    return dat_shape_set(
        n->out, 3,
        (int64_t[]){q.tensor->shape[0], q.tensor->shape[1], dat_neighbour_count(args) * args->n_heads});
}

static double neighbour_flops(const dat_node *n, bool backward)
{
    double dots = 2.0 * (double)dat_count(n->out) * (double)((const op_args *)n->args)->columns[QUERY].width /
                  (double)neighbours_of(n)->n_heads;
    return backward ? 2 * dots : dots;
}

/* Queries and keys as pieces read them. */
typedef struct neighbour_work {
    const dat_node *n;
    dat_heads query, key;
    int64_t length, count; /* of a sequence, of a position's neighbours */
    dat_real *scratch;     /* (pieces, count) */
} neighbour_work;

static neighbour_work work_of(const dat_node *n)
{
    const op_args *args = n->args;
    int64_t batch = n->out->shape[0], heads = args->neighbours.n_heads;
    return (neighbour_work){.n = n,
                            .query = dat_heads_of(args->columns[QUERY], heads, batch),
                            .key = dat_heads_of(args->columns[KEY], heads, batch),
                            .length = n->out->shape[1],
                            .count = dat_neighbour_count(&args->neighbours)};
}

/* The relations of head h of position i: `relations` of all its neighbours, one after the other. */
static void relate(const neighbour_work *work, int64_t b, int64_t i, int64_t h, dat_real *relations)
{
    const dat_neighbour_args *args = neighbours_of(work->n);
    int64_t dim = work->query.dim;
    const dat_real *q = work->query.data + b * work->query.item + i * work->query.stride + h * dim;
    for (int64_t t = 0; t < work->count; t++) {
        int64_t j = neighbour(args, work->length, i, t);
        const dat_real *k = work->key.data + b * work->key.item + j * work->key.stride + h * dim;
        dat_real dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t c = 0; c < dim; c++)
            dot += q[c] * k[c];
        relations[t] = args->softmax ? (dat_real)args->scale * dot : dot;
    }
    if (args->softmax)
        dat_softmax_row(relations, work->count);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const neighbour_work *work = context;
    int64_t heads = neighbours_of(work->n)->n_heads;
    dat_real *relations = work->scratch + piece * work->count;
    for (int64_t row = start; row < end; row++)
        for (int64_t h = 0; h < heads; h++) {
            relate(work, row / work->length, row % work->length, h, relations);
            for (int64_t t = 0; t < work->count; t++)
                work->n->out->data[(row * work->count + t) * heads + h] = relations[t];
        }
}

static void neighbour_forward(dat_node *n)
{
    neighbour_work work = work_of(n);
    dat_pieces pieces = dat_pieces_of(dat_rows(n->out), dat_min_rows(work.query.width * work.count));
    work.scratch = dat_tape_scratch(n->tape, pieces.count * work.count);
    if (work.scratch)
        dat_parallel(pieces, forward_piece, &work);
}

/* The gradients at the dot products of head h of a row, from those at the relations. */
static void dots_backward(const neighbour_work *work, int64_t row, int64_t h, dat_real *relations,
                          dat_real *ddots)
{
    const dat_neighbour_args *args = neighbours_of(work->n);
    for (int64_t t = 0; t < work->count; t++) {
        int64_t place = (row * work->count + t) * args->n_heads + h;
        relations[t] = work->n->out->data[place];
        ddots[t] = work->n->out->grad[place];
    }
    if (!args->softmax)
        return;
    dat_softmax_row_backward(relations, ddots, work->count);
    for (int64_t t = 0; t < work->count; t++)
        ddots[t] *= (dat_real)args->scale;
}

static void add_scaled(dat_real *sum, dat_real scale, const dat_real *x, int64_t count)
{
#pragma omp simd
    for (int64_t c = 0; c < count; c++)
        sum[c] += scale * x[c];
}

static void backward_position(const neighbour_work *work, int64_t b, int64_t i, int64_t h, dat_real *scratch)
{
    dat_real *ddots = scratch + work->count;
    int64_t dim = work->query.dim, q = b * work->query.item + i * work->query.stride + h * dim;
    dots_backward(work, b * work->length + i, h, scratch, ddots);
    for (int64_t t = 0; t < work->count; t++) {
        int64_t j = neighbour(neighbours_of(work->n), work->length, i, t);
        int64_t k = b * work->key.item + j * work->key.stride + h * dim;
        if (work->query.grad)
            add_scaled(work->query.grad + q, ddots[t], work->key.data + k, dim);
        if (work->key.grad)
            add_scaled(work->key.grad + k, ddots[t], work->query.data + q, dim);
    }
}

/* Positions share neighbours, so a piece is some sequences. */
static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const neighbour_work *work = context;
    dat_real *scratch = work->scratch + 2 * piece * work->count;
    for (int64_t b = start; b < end; b++)
        for (int64_t i = 0; i < work->length; i++)
            for (int64_t h = 0; h < neighbours_of(work->n)->n_heads; h++)
                backward_position(work, b, i, h, scratch);
}

static void neighbour_backward(dat_node *n)
{
    neighbour_work work = work_of(n);
    dat_pieces pieces = dat_pieces_of(n->out->shape[0], 1);
    work.scratch = dat_tape_scratch(n->tape, 2 * pieces.count * work.count);
    if (work.scratch)
        dat_parallel(pieces, backward_piece, &work);
}

const dat_op dat_op_neighbour_relations = {
    .name = "neighbour_relations",
    .required = N_PROJECTIONS,
    .shape = neighbour_shape,
    .flops = neighbour_flops,
    .forward = neighbour_forward,
    .backward = neighbour_backward,
};

dat_tensor *dat_neighbour_relations(dat_tape *tape, dat_columns query, dat_columns key,
                                    const dat_neighbour_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor};
    op_args all = {*args, {query, key}};
    return dat_tape_apply(tape, &dat_op_neighbour_relations, in, N_PROJECTIONS, &all, sizeof all);
}
