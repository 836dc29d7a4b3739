/* Relational attention (equation 2 of the paper; W_r applied after attending, appendix B.1). Per batch item,
 * with P^h = softmax(scale Q K^T), M the dropout mask, r^l = act(s Qr^l Kr^l^T):
 *   T[i, h, l] = sum_j (M P)^h_ij r^l_ij,  O^h = (M P)^h V + T^h W_r^h^T,
 *   dT^h = dO^h W_r^h,  dW_r^h = dO^h^T T^h,  dV = (M P)^h^T dO^h,
 *   d(M P)^h_ij = dO^h_i . V_j + sum_l dT[i, h, l] r^l_ij,  dr^l_ij = sum_h dT[i, h, l] (M P)^h_ij.
 * T never gets a value dimension: (n, n_heads, R) instead of the (n, n, n_heads, head_dim) of the formula.
 * relational_whole.c computes short sequences, relational_tiled.c longer ones. */
#include <inttypes.h>

#include "ops/registry.h"
#include "ops/relational_core.h"

enum { QUERY, KEY, QUERY_REL, KEY_REL, N_PROJECTIONS, SYMBOLS = N_PROJECTIONS, WR, N_INPUTS };

typedef struct op_args {
    dat_relational_args relational;
    dat_columns columns[N_PROJECTIONS];
} op_args;

static dat_relational call_of(const dat_node *n)
{
    const op_args *args = n->args;
    const dat_relational_args *relational = &args->relational;
    int64_t R = relational->n_relations;
    dat_relational z = {
        .n = n,
        .s = dat_head_sizes_of(args->columns[QUERY], args->columns[KEY], dat_all_columns(n->in[SYMBOLS]),
                               &relational->attention),
        .mask = dat_dropout_mask_of(n, relational->attention.dropout),
        .wr = n->in[WR],
        .R = R,
        .scores_sink = relational->attention.scores,
        .relation_sink = relational->relations,
    };
    z.square = z.s.n * z.s.m;
    z.averages = z.s.n * z.s.n_heads * R;
    z.attention = dat_scores_of(&z.s, &relational->attention);
    z.relation = (dat_scores){
        .query = dat_heads_of(args->columns[QUERY_REL], R, z.s.batch),
        .key = dat_heads_of(args->columns[KEY_REL], R, z.s.batch),
        .n = z.s.n,
        .m = z.s.m,
        .n_heads = R,
        .n_key_heads = R,
        .scale = relational->relation_scale,
        .pointwise = !relational->relation_softmax,
        .activation = relational->relation_activation,
        .key_lengths = relational->attention.key_lengths,
    };
    return z;
}

static bool check_relations(dat_tape *tape, const dat_node *n, const dat_head_sizes *s)
{
    const op_args *args = n->args;
    dat_columns q = args->columns[QUERY_REL], k = args->columns[KEY_REL];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    bool fits = args->relational.n_relations >= 1 && q.width == k.width &&
                q.width % args->relational.n_relations == 0;
    for (int i = QUERY_REL; i <= KEY_REL; i++) {
        const dat_tensor *t = args->columns[i].tensor;
        fits = fits && t->rank == 3 && t->shape[0] == s->batch &&
               t->shape[1] == (i == KEY_REL ? s->m : s->n) &&
               args->columns[i].first + args->columns[i].width <= t->shape[2];
    }
    return fits ||
           dat_fail(tape,
                    "%s: %" PRId64 " relations of %" PRId64 " x %" PRId64 " positions to %" PRId64
                    " do not fit %" PRId64 " columns of query %s %s and %" PRId64 " columns of key %s %s",
                    n->op->name, args->relational.n_relations, s->batch, s->n, s->m, q.width, q.tensor->name,
                    dat_shape_text(q.tensor, left), k.width, k.tensor->name, dat_shape_text(k.tensor, right));
}

static bool relational_shape(dat_tape *tape, dat_node *n)
{
    const op_args *args = n->args;
    const dat_tensor *query = n->in[QUERY], *key = n->in[KEY], *wr = n->in[WR];
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    dat_head_sizes s;
    if (!dat_head_sizes_check(tape, n, args->columns[QUERY], args->columns[KEY],
                              dat_all_columns(n->in[SYMBOLS]), &args->relational.attention, &s))
        return false;
    if (args->relational.attention.pointwise)
        return dat_fail(tape, "%s: attention weights must be a softmax", n->op->name);
    if (key->shape[0] != s.batch)
        return dat_fail(tape, "%s: query %s is %s but key %s is %s", n->op->name, query->name,
                        dat_shape_text(query, left), key->name, dat_shape_text(key, right));
    if (!check_relations(tape, n, &s))
        return false;
    if (wr->rank != 3 || wr->shape[0] != s.n_heads || wr->shape[1] != s.head_dim ||
        wr->shape[2] != args->relational.n_relations)
        return dat_fail(tape, "%s: wr %s is %s, expected [%" PRId64 ", %" PRId64 ", %" PRId64 "]",
                        n->op->name, wr->name, dat_shape_text(wr, left), s.n_heads, s.head_dim,
                        args->relational.n_relations);
    return dat_shape_set(n->out, 3, (int64_t[]){s.batch, s.n, s.n_heads * s.head_dim});
}

static double relational_flops(const dat_node *n, bool backward)
{
    dat_relational z = call_of(n);
    double pairs = dat_head_pairs(&z.s);
    double relation_pairs = pairs / (double)z.s.n_heads;
    if (!z.relation.pointwise) { /* all relations count for its sums, also those that causality hides */
        dat_head_sizes all = z.s;
        all.causal = false;
        relation_pairs = dat_head_pairs(&all) / (double)z.s.n_heads;
    }
    double scores = 2 * pairs * (double)z.s.key_dim, values = 2 * pairs * (double)z.s.head_dim;
    double relations = 2 * relation_pairs * (double)(z.R * z.relation.query.dim);
    double averages = 2 * pairs * (double)z.R;
    double projected = 2.0 * (double)(z.s.batch * z.averages * z.s.head_dim);
    return (backward ? 2 : 1) * (scores + values + relations + averages + projected);
}

static int64_t relational_saved(const dat_node *n)
{
    dat_relational z = call_of(n);
    return dat_is_whole(&z.s) ? dat_relational_whole_saved(&z) : dat_relational_tiled_saved(&z);
}

static void relational_forward(dat_node *n)
{
    dat_relational z = call_of(n);
    if (dat_is_whole(&z.s))
        dat_relational_whole_forward(&z);
    else
        dat_relational_tiled_forward(&z);
}

static void relational_backward(dat_node *n)
{
    dat_relational z = call_of(n);
    if (dat_is_whole(&z.s))
        dat_relational_whole_backward(&z);
    else
        dat_relational_tiled_backward(&z);
}

const dat_op dat_op_relational_attention = {
    .name = "relational_attention",
    .required = N_INPUTS,
    .shape = relational_shape,
    .flops = relational_flops,
    .saved = relational_saved,
    .forward = relational_forward,
    .backward = relational_backward,
};

dat_tensor *dat_relational_attention_core(dat_tape *tape, dat_columns query, dat_columns key,
                                          dat_columns query_rel, dat_columns key_rel, dat_tensor *symbols,
                                          dat_tensor *wr, const dat_relational_args *args)
{
    dat_tensor *in[] = {query.tensor, key.tensor, query_rel.tensor, key_rel.tensor, symbols, wr};
    op_args all = {*args, {query, key, query_rel, key_rel}};
    return dat_tape_apply(tape, &dat_op_relational_attention, in, N_INPUTS, &all, sizeof all);
}
