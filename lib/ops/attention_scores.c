#include "ops/attention_scores.h"

#include "ops/softmax.h"
#include "ops/vector_math.h"

static const dat_real HIDDEN = -(dat_real)INFINITY; /* as a score */

dat_scores dat_scores_of(const dat_head_sizes *s, const dat_attention_args *args)
{
    return (dat_scores){
        .query = s->query,
        .key = s->key,
        .n = s->n,
        .m = s->m,
        .n_heads = s->n_heads,
        .n_key_heads = s->n_kv_heads,
        .scale = args->scale,
        .pointwise = args->pointwise,
        .activation = args->activation,
        .causal = args->causal,
        .first_query = args->first_query,
        .mask = args->mask,
        .key_lengths = args->key_lengths,
    };
}

static dat_tile whole(const dat_scores *s)
{
    return (dat_tile){.rows = s->n, .cols = s->m, .position = s->first_query, .stride = s->m};
}

/* Without gaps between them, all rows are one long row. */
static dat_tile joined_rows(dat_tile t)
{
    int64_t count = t.rows * t.cols;
    return t.stride == t.cols ? (dat_tile){.rows = 1, .cols = count, .stride = count} : t;
}

/* Rows from `row` of the head's columns. */
static dat_matrix head_rows(const dat_heads *heads, int64_t b, int64_t h, int64_t row)
{
    return dat_head_matrix(heads->data + b * heads->item + row * heads->stride + h * heads->dim,
                           heads->stride);
}

static int64_t key_head(const dat_scores *s, int64_t h)
{
    return h / (s->n_heads / s->n_key_heads);
}

static void dot_products(const dat_scores *s, int64_t b, int64_t h, dat_tile t, dat_real *dots)
{
    dat_gemm_serial(t.rows, t.cols, s->query.dim, (dat_real)s->scale, head_rows(&s->query, b, h, t.row),
                    dat_transposed(head_rows(&s->key, b, key_head(s, h), t.col)), 0, dots, t.stride);
}

/* Gives the pairs that may not attend the value `hidden`. */
static void hide_pairs(const dat_scores *s, int64_t b, dat_tile t, dat_real hidden, dat_real *p)
{
    int64_t unpadded = dat_tile_unpadded(s, b, t).cols;
    if (!s->mask && !(s->causal && t.col + t.cols > t.position + 1) && unpadded == t.cols)
        return;
    for (int64_t i = 0; i < t.rows; i++) {
        dat_real *row = p + i * t.stride;
        int64_t end = s->causal ? dat_causal_cols(t, i) : t.cols;
        end = end < unpadded ? end : unpadded;
        for (int64_t j = end; j < t.cols; j++)
            row[j] = hidden;
        if (!s->mask)
            continue;
        const uint8_t *visible = s->mask + (t.row + i) * s->m + t.col;
        for (int64_t j = 0; j < end; j++)
            row[j] = visible[j] ? row[j] : hidden;
    }
}

static void visible_dots(const dat_scores *s, int64_t b, int64_t h, dat_tile t, dat_real *dots)
{
    dot_products(s, b, h, t, dots);
    hide_pairs(s, b, t, HIDDEN, dots);
}

static void pointwise_weights(const dat_scores *s, int64_t b, int64_t h, dat_tile t, dat_real *dots,
                              dat_real *p)
{
    dat_tile long_rows = joined_rows(t);
    if (!dat_keeps_dots(s))
        dots = p;
    dot_products(s, b, h, t, dots);
    for (int64_t i = 0; i < long_rows.rows && dat_keeps_dots(s); i++)
        dat_activate(s->activation, long_rows.cols, dots + i * long_rows.stride, p + i * long_rows.stride);
    hide_pairs(s, b, t, 0, p);
}

/* The gradient at pointwise scores from that at the weights: in dp or in scratch. */
static const dat_real *pointwise_backward(const dat_scores *s, int64_t b, dat_tile t, const dat_real *dots,
                                          dat_real *dp, dat_real *scratch)
{
    hide_pairs(s, b, t, 0, dp);
    if (!dat_keeps_dots(s))
        return dp;
    dat_tile long_rows = joined_rows(t);
    for (int64_t i = 0; i < long_rows.rows; i++) {
        int64_t start = i * long_rows.stride;
        dat_activate_backward(s->activation, long_rows.cols, dots + start, dp + start, true, scratch + start);
    }
    return scratch;
}

