/* Three layouts of the values. By sender, the sum over j is a matrix product. By distance, so is the sum over
 * distances once the weights of every distance are added up (many senders share the clipped ones). By pair,
 * every receiver has a product of its own. */
#include "ops/attention_values.h"

#include <string.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The rows of a table by distance that this attention reads: `first` and `count` more. */
typedef struct distance_rows {
    int64_t first, count;
} distance_rows;

static distance_rows distance_rows_of(const dat_head_sizes *s)
{
    int64_t before = smaller(s->max_distance, s->n - 1);
    int64_t after = s->causal ? 0 : smaller(s->max_distance, s->m - 1);
    return (distance_rows){s->max_distance - before, before + 1 + after};
}

/* The row of the pair (i, j), counted from the first one that is read. */
static int64_t distance_row(const dat_head_sizes *s, distance_rows rows, int64_t i, int64_t j)
{
    int64_t distance = j - i;
    distance = distance < -s->max_distance ? -s->max_distance : smaller(distance, s->max_distance);
    return distance + s->max_distance - rows.first;
}

static int64_t senders_of(const dat_head_sizes *s, int64_t i)
{
    return s->causal ? i + 1 : s->m;
}

/* sums (n, rows.count): for each receiver, its weights added up by distance. */
static void sum_by_distance(const dat_head_sizes *s, distance_rows rows, const dat_real *weights,
                            dat_real *sums)
{
    memset(sums, 0, (size_t)(s->n * rows.count) * sizeof *sums);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < senders_of(s, i); j++)
            sums[i * rows.count + distance_row(s, rows, i, j)] += weights[i * s->m + j];
}

int64_t dat_values_scratch_size(const dat_head_sizes *s)
{
    return s->layout == DAT_SYMBOLS_BY_DISTANCE ? s->n * distance_rows_of(s).count : 0;
}

/* The head's values of item b, from its first row. */
static const dat_real *head_values(const dat_head_sizes *s, int64_t b, int64_t h)
{
    return s->value.data + b * s->value.item + dat_kv_head(s, h) * s->head_dim;
}

void dat_values_sum(const dat_head_sizes *s, int64_t b, int64_t h, const dat_real *weights, dat_real *scratch,
                    dat_real *out, int64_t out_stride)
{
    const dat_real *v = head_values(s, b, h);
    int64_t stride = s->value.stride;
    if (s->layout == DAT_SYMBOLS_BY_PAIR) {
        for (int64_t i = 0; i < s->n; i++)
            dat_gemm_serial(1, s->head_dim, s->m, 1, dat_head_matrix(weights + i * s->m, s->m),
                            dat_head_matrix(v + i * s->m * stride, stride), 0, out + i * out_stride,
                            out_stride);
        return;
    }
    int64_t senders = s->m;
    if (s->layout == DAT_SYMBOLS_BY_DISTANCE) {
        distance_rows rows = distance_rows_of(s);
        sum_by_distance(s, rows, weights, scratch);
        weights = scratch;
        senders = rows.count;
        v += rows.first * stride;
    }
    dat_gemm_serial(s->n, s->head_dim, senders, 1, dat_head_matrix(weights, senders),
                    dat_head_matrix(v, stride), 0, out, out_stride);
}

void dat_values_backward(const dat_head_sizes *s, int64_t h, const dat_real *weights, dat_matrix dout,
                         dat_real *scratch, dat_grad_rows dv)
{
    dv = dat_grad_head(dv, dat_kv_head(s, h) * s->head_dim);
    if (s->layout == DAT_SYMBOLS_BY_PAIR) {
        for (int64_t i = 0; i < s->n; i++)
            dat_gemm_serial(s->m, s->head_dim, 1, 1, dat_head_matrix(weights + i * s->m, 1),
                            dat_head_matrix(dout.data + i * dout.stride, dout.stride), 1,
                            dv.data + i * s->m * dv.stride, dv.stride);
        return;
    }
    int64_t senders = s->m;
    if (s->layout == DAT_SYMBOLS_BY_DISTANCE) {
        distance_rows rows = distance_rows_of(s);
        sum_by_distance(s, rows, weights, scratch);
        weights = scratch;
        senders = rows.count;
        dv = dat_grad_head(dv, rows.first * dv.stride);
    }
    dat_gemm_serial(senders, s->head_dim, s->n, 1, dat_transposed(dat_head_matrix(weights, senders)), dout, 1,
                    dv.data, dv.stride);
}

/* Every pair gets the gradient of its distance. */
static void spread_by_distance(const dat_head_sizes *s, distance_rows rows, const dat_real *dsums,
                               dat_real *dweights)
{
    for (int64_t i = 0; i < s->n; i++) {
        int64_t end = senders_of(s, i);
        for (int64_t j = 0; j < end; j++)
            dweights[i * s->m + j] = dsums[i * rows.count + distance_row(s, rows, i, j)];
        for (int64_t j = end; j < s->m; j++)
            dweights[i * s->m + j] = 0;
    }
}

void dat_values_weights_backward(const dat_head_sizes *s, int64_t b, int64_t h, dat_matrix dout,
                                 dat_real *scratch, dat_real *dweights)
{
    const dat_real *v = head_values(s, b, h);
    int64_t stride = s->value.stride;
    switch (s->layout) {
    case DAT_SYMBOLS_BY_SENDER:
        dat_gemm_serial(s->n, s->m, s->head_dim, 1, dout, dat_transposed(dat_head_matrix(v, stride)), 0,
                        dweights, s->m);
        break;
    case DAT_SYMBOLS_BY_PAIR:
        for (int64_t i = 0; i < s->n; i++)
            dat_gemm_serial(
                1, s->m, s->head_dim, 1, dat_head_matrix(dout.data + i * dout.stride, dout.stride),
                dat_transposed(dat_head_matrix(v + i * s->m * stride, stride)), 0, dweights + i * s->m, s->m);
        break;
    case DAT_SYMBOLS_BY_DISTANCE: {
        distance_rows rows = distance_rows_of(s);
        dat_gemm_serial(s->n, rows.count, s->head_dim, 1, dout,
                        dat_transposed(dat_head_matrix(v + rows.first * stride, stride)), 0, scratch,
                        rows.count);
        spread_by_distance(s, rows, scratch, dweights);
        break;
    }
    }
}
