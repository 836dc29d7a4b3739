/* Attention and disentangled relational cross-attention: weights W = M P R, with R = 1 in the first. */
#include "support/naive_attention.h"

#include <string.h>

#include "core/gemm.h"
#include "support/naive_heads.h"
#include "util/parallel.h"

typedef struct naive_args {
    naive_scores attention, relation;
    bool related;
    naive_values values;
    double dropout;
    dat_real *attention_sink, *relation_sink;
} naive_args;

/* One call; matrices of item b and head h are number b n_heads + h. */
typedef struct naive_call {
    const dat_node *n;
    naive_args args;
    int64_t batch, square, matrices;
    dat_dropout_mask mask;
    dat_real *p, *dots, *r, *rdots; /* saved */
    dat_real *scratch;              /* (batch, 4, n, m) */
} naive_call;

static naive_call call_of(const dat_node *n)
{
    naive_call c = {.n = n, .args = *(const naive_args *)n->args};
    c.batch = n->in[0]->shape[0];
    c.square = c.args.values.n * c.args.values.m;
    c.matrices = c.batch * c.args.values.n_heads * c.square;
    c.mask = dat_dropout_mask_of(n, c.args.dropout);
    return c;
}

/* How many matrices of each kind are saved. */
static int64_t kinds_of_attention(const naive_call *c)
{
    return naive_keeps_dots(&c->args.attention) ? 2 : 1;
}

static int64_t kinds_of_relations(const naive_call *c)
{
    return c->args.related ? (naive_keeps_dots(&c->args.relation) ? 2 : 1) : 0;
}

static naive_call saved_call_of(const dat_node *n)
{
    naive_call c = call_of(n);
    c.p = n->saved;
    c.dots = c.p + (kinds_of_attention(&c) - 1) * c.matrices;
    c.r = c.p + kinds_of_attention(&c) * c.matrices;
    c.rdots = c.r + (c.args.related ? kinds_of_relations(&c) - 1 : 0) * c.matrices;
    return c;
}

static int64_t naive_saved(const dat_node *n)
{
    naive_call c = call_of(n);
    return (kinds_of_attention(&c) + kinds_of_relations(&c)) * c.matrices;
}

static bool naive_shape(dat_tape *tape, dat_node *n)
{
    (void)tape;
    const naive_args *args = n->args;
    const naive_values *v = &args->values;
    return dat_shape_set(
        n->out, 3, (int64_t[]){n->in[0]->shape[0], v->n, v->n_heads * (v->columns.width / v->n_kv_heads)});
}

/* The weights that values get: in w, or those of attention themselves. */
static const dat_real *weigh(const naive_call *c, int64_t first, dat_real *w)
{
    const dat_real *weights = c->p + first;
    for (int64_t i = 0; i < c->square && c->args.related; i++)
        w[i] = c->p[first + i] * c->r[first + i];
    if (c->args.related)
        weights = w;
    if (!c->mask.threshold)
        return weights;
    naive_dropout(c->mask, first, c->square, weights, w);
    return w;
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const naive_call *c = context;
    const naive_values *v = &c->args.values;
    int64_t width = dat_width(c->n->out), dim = width / v->n_heads;
    for (int64_t b = start; b < end; b++)
        for (int64_t h = 0; h < v->n_heads; h++) {
            int64_t first = (b * v->n_heads + h) * c->square;
            naive_weights(&c->args.attention, b, h, c->dots + first, c->p + first);
            if (c->args.related)
                naive_weights(&c->args.relation, b, h, c->rdots + first, c->r + first);
            naive_values_sum(v, b, h, weigh(c, first, c->scratch + 4 * b * c->square),
                             c->n->out->data + b * v->n * width + h * dim, width);
        }
}