/* dQ += scale dS K, dK += scale dS^T Q. */
static void dots_backward(const dat_scores *s, int64_t b, int64_t h, dat_tile t, const dat_real *ddots,
                          dat_score_grads grads)
{
    int64_t g = key_head(s, h);
    dat_matrix dots = dat_head_matrix(ddots, t.stride);
    dat_grad_rows dq = dat_grad_head(grads.query, t.row * grads.query.stride + h * s->query.dim);
    dat_grad_rows dk = dat_grad_head(grads.key, t.col * grads.key.stride + g * s->key.dim);
    if (dq.data)
        dat_gemm_serial(t.rows, s->query.dim, t.cols, (dat_real)s->scale, dots,
                        head_rows(&s->key, b, g, t.col), 1, dq.data, dq.stride);
    if (dk.data)
        dat_gemm_serial(t.cols, s->key.dim, t.rows, (dat_real)s->scale, dat_transposed(dots),
                        head_rows(&s->query, b, h, t.row), 1, dk.data, dk.stride);
}

/* --- whole heads --- */

void dat_head_weights(const dat_scores *s, int64_t b, int64_t h, dat_real *dots, dat_real *p)
{
    if (s->pointwise) {
        pointwise_weights(s, b, h, whole(s), dots, p);
        return;
    }
    visible_dots(s, b, h, whole(s), p);
    for (int64_t i = 0; i < s->n; i++)
        dat_softmax_row(p + i * s->m, s->m);
}

void dat_head_dropout(const dat_scores *s, dat_dropout_mask mask, int64_t first, const dat_real *p,
                      dat_real *dropped)
{
    dat_tile_dropout(s, mask, first, joined_rows(whole(s)), p, dropped);
}

void dat_head_weights_backward(const dat_scores *s, int64_t b, int64_t h, const dat_real *dots,
                               const dat_real *p, dat_real *dp, dat_real *scratch, dat_score_grads grads)
{
    const dat_real *ddots = dp;
    if (s->pointwise)
        ddots = pointwise_backward(s, b, whole(s), dots, dp, scratch);
    for (int64_t i = 0; i < s->n && !s->pointwise; i++)
        dat_softmax_row_backward(p + i * s->m, dp + i * s->m, s->m);
    dots_backward(s, b, h, whole(s), ddots, grads);
}

/* --- tiles --- */

static dat_real *log_sums_at(const dat_scores *s, int64_t b, int64_t h, dat_tile t)
{
    return s->log_sums + (b * s->n_heads + h) * s->n + t.row;
}

/* row = exp(row - origin), 0 where hidden; returns the sum. */
static dat_real exponentials(dat_real origin, int64_t count, dat_real *row)
{
    dat_real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; j++) {
        dat_real weight = row[j] == HIDDEN ? 0 : dat_exp(row[j] - origin);
        row[j] = weight;
        sum += weight;
    }
    return sum;
}

void dat_tile_weights(const dat_scores *s, int64_t b, int64_t h, dat_tile t, dat_real *dots, dat_real *p)
{
    if (s->pointwise) {
        pointwise_weights(s, b, h, t, dots, p);
        return;
    }
    const dat_real *log_sums = log_sums_at(s, b, h, t);
    visible_dots(s, b, h, t, p);
    for (int64_t i = 0; i < t.rows; i++)
        exponentials(log_sums[i], t.cols, p + i * t.stride);
}

void dat_tile_dropout(const dat_scores *s, dat_dropout_mask mask, int64_t first, dat_tile t,
                      const dat_real *p, dat_real *dropped)
{
    for (int64_t i = 0; i < t.rows; i++) {
        uint32_t element = (uint32_t)(first + (t.row + i) * s->m + t.col);
        const dat_real *row = p + i * t.stride;
        dat_real *dropped_row = dropped + i * t.stride;
#pragma omp simd
        for (int64_t j = 0; j < t.cols; j++)
            dropped_row[j] = row[j] * dat_dropout_factor(mask, element + (uint32_t)j);
    }
}

