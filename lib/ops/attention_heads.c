#include "ops/attention_heads.h"

#include <inttypes.h>

#include "ops/softmax.h"

static bool check_batch(dat_tape *tape, const dat_node *n, const dat_tensor *query, const dat_tensor *t)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    return t->shape[0] == query->shape[0] || t->shape[0] == 1 ||
           dat_fail(tape, "%s: %s is %s but query %s is %s", n->op->name, t->name, dat_shape_text(t, right),
                    query->name, dat_shape_text(query, left));
}

bool dat_head_sizes_check(dat_tape *tape, const dat_node *n, const dat_tensor *query, const dat_tensor *key,
                          const dat_tensor *value, const dat_attention_args *args, dat_head_sizes *sizes)
{
    const char *op = n->op->name;
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (query->rank != 3 || key->rank != 3 || value->rank != 3)
        return dat_fail(tape, "%s: query %s is %s, expected (batch, length, width)", op, query->name,
                        dat_shape_text(query, left));
    if (args->n_heads < 1 || args->n_kv_heads < 1 || args->n_heads % args->n_kv_heads)
        return dat_fail(tape, "%s: n_heads = %" PRId64 " is not a multiple of n_kv_heads = %" PRId64, op,
                        args->n_heads, args->n_kv_heads);
    if (query->shape[2] % args->n_heads || key->shape[2] % args->n_kv_heads ||
        value->shape[2] % args->n_kv_heads ||
        query->shape[2] / args->n_heads != key->shape[2] / args->n_kv_heads)
        return dat_fail(tape, "%s: query %s of %" PRId64 " heads does not match key %s of %" PRId64 " heads", op,
                        dat_shape_text(query, left), args->n_heads, dat_shape_text(key, right),
                        args->n_kv_heads);
    if (key->shape[1] != value->shape[1])
        return dat_fail(tape, "%s: key %s is %s but value %s is %s", op, key->name, dat_shape_text(key, left),
                        value->name, dat_shape_text(value, right));
    if (args->causal && query->shape[1] != key->shape[1])
        return dat_fail(tape, "%s: causal attention needs as many keys (%" PRId64 ") as queries (%" PRId64 ")", op,
                        key->shape[1], query->shape[1]);
    if (!(args->dropout >= 0 && args->dropout < 1))
        return dat_fail(tape, "%s: dropout is %g, expected 0 <= rate < 1", op, args->dropout);
    *sizes = dat_head_sizes_of(query, key, value, args);
    return check_batch(tape, n, query, key) && check_batch(tape, n, query, value);
}

dat_head_sizes dat_head_sizes_of(const dat_tensor *query, const dat_tensor *key, const dat_tensor *value,
                                 const dat_attention_args *args)
{
    return (dat_head_sizes){
        .batch = query->shape[0],
        .n = query->shape[1],
        .m = key->shape[1],
        .n_heads = args->n_heads,
        .n_kv_heads = args->n_kv_heads,
        .key_dim = query->shape[2] / args->n_heads,
        .head_dim = value->shape[2] / args->n_kv_heads,
        .shared_keys = key->shape[0] == 1 && query->shape[0] > 1,
        .shared_values = value->shape[0] == 1 && query->shape[0] > 1,
    };
}

double dat_head_pairs(const dat_head_sizes *s, const dat_attention_args *args)
{
    double per_head = args->causal ? 0.5 * (double)s->n * (double)(s->n + 1) : (double)s->n * (double)s->m;
    return (double)s->batch * (double)s->n_heads * per_head;
}

static void mask_row(const dat_head_sizes *s, const dat_attention_args *args, int64_t i, dat_real *row)
{
    int64_t end = args->causal ? i + 1 : s->m;
    for (int64_t j = end; j < s->m; j++)
        row[j] = -(dat_real)INFINITY;
    if (args->mask)
        for (int64_t j = 0; j < end; j++)
            row[j] = args->mask[i * s->m + j] ? row[j] : -(dat_real)INFINITY;
}

void dat_head_probabilities(const dat_head_sizes *s, const dat_attention_args *args, const dat_real *q,
                            const dat_real *k, dat_real *p)
{
    dat_matrix queries = dat_head_matrix(q, s->n_heads * s->key_dim);
    dat_matrix keys = dat_head_matrix(k, s->n_kv_heads * s->key_dim);
    dat_gemm_serial(s->n, s->m, s->key_dim, (dat_real)args->scale, queries, dat_transposed(keys), 0, p, s->m);
    for (int64_t i = 0; i < s->n; i++) {
        mask_row(s, args, i, p + i * s->m);
        dat_softmax_row(p + i * s->m, s->m);
    }
}

void dat_head_dropout(const dat_head_sizes *s, dat_dropout_mask mask, int64_t first, const dat_real *p,
                      dat_real *dropped)
{
#pragma omp simd
    for (int64_t i = 0; i < s->n * s->m; i++)
        dropped[i] = p[i] * dat_dropout_factor(mask, (uint32_t)(first + i));
}

void dat_head_probabilities_backward(const dat_head_sizes *s, const dat_attention_args *args,
                                     dat_dropout_mask mask, int64_t first, const dat_real *q,
                                     const dat_real *k, const dat_real *p, dat_real *dp, dat_real *dq,
                                     dat_real *dk)
{
    int64_t query_stride = s->n_heads * s->key_dim, key_stride = s->n_kv_heads * s->key_dim;
    if (mask.threshold)
        dat_head_dropout(s, mask, first, dp, dp);
    for (int64_t i = 0; i < s->n; i++)
        dat_softmax_row_backward(p + i * s->m, dp + i * s->m, s->m);
    dat_matrix scores = dat_head_matrix(dp, s->m);
    if (dq)
        dat_gemm_serial(s->n, s->key_dim, s->m, (dat_real)args->scale, scores, dat_head_matrix(k, key_stride), 1,
                        dq, query_stride);
    if (dk)
        dat_gemm_serial(s->m, s->key_dim, s->n, (dat_real)args->scale, dat_transposed(scores),
                        dat_head_matrix(q, query_stride), 1, dk, key_stride);
}
