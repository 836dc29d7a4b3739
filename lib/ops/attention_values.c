/* Three layouts of the values. By sender, the sum over j is a matrix product. By distance, so is the sum over
 * distances once the weights of every distance are added up (many senders share the clipped ones). By pair,
 * every receiver has a product of its own. */
#include "ops/attention_values.h"

#include <string.h>

/* Receivers whose weights are added up by distance together: each further one adds a distance, and so a
 * column that most of them have no weight in. */
enum { RECEIVERS = 32 };

static int64_t clipped(const dat_head_sizes *s, int64_t distance)
{
    return distance < -s->max_distance ? -s->max_distance
                                       : (distance > s->max_distance ? s->max_distance : distance);
}

/* The rows of a table by distance that a tile reads: `count` of them from `first`. */
typedef struct distance_rows {
    int64_t first, count;
} distance_rows;

static distance_rows distance_rows_of(const dat_head_sizes *s, dat_tile t)
{
    int64_t lowest = t.col - (t.position + t.rows - 1), highest = t.col + t.cols - 1 - t.position;
    if (s->causal && highest > 0)
        highest = lowest > 0 ? lowest : 0;
    return (distance_rows){clipped(s, lowest) + s->max_distance,
                           clipped(s, highest) - clipped(s, lowest) + 1};
}

/* The senders of receiver i in a tile, by their rows, which are counted from the first one that is read:
 * senders before `near` share the row `before`, those from `far` on `after`, sender j between has row
 * j + shift. */
typedef struct receiver_rows {
    int64_t near, far, end;
    int64_t before, shift, after;
} receiver_rows;

static receiver_rows receiver_rows_of(const dat_head_sizes *s, distance_rows rows, dat_tile t, int64_t i)
{
    int64_t offset = t.col - (t.position + i); /* the distance of the first sender */
    int64_t end = s->causal ? dat_causal_cols(t, i) : t.cols;
    int64_t near = -s->max_distance - offset, far = s->max_distance + 1 - offset;
    near = near < 0 ? 0 : near < end ? near : end;
    far = far < near ? near : far < end ? far : end;
    return (receiver_rows){
        near, far, end, -rows.first, offset + s->max_distance - rows.first, 2 * s->max_distance - rows.first};
}

static dat_real sum_of(const dat_real *x, int64_t count)
{
    dat_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; j++)
        sum += x[j];
    return sum;
}

/* sums (rows, distances): for each receiver, its weights added up by distance. */
static void sum_by_distance(const dat_head_sizes *s, distance_rows rows, dat_tile t, const dat_real *weights,
                            dat_real *sums)
{
    memset(sums, 0, (size_t)(t.rows * rows.count) * sizeof *sums);
    for (int64_t i = 0; i < t.rows; i++) {
        receiver_rows r = receiver_rows_of(s, rows, t, i);
        const dat_real *w = weights + i * t.stride;
        dat_real *row = sums + i * rows.count;
        if (r.near > 0)
            row[r.before] = sum_of(w, r.near);
#pragma omp simd
        for (int64_t j = r.near; j < r.far; j++)
            row[j + r.shift] += w[j];
        if (r.end > r.far)
            row[r.after] += sum_of(w + r.far, r.end - r.far);
    }
}

/* The matrix of weights that a product with rows of values takes: the tile's own, or its sums by distance in
 * scratch. */
typedef struct value_weights {
    dat_matrix matrix;
    int64_t count; /* of rows of values */
} value_weights;

static value_weights value_weights_of(const dat_head_sizes *s, dat_tile t, const dat_real *weights,
                                      dat_real *scratch)
{
    if (s->layout != DAT_SYMBOLS_BY_DISTANCE)
        return (value_weights){dat_head_matrix(weights, t.stride), t.cols};
    distance_rows rows = distance_rows_of(s, t);
    sum_by_distance(s, rows, t, weights, scratch);
    return (value_weights){dat_head_matrix(scratch, rows.count), rows.count};
}

int64_t dat_values_scratch_size(const dat_head_sizes *s, int64_t rows, int64_t cols)
{
    rows = rows < RECEIVERS ? rows : RECEIVERS;
    int64_t table = 2 * s->max_distance + 1, distances = rows + cols - 1;
    return s->layout == DAT_SYMBOLS_BY_DISTANCE ? rows * (distances < table ? distances : table) : 0;
}

/* The first row of values that a tile reads; with values by pair those of its first receiver. */
static int64_t first_value_row(const dat_head_sizes *s, dat_tile t)
{
    switch (s->layout) {
    case DAT_SYMBOLS_BY_SENDER:
        break;
    case DAT_SYMBOLS_BY_DISTANCE:
        return distance_rows_of(s, t).first;
    case DAT_SYMBOLS_BY_PAIR:
        return t.row * s->m + t.col;
    }
    return t.col;
}

static dat_matrix tile_values(const dat_head_sizes *s, int64_t b, int64_t h, dat_tile t)
{
    int64_t stride = s->value.stride;
    return dat_head_matrix(s->value.data + b * s->value.item + first_value_row(s, t) * stride +
                               dat_kv_head(s, h) * s->head_dim,
                           stride);
}

/* Row i of a matrix with one row for each of the tile's receivers. */
static dat_matrix receiver(dat_matrix matrix, int64_t i)
{
    matrix.data += i * matrix.stride;
    return matrix;
}

