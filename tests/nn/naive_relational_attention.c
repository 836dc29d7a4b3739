#include "nn/naive_relational_attention.h"

#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

/* out[row] = W in[row] + b, rows of doubles. */
static double *project(const dat_linear_layer *layer, const double *in, int64_t rows)
{
    int64_t width = layer->weight->shape[1], out_width = layer->weight->shape[0];
    double *out = dat_allocate((size_t)(rows * out_width), sizeof out[0]);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < out_width; o++) {
            out[r * out_width + o] = layer->bias ? (double)layer->bias->data[o] : 0;
            for (int64_t i = 0; i < width; i++)
                out[r * out_width + o] += (double)layer->weight->data[o * width + i] * in[r * width + i];
        }
    return out;
}

static double activate(const dat_relational_config *config, double x)
{
    switch (config->relation_activation) {
    case DAT_RELU:
        return x > 0 ? x : 0;
    case DAT_GELU:
        return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case DAT_SILU:
        return x / (1 + exp(-x));
    case DAT_TANH:
        return tanh(x);
    case DAT_SIGMOID:
        return 1 / (1 + exp(-x));
    default:
        return x;
    }
}

static double dot(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* p_j = exp(s_j) / sum exp(s), where s_j = -INFINITY is left out; 0 when all are. */
static void normalise(double *s, int64_t count)
{
    double sum = 0;
    for (int64_t j = 0; j < count; j++)
        sum += exp(s[j]);
    for (int64_t j = 0; j < count; j++)
        s[j] = sum > 0 ? exp(s[j]) / sum : 0;
}

/* The projections of one sequence, and what one query token i makes of them. */
typedef struct sequence {
    const dat_relational_layer *layer;
    const dat_attention_context *context;
    const dat_symbols *symbols;
    int64_t length;
    double *q, *k, *q_rel, *k_rel;
    double *v; /* of every row of the symbols */
} sequence;

/* The row of the symbol that j has for i. */
static int64_t symbol_row(const sequence *s, int64_t i, int64_t j)
{
    int64_t farthest = s->symbols->max_distance;
    switch (s->symbols->layout) {
    case DAT_SYMBOLS_BY_PAIR:
        return i * s->length + j;
    case DAT_SYMBOLS_BY_DISTANCE:
        return farthest + (j - i > farthest ? farthest : j - i < -farthest ? -farthest : j - i);
    default:
        return j;
    }
}

/* alpha_ij^h for all j. */
static void attention_weights(const sequence *s, int64_t h, int64_t i, double *alpha)
{
    const dat_attention_config *c = &s->layer->config.attention;
    int64_t group = h / (c->n_heads / c->n_kv_heads);
    for (int64_t j = 0; j < s->length; j++) {
        const double *q = s->q + (i * c->n_heads + h) * c->key_dim;
        const double *k = s->k + (j * c->n_kv_heads + group) * c->key_dim;
        bool hidden =
            (s->context->causal && j > i) || (s->context->mask && !s->context->mask[i * s->length + j]);
        alpha[j] = hidden ? -INFINITY : dot(q, k, c->key_dim) / sqrt((double)s->layer->head_dim);
    }
    normalise(alpha, s->length);
}

/* r_ij^l for all j, of one relation l. */
static void relations(const sequence *s, int64_t l, int64_t i, double *r)
{
    const dat_relational_config *c = &s->layer->config;
    for (int64_t j = 0; j < s->length; j++) {
        const double *q = s->q_rel + (i * c->n_relations + l) * c->rel_proj_dim;
        const double *k = s->k_rel + (j * c->n_relations + l) * c->rel_proj_dim;
        double product = dot(q, k, c->rel_proj_dim) / sqrt((double)c->rel_proj_dim);
        r[j] = c->relation_softmax ? product : activate(c, product);
    }
    if (c->relation_softmax)
        normalise(r, s->length);
}

/* heads[h hd + d] = sum_j alpha_ij^h (sum_l W_r[h, d, l] r_ij^l + (W_v s_j)[h, d]) for token i. */
static void attend(const sequence *s, int64_t i, double *heads)
{
    const dat_relational_config *c = &s->layer->config;
    int64_t n_heads = c->attention.n_heads, n_kv_heads = c->attention.n_kv_heads, width = s->layer->head_dim;
    double *r = dat_allocate((size_t)(c->n_relations * s->length), sizeof r[0]);
    double *alpha = dat_allocate((size_t)s->length, sizeof alpha[0]);
    for (int64_t l = 0; l < c->n_relations; l++)
        relations(s, l, i, r + l * s->length);
    for (int64_t h = 0; h < n_heads; h++) {
        attention_weights(s, h, i, alpha);
        int64_t group = h / (n_heads / n_kv_heads);
        for (int64_t d = 0; d < width; d++)
            for (int64_t j = 0; j < s->length; j++) {
                double message = s->v[(symbol_row(s, i, j) * n_kv_heads + group) * width + d];
                for (int64_t l = 0; l < c->n_relations; l++)
                    message += (double)s->layer->wr->data[(h * width + d) * c->n_relations + l] *
                               r[l * s->length + j];
                heads[h * width + d] += alpha[j] * message;
            }
    }
    free(r);
    free(alpha);
}

/* Item `item` of a tensor whose items have `count` values; of a shared one the only item. */
static double *widened(const dat_tensor *t, int64_t count, int64_t item)
{
    int64_t start = dat_count(t) == count ? 0 : item * count;
    double *values = dat_allocate((size_t)count, sizeof values[0]);
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)t->data[start + i];
    return values;
}

/* `table` are the symbols of one item, of `rows` rows. */
static void run_item(const dat_relational_layer *layer, const double *x, const dat_symbols *symbols,
                     const double *table, int64_t rows, int64_t length, const dat_attention_context *context,
                     dat_real *out)
{
    sequence s = {.layer = layer,
                  .context = context,
                  .symbols = symbols,
                  .length = length,
                  .q = project(&layer->wq_attn, x, length),
                  .k = project(&layer->wk_attn, x, length),
                  .q_rel = project(&layer->wq_rel, x, length),
                  .k_rel = project(&layer->wk_rel, x, length),
                  .v = project(&layer->wv, table, rows)};
    int64_t width = layer->config.attention.n_heads * layer->head_dim;
    double *heads = dat_allocate((size_t)(length * width), sizeof heads[0]);
    for (int64_t i = 0; i < length; i++)
        attend(&s, i, heads + i * width);
    double *projected = project(&layer->wo, heads, length);
    for (int64_t i = 0; i < length * width; i++)
        out[i] = (dat_real)projected[i];
    double *owned[] = {s.q, s.k, s.q_rel, s.k_rel, s.v, heads, projected};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
}

dat_real *naive_relational_attention(const dat_relational_layer *layer, const dat_tensor *x,
                                     const dat_symbols *symbols, const dat_attention_context *context)
{
    int64_t length = x->shape[1], d = x->shape[2];
    int64_t item_size = length * layer->config.attention.n_heads * layer->head_dim;
    int64_t rows = symbols->layout == DAT_SYMBOLS_BY_SENDER ? length : dat_rows(symbols->values);
    dat_real *out = dat_allocate((size_t)(x->shape[0] * item_size), sizeof out[0]);
    for (int64_t b = 0; b < x->shape[0]; b++) {
        double *item = widened(x, length * d, b), *table = widened(symbols->values, rows * d, b);
        run_item(layer, item, symbols, table, rows, length, context, out + b * item_size);
        free(item);
        free(table);
    }
    return out;
}
