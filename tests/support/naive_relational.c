/* Relational attention, from the formulas of ops/relational_attention.c. */
#include <string.h>

#include "core/gemm.h"
#include "support/naive_attention.h"
#include "support/naive_heads.h"
#include "util/parallel.h"

typedef struct naive_args {
    naive_scores attention, relation;
    naive_values values;
    double dropout;
    dat_real *scores, *relations;
} naive_args;

typedef struct naive_call {
    const dat_node *n;
    naive_args args;
    const dat_tensor *wr;
    int64_t batch, length, keys, square, n_heads, R, head_dim;
    dat_dropout_mask mask;
    dat_real *p, *r, *dots, *averages; /* saved: (B, n_heads or R, n, m) and (B, n, n_heads, R) */
    dat_real *dropped, *dp, *dr, *ddots, *dt;
    dat_real *wr_sums; /* (B) */
} naive_call;

static naive_call call_of(const dat_node *n)
{
    naive_call c = {.n = n, .args = *(const naive_args *)n->args, .wr = n->in[5]};
    c.batch = n->in[0]->shape[0];
    c.length = n->in[0]->shape[1];
    c.keys = n->in[1]->shape[1];
    c.square = c.length * c.keys;
    c.n_heads = c.wr->shape[0];
    c.head_dim = c.wr->shape[1];
    c.R = c.wr->shape[2];
    c.mask = dat_dropout_mask_of(n, c.args.dropout);
    return c;
}

static int64_t averages_count(const naive_call *c)
{
    return c->batch * c->length * c->n_heads * c->R;
}

static int64_t naive_saved(const dat_node *n)
{
    naive_call c = call_of(n);
    int64_t relations = (naive_keeps_dots(&c.args.relation) ? 2 : 1) * c.R;
    return c.batch * (c.n_heads + relations) * c.square + averages_count(&c);
}

static naive_call saved_call_of(const dat_node *n)
{
    naive_call c = call_of(n);
    c.p = n->saved;
    c.averages = c.p + c.batch * c.n_heads * c.square;
    c.r = c.averages + averages_count(&c);
    c.dots = c.r + (naive_keeps_dots(&c.args.relation) ? c.batch * c.R * c.square : 0);
    return c;
}

static bool naive_shape(dat_tape *tape, dat_node *n)
{
    (void)tape;
    return dat_shape_set(
        n->out, 3,
        (int64_t[]){n->in[0]->shape[0], n->in[0]->shape[1], n->in[5]->shape[0] * n->in[5]->shape[1]});
}

/* The probabilities of an item as attention uses them. */
static const dat_real *dropped_probabilities(const naive_call *c, int64_t b)
{
    int64_t count = c->n_heads * c->square, first = b * count;
    if (!c->mask.threshold)
        return c->p + first;
    naive_dropout(c->mask, first, count, c->p + first, c->dropped + first);
    return c->dropped + first;
}

/* Row i of all matrices of one kind. */
static dat_matrix position(const naive_call *c, const dat_real *matrices, int64_t i)
{
    return (dat_matrix){matrices + i * c->keys, c->square, false};
}

static dat_matrix transposed(dat_matrix a)
{
    a.transposed = true;
    return a;
}

static void forward_item(const naive_call *c, int64_t b)
{
    int64_t width = c->n_heads * c->head_dim, heads = b * c->n_heads * c->square,
            relations = b * c->R * c->square;
    dat_real *averages = c->averages + b * c->length * c->n_heads * c->R;
    for (int64_t h = 0; h < c->n_heads; h++)
        naive_weights(&c->args.attention, b, h, NULL, c->p + heads + h * c->square);
    for (int64_t l = 0; l < c->R; l++) {
        int64_t start = relations + l * c->square;
        naive_weights(&c->args.relation, b, l, c->dots + start, c->r + start);
    }
    const dat_real *p = dropped_probabilities(c, b);
    for (int64_t i = 0; i < c->length; i++)
        dat_gemm_serial(c->n_heads, c->R, c->keys, 1, position(c, p, i),
                        transposed(position(c, c->r + relations, i)), 0, averages + i * c->n_heads * c->R,
                        c->R);
    for (int64_t h = 0; h < c->n_heads; h++) {
        dat_real *out = c->n->out->data + b * c->length * width + h * c->head_dim;
        naive_values_sum(&c->args.values, b, h, p + h * c->square, out, width);
        dat_gemm_serial(c->length, c->head_dim, c->R, 1,
                        (dat_matrix){averages + h * c->R, c->n_heads * c->R, false},
                        (dat_matrix){c->wr->data + h * c->head_dim * c->R, c->R, true}, 1, out, width);
    }
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    for (int64_t b = start; b < end; b++)
        forward_item(context, b);
}

static void write_relations(const naive_call *c)
{
    for (int64_t b = 0; b < c->batch; b++)
        for (int64_t l = 0; l < c->R; l++)
            for (int64_t ij = 0; ij < c->square; ij++)
                c->args.relations[(b * c->square + ij) * c->R + l] = c->r[(b * c->R + l) * c->square + ij];
}

