/* Rows of tables: token embeddings and encodings of positions. */
#include <inttypes.h>
#include <string.h>

#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

/* --- embedding: out[b, i] = table[ids[b, i]],  dtable[v] = sum of dout over the places of v. --- */

static bool embedding_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *table = n->in[0];
    const dat_tokens *tokens = n->args;
    char text[DAT_SHAPE_TEXT_SIZE];
    if (table->rank != 2)
        return dat_fail(tape, "embedding: %s is %s, expected (rows, width)", table->name,
                        dat_shape_text(table, text));
    if (tokens->batch < 1 || tokens->length < 1)
        return dat_fail(tape,
                        "embedding: %" PRId64 " sequences of %" PRId64 " tokens; both must be at least 1",
                        tokens->batch, tokens->length);
    for (int64_t i = 0; i < tokens->batch * tokens->length; i++)
        if (tokens->ids[i] < 0 || tokens->ids[i] >= table->shape[0])
            return dat_fail(tape,
                            "embedding: token %" PRId64 " of sequence %" PRId64 " is %" PRId32
                            ", but %s has the rows 0 to %" PRId64,
                            i % tokens->length, i / tokens->length, tokens->ids[i], table->name,
                            table->shape[0] - 1);
    return dat_shape_set(n->out, 3, (int64_t[]){tokens->batch, tokens->length, table->shape[1]});
}

static void embedding_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tokens *tokens = n->args;
    int64_t width = dat_width(n->out);
    for (int64_t i = start; i < end; i++)
        memcpy(n->out->data + i * width, n->in[0]->data + tokens->ids[i] * width,
               (size_t)width * sizeof(dat_real));
}

static void embedding_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))), embedding_forward_piece,
                 n);
}

/* A piece is some columns of all rows, so that one thread adds to a row, in the order of its tokens. */
static void embedding_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tokens *tokens = n->args;
    int64_t width = dat_width(n->out);
    for (int64_t i = 0; i < dat_rows(n->out); i++)
        dat_accumulate(n->in[0]->grad + tokens->ids[i] * width + start, n->out->grad + i * width + start,
                       end - start);
}

static void embedding_backward(dat_node *n)
{
    enum { MIN_COLUMNS = 64 }; /* a few cache lines of each row */
    dat_parallel(dat_pieces_of(dat_width(n->out), MIN_COLUMNS), embedding_backward_piece, n);
}

const dat_op dat_op_embedding = {
    .name = "embedding",
    .required = 1,
    .shape = embedding_shape,
    .forward = embedding_forward,
    .backward = embedding_backward,
};

dat_tensor *dat_embedding(dat_tape *tape, dat_tensor *table, dat_tokens tokens)
{
    return dat_tape_apply(tape, &dat_op_embedding, &table, 1, &tokens, sizeof tokens);
}

/* --- add_positions: out[b, i] = scale x[b, i] + table[i]. --- */

enum { X, TABLE };

static bool add_positions_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[X], *table = n->in[TABLE];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (x->rank != 3 || table->rank != 2 || table->shape[1] != x->shape[2] || table->shape[0] < x->shape[1])
        return dat_fail(tape,
                        "add_positions: %s is %s but %s is %s, expected (batch, length, width) and (at least "
                        "length, width)",
                        x->name, dat_shape_text(x, left), table->name, dat_shape_text(table, right));
    return dat_shape_like(n->out, x);
}

static void add_positions_forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *table = n->in[TABLE]->data;
    dat_real scale = (dat_real) * (const double *)n->args;
    int64_t width = dat_width(n->out), length = n->out->shape[1];
    for (int64_t row = start; row < end; row++) {
        const dat_real *x = n->in[X]->data + row * width, *position = table + row % length * width;
        dat_real *out = n->out->data + row * width;
#pragma omp simd
        for (int64_t j = 0; j < width; j++)
            out[j] = scale * x[j] + position[j];
    }
}

static void add_positions_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(dat_rows(n->out), dat_min_rows(dat_width(n->out))),
                 add_positions_forward_piece, n);
}

static void add_positions_backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_real *dout = n->out->grad;
    dat_real scale = (dat_real) * (const double *)n->args, *dx = n->in[X]->grad;
    int64_t width = dat_width(n->out);
#pragma omp simd
    for (int64_t i = start * width; i < end * width; i++)
        dx[i] += scale * dout[i];
}

/* A piece is some positions of all sequences: one thread adds to a row of the table, in the batch's order. */
static void sum_positions_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    int64_t width = dat_width(n->out), length = n->out->shape[1];
    for (int64_t b = 0; b < n->out->shape[0]; b++)
        dat_accumulate(n->in[TABLE]->grad + start * width, n->out->grad + (b * length + start) * width,
                       (end - start) * width);
}

static void add_positions_backward(dat_node *n)
{
    int64_t least = dat_min_rows(dat_width(n->out));
    if (n->in[X]->grad)
        dat_parallel(dat_pieces_of(dat_rows(n->out), least), add_positions_backward_piece, n);
    if (n->in[TABLE]->grad)
        dat_parallel(dat_pieces_of(n->out->shape[1], least), sum_positions_piece, n);
}

const dat_op dat_op_add_positions = {
    .name = "add_positions",
    .required = 2,
    .shape = add_positions_shape,
    .forward = add_positions_forward,
    .backward = add_positions_backward,
};

dat_tensor *dat_add_positions(dat_tape *tape, dat_tensor *x, dat_tensor *table, double scale)
{
    dat_tensor *in[] = {x, table};
    return dat_tape_apply(tape, &dat_op_add_positions, in, 2, &scale, sizeof scale);
}