void dat_tile_weights_backward(const dat_scores *s, int64_t b, int64_t h, dat_tile t, const dat_real *dots,
                               const dat_real *row_terms, dat_real *p, dat_real *dp, dat_score_grads grads)
{
    const dat_real *ddots = dp;
    if (s->pointwise)
        ddots = pointwise_backward(s, b, t, dots, dp, p);
    for (int64_t i = 0; i < t.rows && !s->pointwise; i++) {
        const dat_real *weights = p + i * t.stride;
        dat_real *row = dp + i * t.stride, term = row_terms[i];
#pragma omp simd
        for (int64_t j = 0; j < t.cols; j++)
            row[j] = weights[j] * (row[j] - term);
    }
    dots_backward(s, b, h, t, ddots, grads);
}

void dat_row_terms(int64_t rows, int64_t width, const dat_real *dout, const dat_real *out, int64_t stride,
                   dat_real *terms)
{
    for (int64_t i = 0; i < rows; i++) {
        const dat_real *dout_row = dout + i * stride, *out_row = out + i * stride;
        dat_real term = 0;
#pragma omp simd reduction(+ : term)
        for (int64_t d = 0; d < width; d++)
            term += dout_row[d] * out_row[d];
        terms[i] = term;
    }
}

void dat_running_softmax_begin(const dat_running_softmax *r, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        r->top[i] = HIDDEN;
        r->sum[i] = 0;
    }
}

void dat_running_softmax_add(const dat_running_softmax *r, const dat_scores *s, int64_t b, int64_t h,
                             dat_tile t, dat_real *p)
{
    visible_dots(s, b, h, t, p);
    for (int64_t i = 0; i < t.rows; i++) {
        dat_real *row = p + i * t.stride, before = r->top[i], top = before;
#pragma omp simd reduction(max : top)
        for (int64_t j = 0; j < t.cols; j++)
            top = row[j] > top ? row[j] : top;
        dat_real factor = before == top ? 1 : before == HIDDEN ? 0 : dat_exp(before - top);
        r->factor[i] = factor;
        r->top[i] = top;
        r->sum[i] = r->sum[i] * factor + exponentials(top, t.cols, row);
    }
}

void dat_running_softmax_end(const dat_running_softmax *r, const dat_scores *s, int64_t b, int64_t h,
                             dat_tile t)
{
    dat_real *log_sums = log_sums_at(s, b, h, t);
    for (int64_t i = 0; i < t.rows; i++) {
        /* The largest score adds 1 to the sum. Tops do not tell: a vector maximum may start from a finite
         * value. */
        bool nothing = r->sum[i] == 0;
        r->factor[i] = nothing ? 0 : 1 / r->sum[i];
        log_sums[i] = nothing ? 0 : r->top[i] + DAT_REAL(log)(r->sum[i]);
    }
}

void dat_scale_rows(const dat_real *factor, int64_t rows, int64_t width, dat_real *values, int64_t stride)
{
    for (int64_t i = 0; i < rows; i++) {
        dat_real *row = values + i * stride, scale = factor[i];
        if (scale == 1)
            continue;
#pragma omp simd
        for (int64_t d = 0; d < width; d++)
            row[d] *= scale;
    }
}

void dat_tile_row_log_sums(const dat_scores *s, const dat_tiling *tiling, int64_t b, int64_t h,
                           int64_t row_tile, int64_t stride, dat_real *p, const dat_running_softmax *running)
{
    dat_tile first = dat_tile_at(tiling, row_tile, 0, stride);
    dat_running_softmax_begin(running, first.rows);
    for (int64_t c = 0; c < tiling->col_tiles; c++) {
        dat_tile t = dat_tile_unpadded(s, b, dat_tile_at(tiling, row_tile, c, stride));
        if (t.cols > 0)
            dat_running_softmax_add(running, s, b, h, t, p);
    }
    dat_running_softmax_end(running, s, b, h, first);
}