/* The values by pair of receiver i, from those of the tile's first one. */
static dat_matrix receiver_values(const dat_head_sizes *s, dat_matrix values, int64_t i)
{
    return receiver(values, i * s->m);
}

/* Whether a tile has too many receivers to be handled at once. */
static bool is_cut(const dat_head_sizes *s, dat_tile t)
{
    return s->layout == DAT_SYMBOLS_BY_DISTANCE && t.rows > RECEIVERS;
}

/* RECEIVERS of a tile's rows, or what is left of them. */
static dat_tile some_receivers(dat_tile t, int64_t first)
{
    t.row += first;
    t.position += first;
    t.rows = t.rows - first < RECEIVERS ? t.rows - first : RECEIVERS;
    return t;
}

void dat_values_sum(const dat_head_sizes *s, int64_t b, int64_t h, dat_tile t, const dat_real *weights,
                    dat_real *scratch, dat_real *out, int64_t out_stride)
{
    if (is_cut(s, t)) {
        for (int64_t i = 0; i < t.rows; i += RECEIVERS)
            dat_values_sum(s, b, h, some_receivers(t, i), weights + i * t.stride, scratch,
                           out + i * out_stride, out_stride);
        return;
    }
    dat_matrix values = tile_values(s, b, h, t);
    value_weights w = value_weights_of(s, t, weights, scratch);
    if (s->layout != DAT_SYMBOLS_BY_PAIR) {
        dat_gemm_serial(t.rows, s->head_dim, w.count, 1, w.matrix, values, 1, out, out_stride);
        return;
    }
    for (int64_t i = 0; i < t.rows; i++)
        dat_gemm_serial(1, s->head_dim, t.cols, 1, receiver(w.matrix, i), receiver_values(s, values, i), 1,
                        out + i * out_stride, out_stride);
}

void dat_values_backward(const dat_head_sizes *s, int64_t h, dat_tile t, const dat_real *weights,
                         dat_matrix dout, dat_real *scratch, dat_grad_rows dv)
{
    if (is_cut(s, t)) {
        for (int64_t i = 0; i < t.rows; i += RECEIVERS)
            dat_values_backward(s, h, some_receivers(t, i), weights + i * t.stride, receiver(dout, i),
                                scratch, dv);
        return;
    }
    value_weights w = value_weights_of(s, t, weights, scratch);
    dv = dat_grad_head(dv, first_value_row(s, t) * dv.stride + dat_kv_head(s, h) * s->head_dim);
    if (s->layout != DAT_SYMBOLS_BY_PAIR) {
        dat_gemm_serial(w.count, s->head_dim, t.rows, 1, dat_transposed(w.matrix), dout, 1, dv.data,
                        dv.stride);
        return;
    }
    for (int64_t i = 0; i < t.rows; i++)
        dat_gemm_serial(t.cols, s->head_dim, 1, 1, dat_head_matrix(weights + i * t.stride, 1),
                        receiver(dout, i), 1, dv.data + i * s->m * dv.stride, dv.stride);
}

/* Every pair gets the gradient of its distance. */
static void spread_by_distance(const dat_head_sizes *s, distance_rows rows, dat_tile t, const dat_real *dsums,
                               dat_real *dweights)
{
    for (int64_t i = 0; i < t.rows; i++) {
        receiver_rows r = receiver_rows_of(s, rows, t, i);
        const dat_real *row = dsums + i * rows.count;
        dat_real *dw = dweights + i * t.stride;
        for (int64_t j = 0; j < r.near; j++)
            dw[j] = row[r.before];
#pragma omp simd
        for (int64_t j = r.near; j < r.far; j++)
            dw[j] = row[j + r.shift];
        for (int64_t j = r.far; j < r.end; j++)
            dw[j] = row[r.after];
        for (int64_t j = r.end; j < t.cols; j++)
            dw[j] = 0;
    }
}

void dat_values_weights_backward(const dat_head_sizes *s, int64_t b, int64_t h, dat_tile t, dat_matrix dout,
                                 dat_real *scratch, dat_real *dweights)
{
    if (is_cut(s, t)) {
        for (int64_t i = 0; i < t.rows; i += RECEIVERS)
            dat_values_weights_backward(s, b, h, some_receivers(t, i), receiver(dout, i), scratch,
                                        dweights + i * t.stride);
        return;
    }
    dat_matrix values = tile_values(s, b, h, t);
    if (s->layout == DAT_SYMBOLS_BY_PAIR) {
        for (int64_t i = 0; i < t.rows; i++)
            dat_gemm_serial(1, t.cols, s->head_dim, 1, receiver(dout, i),
                            dat_transposed(receiver_values(s, values, i)), 0, dweights + i * t.stride,
                            t.stride);
    } else if (s->layout == DAT_SYMBOLS_BY_DISTANCE) {
        distance_rows rows = distance_rows_of(s, t);
        dat_gemm_serial(t.rows, rows.count, s->head_dim, 1, dout, dat_transposed(values), 0, scratch,
                        rows.count);
        spread_by_distance(s, rows, t, scratch, dweights);
    } else {
        dat_gemm_serial(t.rows, t.cols, s->head_dim, 1, dout, dat_transposed(values), 0, dweights, t.stride);
    }
}
