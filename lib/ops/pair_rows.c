/* One row for every pair of positions, looked up by their distance. */
#include <inttypes.h>
#include <string.h>

#include "ops/columns.h"
#include "ops/ops.h"
#include "ops/registry.h"

typedef struct pair_args {
    int64_t queries, keys;
} pair_args;

static bool pair_rows_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *table = n->in[0];
    const pair_args *args = n->args;
    char text[DAT_SHAPE_TEXT_SIZE];
    if (table->rank != 2 || table->shape[0] % 2 != 1)
        return dat_fail(tape, "pair_rows: %s is %s, expected (2 max_distance + 1, width)", table->name,
                        dat_shape_text(table, text));
    if (args->queries < 1 || args->keys < 1)
        return dat_fail(tape, "pair_rows: %" PRId64 " queries and %" PRId64 " keys of %s must be at least 1",
                        args->queries, args->keys, table->name);
    return dat_shape_set(n->out, 3, (int64_t[]){args->queries, args->keys, table->shape[1]});
}

/* Where the pair (i, j) of the output finds its row in the table. */
static int64_t table_offset(const dat_node *n, int64_t pair)
{
    const pair_args *args = n->args;
    int64_t farthest = n->in[0]->shape[0] / 2, distance = pair % args->keys - pair / args->keys;
    distance = distance > farthest ? farthest : distance < -farthest ? -farthest : distance;
    return (distance + farthest) * n->in[0]->shape[1];
}

static void pair_rows_forward(dat_node *n)
{
    int64_t width = dat_width(n->out);
    for (int64_t pair = 0; pair < dat_rows(n->out); pair++)
        memcpy(n->out->data + pair * width, n->in[0]->data + table_offset(n, pair),
               (size_t)width * sizeof(dat_real));
}

static void pair_rows_backward(dat_node *n)
{
    int64_t width = dat_width(n->out);
    for (int64_t pair = 0; pair < dat_rows(n->out); pair++)
        dat_accumulate(n->in[0]->grad + table_offset(n, pair), n->out->grad + pair * width, width);
}

const dat_op dat_op_pair_rows = {
    .name = "pair_rows",
    .required = 1,
    .shape = pair_rows_shape,
    .forward = pair_rows_forward,
    .backward = pair_rows_backward,
};

dat_tensor *dat_pair_rows(dat_tape *tape, dat_tensor *table, int64_t queries, int64_t keys)
{
    pair_args args = {queries, keys};
    return dat_tape_apply(tape, &dat_op_pair_rows, &table, 1, &args, sizeof args);
}