static void naive_forward(dat_node *n)
{
    naive_call c = saved_call_of(n);
    c.scratch = dat_tape_scratch(n->tape, 4 * c.batch * c.square);
    dat_parallel(dat_pieces_of(c.batch, 1), forward_piece, &c);
    if (c.args.attention_sink)
        memcpy(c.args.attention_sink, c.p, (size_t)c.matrices * sizeof *c.p);
    if (c.args.relation_sink)
        memcpy(c.args.relation_sink, c.r, (size_t)c.matrices * sizeof *c.r);
}

static void backward_head(const naive_call *c, int64_t b, int64_t h)
{
    const naive_values *v = &c->args.values;
    int64_t width = dat_width(c->n->out), first = (b * v->n_heads + h) * c->square;
    dat_real *w = c->scratch + 4 * b * c->square, *dp = w + c->square, *dr = dp + c->square;
    dat_real *scratch = dr + c->square;
    naive_values_backward(v, b, h, weigh(c, first, w),
                          c->n->out->grad + b * v->n * width + h * (width / v->n_heads), width, dp);
    if (c->mask.threshold)
        naive_dropout(c->mask, first, c->square, dp, dp);
    for (int64_t i = 0; i < c->square && c->args.related; i++) {
        dr[i] = dp[i] * c->p[first + i];
        dp[i] *= c->r[first + i];
    }
    naive_weights_backward(&c->args.attention, b, h, c->dots + first, c->p + first, dp, scratch);
    if (c->args.related)
        naive_weights_backward(&c->args.relation, b, h, c->rdots + first, c->r + first, dr, scratch);
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const naive_call *c = context;
    for (int64_t b = start; b < end; b++)
        for (int64_t h = 0; h < c->args.values.n_heads; h++)
            backward_head(c, b, h);
}

static void naive_backward(dat_node *n)
{
    naive_call c = saved_call_of(n);
    c.scratch = dat_tape_scratch(n->tape, 4 * c.batch * c.square);
    dat_pieces pieces = dat_pieces_of(c.batch, 1);
    if (naive_is_shared(c.args.attention.key.tensor, c.batch) ||
        naive_is_shared(c.args.values.columns.tensor, c.batch) ||
        c.args.values.layout != DAT_SYMBOLS_BY_SENDER)
        pieces.count = 1;
    dat_parallel(pieces, backward_piece, &c);
}

static const dat_op naive_op = {
    .name = "naive_attention",
    .required = 3,
    .shape = naive_shape,
    .saved = naive_saved,
    .forward = naive_forward,
    .backward = naive_backward,
};

dat_tensor *naive_attention(dat_tape *tape, dat_columns query, dat_columns key, dat_columns value,
                            const dat_attention_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, value.tensor};
    naive_args all = {
        .attention = naive_scores_of(query, key, args),
        .values = naive_values_of(value, query.tensor->shape[1], key.tensor->shape[1], args),
        .dropout = args->dropout,
        .attention_sink = args->scores,
    };
    return dat_tape_apply(tape, &naive_op, in, 3, &all, sizeof all);
}

dat_tensor *naive_disrca_core(dat_tape *tape, dat_columns query, dat_columns key, dat_columns query_rel,
                              dat_columns key_rel, dat_tensor *symbols, const dat_disrca_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, query_rel.tensor, key_rel.tensor, symbols};
    const dat_attention_args *attention = &args->attention;
    naive_args all = {
        .attention = naive_scores_of(query, key, attention),
        .relation = naive_scores_of(query_rel, key_rel, attention),
        .related = true,
        .values = naive_values_of(dat_all_columns(symbols), query.tensor->shape[1], key.tensor->shape[1],
                                  attention),
        .dropout = attention->dropout,
        .attention_sink = attention->scores,
        .relation_sink = args->relations,
    };
    all.relation.scale = args->relation_scale;
    all.relation.pointwise = !args->relation_softmax;
    all.relation.activation = args->relation_activation;
    all.relation.causal = false;
    all.relation.mask = NULL;
    return dat_tape_apply(tape, &naive_op, in, 5, &all, sizeof all);
}
