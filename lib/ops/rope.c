/* Rotary embedding: (a, b) -> (a cos - b sin, a sin + b cos) for every pair of a head; backward rotates back. */
#include <inttypes.h>

#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

enum { X, COSINES, SINES };

static bool rope_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X], *cosines = n->in[COSINES];
    int64_t n_heads = *(const int64_t *)n->args;
    char text[DAT_SHAPE_TEXT_SIZE];
    if (x->rank != 3 || n_heads < 1 || x->shape[2] % (2 * n_heads))
        return dat_fail(tape, "rope: %s is %s, expected (batch, length, %" PRId64 " heads of even width)", x->name,
                        dat_shape_text(x, text), n_heads);
    if (!dat_same_shape(cosines, n->in[SINES]) || cosines->rank != 2 || cosines->shape[0] < x->shape[1] ||
        cosines->shape[1] * 2 * n_heads != x->shape[2])
        return dat_fail(tape, "rope: %s has %" PRId64 " positions and heads of %" PRId64 ", the angle table is %s",
                        x->name, x->shape[1], x->shape[2] / n_heads, dat_shape_text(cosines, text));
    return dat_shape_like(n->out, x);
}

/* out (+)= x rotated by +angle (direction 1) or -angle (-1). */
typedef struct rotation {
    const dat_node *n;
    const dat_real *x;
    dat_real direction;
    bool add;
    dat_real *out;
} rotation;

static void rotate_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const rotation *r = context;
    int64_t n_heads = *(const int64_t *)r->n->args;
    int64_t length = r->n->out->shape[1], half = r->n->in[COSINES]->shape[1];
    for (int64_t row = start; row < end; row++) {
        const dat_real *cosines = r->n->in[COSINES]->data + row % length * half;
        const dat_real *sines = r->n->in[SINES]->data + row % length * half;
        for (int64_t h = 0; h < n_heads; h++) {
            const dat_real *x = r->x + (row * n_heads + h) * 2 * half;
            dat_real *out = r->out + (row * n_heads + h) * 2 * half;
            for (int64_t k = 0; k < half; k++) {
                dat_real sine = r->direction * sines[k];
                dat_real first = x[2 * k] * cosines[k] - x[2 * k + 1] * sine;
                dat_real second = x[2 * k] * sine + x[2 * k + 1] * cosines[k];
                out[2 * k] = r->add ? out[2 * k] + first : first;
                out[2 * k + 1] = r->add ? out[2 * k + 1] + second : second;
            }
        }
    }
}

static void rotate(const dat_node *n, const dat_real *x, dat_real direction, bool add, dat_real *out)
{
    rotation r = {n, x, direction, add, out};
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), rotate_piece, &r);
}

static void rope_forward(dat_node *n)
{
    rotate(n, n->in[X]->data, 1, false, n->out->data);
}

static void rope_backward(dat_node *n)
{
    if (n->in[X]->grad)
        rotate(n, n->out->grad, -1, true, n->in[X]->grad);
}

const dat_op dat_op_rope = {
    .name = "rope",
    .required = 3,
    .shape = rope_shape,
    .forward = rope_forward,
    .backward = rope_backward,
};

dat_tensor *dat_rope(dat_tape *tape, dat_tensor *x, dat_tensor *cosines, dat_tensor *sines, int64_t n_heads)
{
    dat_tensor *in[] = {x, cosines, sines};
    return dat_tape_apply(tape, &dat_op_rope, in, 3, &n_heads, sizeof n_heads);
}