static void naive_forward(dat_node *n)
{
    naive_call c = saved_call_of(n);
    int64_t probabilities = c.batch * c.n_heads * c.square;
    c.dropped = dat_tape_scratch(n->tape, c.mask.threshold ? probabilities : 0);
    dat_parallel(dat_pieces_of(c.batch, 1), forward_piece, &c);
    if (c.args.scores)
        memcpy(c.args.scores, c.p, (size_t)probabilities * sizeof *c.p);
    if (c.args.relations)
        write_relations(&c);
}

static void backward_item(const naive_call *c, int64_t b)
{
    int64_t width = c->n_heads * c->head_dim, H = c->n_heads, R = c->R;
    int64_t heads = b * H * c->square, relations = b * R * c->square, averages = b * c->length * H * R;
    const dat_real *p = dropped_probabilities(c, b);
    dat_real *dp = c->dp + heads, *dr = c->dr + relations, *dt = c->dt + averages;
    for (int64_t h = 0; h < H; h++) {
        const dat_real *dout = c->n->out->grad + b * c->length * width + h * c->head_dim;
        dat_gemm_serial(c->length, R, c->head_dim, 1, (dat_matrix){dout, width, false},
                        (dat_matrix){c->wr->data + h * c->head_dim * R, R, false}, 0, dt + h * R, H * R);
        dat_gemm_serial(c->head_dim, R, c->length, 1, (dat_matrix){dout, width, true},
                        (dat_matrix){c->averages + averages + h * R, H * R, false}, 0,
                        c->wr_sums + b * dat_count(c->wr) + h * c->head_dim * R, R);
        naive_values_backward(&c->args.values, b, h, p + h * c->square, dout, width, dp + h * c->square);
    }
    for (int64_t i = 0; i < c->length; i++) {
        dat_matrix dt_i = {dt + i * H * R, R, false};
        dat_gemm_serial(H, c->keys, R, 1, dt_i, position(c, c->r + relations, i), 1, dp + i * c->keys,
                        c->square);
        dat_gemm_serial(R, c->keys, H, 1, transposed(dt_i), position(c, p, i), 0, dr + i * c->keys,
                        c->square);
    }
    for (int64_t l = 0; l < R; l++) {
        int64_t start = relations + l * c->square;
        naive_weights_backward(&c->args.relation, b, l, c->dots + start, c->r + start, c->dr + start,
                               c->ddots + b * c->square);
    }
    for (int64_t h = 0; h < H; h++) {
        int64_t start = heads + h * c->square;
        if (c->mask.threshold)
            naive_dropout(c->mask, start, c->square, c->dp + start, c->dp + start);
        naive_weights_backward(&c->args.attention, b, h, NULL, c->p + start, c->dp + start, NULL);
    }
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    for (int64_t b = start; b < end; b++)
        backward_item(context, b);
}

static void naive_backward(dat_node *n)
{
    naive_call c = saved_call_of(n);
    int64_t probabilities = c.batch * c.n_heads * c.square;
    c.dropped = dat_tape_scratch(n->tape, c.mask.threshold ? probabilities : 0);
    c.dp = dat_tape_scratch(n->tape, probabilities);
    c.dr = dat_tape_scratch(n->tape, c.batch * c.R * c.square);
    c.ddots = dat_tape_scratch(n->tape, c.batch * c.square);
    c.dt = dat_tape_scratch(n->tape, averages_count(&c));
    c.wr_sums = dat_tape_scratch(n->tape, c.batch * dat_count(c.wr));
    dat_pieces pieces = dat_pieces_of(c.batch, 1);
    if (naive_is_shared(c.args.values.columns.tensor, c.batch) ||
        c.args.values.layout != DAT_SYMBOLS_BY_SENDER)
        pieces.count = 1;
    dat_parallel(pieces, backward_piece, &c);
    for (int64_t i = 0; i < c.batch * dat_count(c.wr) && c.wr->grad; i++)
        c.wr->grad[i % dat_count(c.wr)] += c.wr_sums[i];
}

static const dat_op naive_relational_op = {
    .name = "naive_relational_attention",
    .required = 6,
    .shape = naive_shape,
    .saved = naive_saved,
    .forward = naive_forward,
    .backward = naive_backward,
};

dat_tensor *naive_relational_attention_core(dat_tape *tape, dat_columns query, dat_columns key,
                                            dat_columns query_rel, dat_columns key_rel, dat_tensor *symbols,
                                            dat_tensor *wr, const dat_relational_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, query_rel.tensor, key_rel.tensor, symbols, wr};
    naive_args all = {
        .attention = naive_scores_of(query, key, &args->attention),
        .relation =
            {
                .query = query_rel,
                .key = key_rel,
                .n_heads = args->n_relations,
                .n_key_heads = args->n_relations,
                .scale = args->relation_scale,
                .pointwise = !args->relation_softmax,
                .activation = args->relation_activation,
                .key_lengths = args->attention.key_lengths,
            },
        .values = naive_values_of(dat_all_columns(symbols), query.tensor->shape[1], key.tensor->shape[1],
                                  &args->attention),
        .dropout = args->attention.dropout,
        .scores = args->attention.scores,
        .relations = args->relations,
    };
    return dat_tape_apply(tape, &naive_relational_op, in, 6, &all, sizeof all);
}
