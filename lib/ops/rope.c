/* Rotary embedding: (a, b) -> (a cos - b sin, a sin + b cos) for every pair of a head; backward rotates back.
 */
#include <inttypes.h>

#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

enum { X, COSINES, SINES };

typedef struct rope_args {
    dat_columns x;
    int64_t n_heads;
} rope_args;

static bool rope_shape(dat_tape *tape, dat_node *n)
{
    const rope_args *args = n->args;
    const dat_tensor *x = n->in[X], *cosines = n->in[COSINES];
    char text[DAT_SHAPE_TEXT_SIZE];
    if (x->rank != 3 || args->n_heads < 1 || args->x.width % (2 * args->n_heads) ||
        args->x.first + args->x.width > x->shape[2])
        return dat_fail(tape, "rope: %s is %s, expected (batch, length, %" PRId64 " heads of even width)",
                        x->name, dat_shape_text(x, text), args->n_heads);
    if (!dat_same_shape(cosines, n->in[SINES]) || cosines->rank != 2 || cosines->shape[0] < x->shape[1] ||
        cosines->shape[1] * 2 * args->n_heads != args->x.width)
        return dat_fail(tape,
                        "rope: %s has %" PRId64 " positions and heads of %" PRId64 ", the angle table is %s",
                        x->name, x->shape[1], args->x.width / args->n_heads, dat_shape_text(cosines, text));
    return dat_shape_set(n->out, 3, (int64_t[]){x->shape[0], x->shape[1], args->x.width});
}

/* to[row] (+)= from[row] rotated by +angle (direction 1) or -angle (-1). */
typedef struct rotation {
    const dat_node *n;
    const dat_real *from;
    int64_t from_stride;
    dat_real direction;
    bool add;
    dat_real *to;
    int64_t to_stride;
} rotation;

static void rotate_head(const rotation *r, int64_t position, const dat_real *from, dat_real *to)
{
    int64_t half = r->n->in[COSINES]->shape[1];
    const dat_real *cosines = r->n->in[COSINES]->data + position * half;
    const dat_real *sines = r->n->in[SINES]->data + position * half;
    for (int64_t k = 0; k < half; k++) {
        dat_real sine = r->direction * sines[k];
        dat_real first = from[2 * k] * cosines[k] - from[2 * k + 1] * sine;
        dat_real second = from[2 * k] * sine + from[2 * k + 1] * cosines[k];
        to[2 * k] = r->add ? to[2 * k] + first : first;
        to[2 * k + 1] = r->add ? to[2 * k + 1] + second : second;
    }
}

static void rotate_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const rotation *r = context;
    const rope_args *args = r->n->args;
    int64_t head_dim = args->x.width / args->n_heads, length = r->n->out->shape[1];
    for (int64_t row = start; row < end; row++)
        for (int64_t h = 0; h < args->n_heads; h++)
            rotate_head(r, row % length, r->from + row * r->from_stride + h * head_dim,
                        r->to + row * r->to_stride + h * head_dim);
}

static void rotate(rotation *r)
{
    const dat_tensor *out = r->n->out;
    dat_parallel(dat_pieces_of(dat_rows(out), dat_min_rows(dat_width(out))), rotate_piece, r);
}

static void rope_forward(dat_node *n)
{
    const dat_columns x = ((const rope_args *)n->args)->x;
    rotate(&(rotation){n, x.tensor->data + x.first, dat_width(x.tensor), 1, false, n->out->data, x.width});
}

static void rope_backward(dat_node *n)
{
    const dat_columns x = ((const rope_args *)n->args)->x;
    if (x.tensor->grad)
        rotate(
            &(rotation){n, n->out->grad, x.width, -1, true, x.tensor->grad + x.first, dat_width(x.tensor)});
}

const dat_op dat_op_rope = {
    .name = "rope",
    .required = 3,
    .shape = rope_shape,
    .forward = rope_forward,
    .backward = rope_backward,
};

dat_tensor *dat_rope(dat_tape *tape, dat_columns x, dat_tensor *cosines, dat_tensor *sines, int64_t n_heads)
{
    dat_tensor *in[] = {x.tensor, cosines, sines};
    rope_args args = {x, n_heads};
    return dat_tape_apply(tape, &dat_op_rope, in, 3, &args, sizeof args);
}
