#include "support/naive_heads.h"

#include <string.h>

#include "core/gemm.h"
#include "ops/softmax.h"

naive_scores naive_scores_of(dat_columns query, dat_columns key, const dat_attention_args *args)
{
    return (naive_scores){
        .query = query,
        .key = key,
        .n_heads = args->n_heads,
        .n_key_heads = args->n_kv_heads,
        .scale = args->scale,
        .pointwise = args->pointwise,
        .activation = args->activation,
        .causal = args->causal,
        .first_query = args->first_query,
        .mask = args->mask,
        .key_lengths = args->key_lengths,
    };
}

naive_values naive_values_of(dat_columns value, int64_t n, int64_t m, const dat_attention_args *args)
{
    return (naive_values){
        .columns = value,
        .n = n,
        .m = m,
        .n_heads = args->n_heads,
        .n_kv_heads = args->n_kv_heads,
        .layout = args->layout,
        .max_distance = args->max_distance,
        .first_query = args->first_query,
    };
}

bool naive_keeps_dots(const naive_scores *s)
{
    return s->pointwise && s->activation != DAT_IDENTITY;
}

bool naive_is_shared(const dat_tensor *t, int64_t batch)
{
    return t->rank != 3 || t->shape[0] != batch;
}

/* Where the columns of a head begin for one batch item. */
static int64_t head_start(dat_columns columns, int64_t b, int64_t head, int64_t n_heads)
{
    const dat_tensor *t = columns.tensor;
    int64_t item = t->shape[0] == 1 ? 0 : t->shape[1] * t->shape[2];
    return b * item + columns.first + head * (columns.width / n_heads);
}

static dat_matrix rows_at(dat_columns columns, int64_t start, bool transposed)
{
    return (dat_matrix){columns.tensor->data + start, dat_width(columns.tensor), transposed};
}

static void hide(const naive_scores *s, int64_t b, int64_t n, int64_t m, dat_real hidden, dat_real *p)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            if ((s->causal && j > s->first_query + i) || (s->mask && !s->mask[i * m + j]) ||
                (s->key_lengths && j >= s->key_lengths[b]))
                p[i * m + j] = hidden;
}

void naive_weights(const naive_scores *s, int64_t b, int64_t h, dat_real *dots, dat_real *p)
{
    int64_t n = s->query.tensor->shape[1], m = s->key.tensor->shape[1];
    int64_t q = head_start(s->query, b, h, s->n_heads);
    int64_t k = head_start(s->key, b, h / (s->n_heads / s->n_key_heads), s->n_key_heads);
    dat_gemm_serial(n, m, s->query.width / s->n_heads, (dat_real)s->scale, rows_at(s->query, q, false),
                    rows_at(s->key, k, true), 0, naive_keeps_dots(s) ? dots : p, m);
    if (naive_keeps_dots(s))
        dat_activate(s->activation, n * m, dots, p);
    hide(s, b, n, m, s->pointwise ? 0 : -(dat_real)INFINITY, p);
    for (int64_t i = 0; i < n && !s->pointwise; i++)
        dat_softmax_row(p + i * m, m);
}

void naive_weights_backward(const naive_scores *s, int64_t b, int64_t h, const dat_real *dots,
                            const dat_real *p, dat_real *dp, dat_real *scratch)
{
    int64_t n = s->query.tensor->shape[1], m = s->key.tensor->shape[1], dim = s->query.width / s->n_heads;
    int64_t q = head_start(s->query, b, h, s->n_heads);
    int64_t k = head_start(s->key, b, h / (s->n_heads / s->n_key_heads), s->n_key_heads);
    const dat_real *ddots = dp;
    for (int64_t i = 0; i < n && !s->pointwise; i++)
        dat_softmax_row_backward(p + i * m, dp + i * m, m);
    if (s->pointwise)
        hide(s, b, n, m, 0, dp);
    if (naive_keeps_dots(s)) {
        dat_activate_backward(s->activation, n * m, dots, dp, true, scratch);
        ddots = scratch;
    }
    if (s->query.tensor->grad)
        dat_gemm_serial(n, dim, m, (dat_real)s->scale, (dat_matrix){ddots, m, false},
                        rows_at(s->key, k, false), 1, s->query.tensor->grad + q, dat_width(s->query.tensor));
    if (s->key.tensor->grad)
        dat_gemm_serial(m, dim, n, (dat_real)s->scale, (dat_matrix){ddots, m, true},
                        rows_at(s->query, q, false), 1, s->key.tensor->grad + k, dat_width(s->key.tensor));
}

void naive_dropout(dat_dropout_mask mask, int64_t first, int64_t count, const dat_real *p, dat_real *dropped)
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        dropped[i] = p[i] * dat_dropout_factor(mask, (uint32_t)(first + i));
}

/* Where v_ij of a head begins, for a layout other than by sender. */
static int64_t pair_start(const naive_values *v, int64_t h, int64_t i, int64_t j)
{
    int64_t distance = j - v->first_query - i, farthest = v->max_distance, row = i * v->m + j;
    if (v->layout == DAT_SYMBOLS_BY_DISTANCE) {
        distance = distance < -farthest ? -farthest : distance;
        row = (distance > farthest ? farthest : distance) + farthest;
    }
    int64_t head = h / (v->n_heads / v->n_kv_heads);
    return row * dat_width(v->columns.tensor) + v->columns.first + head * (v->columns.width / v->n_kv_heads);
}

void naive_values_sum(const naive_values *v, int64_t b, int64_t h, const dat_real *w, dat_real *out,
                      int64_t out_stride)
{
    int64_t dim = v->columns.width / v->n_kv_heads, group = v->n_heads / v->n_kv_heads;
    if (v->layout == DAT_SYMBOLS_BY_SENDER) {
        int64_t start = head_start(v->columns, b, h / group, v->n_kv_heads);
        dat_gemm_serial(v->n, dim, v->m, 1, (dat_matrix){w, v->m, false}, rows_at(v->columns, start, false),
                        0, out, out_stride);
        return;
    }
    for (int64_t i = 0; i < v->n; i++) {
        memset(out + i * out_stride, 0, (size_t)dim * sizeof *out);
        for (int64_t j = 0; j < v->m; j++)
            for (int64_t d = 0; d < dim; d++)
                out[i * out_stride + d] +=
                    w[i * v->m + j] * v->columns.tensor->data[pair_start(v, h, i, j) + d];
    }
}

void naive_values_backward(const naive_values *v, int64_t b, int64_t h, const dat_real *w,
                           const dat_real *dout, int64_t out_stride, dat_real *dw)
{
    const dat_tensor *t = v->columns.tensor;
    int64_t dim = v->columns.width / v->n_kv_heads, group = v->n_heads / v->n_kv_heads;
    if (v->layout == DAT_SYMBOLS_BY_SENDER) {
        int64_t start = head_start(v->columns, b, h / group, v->n_kv_heads);
        dat_matrix dout_rows = {dout, out_stride, false};
        if (t->grad)
            dat_gemm_serial(v->m, dim, v->n, 1, (dat_matrix){w, v->m, true}, dout_rows, 1, t->grad + start,
                            dat_width(t));
        dat_gemm_serial(v->n, v->m, dim, 1, dout_rows, rows_at(v->columns, start, true), 0, dw, v->m);
        return;
    }
    for (int64_t i = 0; i < v->n; i++) {
        const dat_real *dout_row = dout + i * out_stride;
        dat_real weight = 0; /* of the senders so far that share a row */
        for (int64_t j = 0; j < v->m; j++) {
            int64_t start = pair_start(v, h, i, j);
            dat_real sum = 0;
            for (int64_t d = 0; d < dim; d++)
                sum += dout_row[d] * t->data[start + d];
            dw[i * v->m + j] = sum;
            weight += w[i * v->m + j];
            if (!t->grad || (j + 1 < v->m && pair_start(v, h, i, j + 1) == start))
                continue;
            for (int64_t d = 0; d < dim; d++)
                t->grad[start + d] += weight * dout_row[d];
            weight = 0;
        }
    }
}
