/* What all kinds of attention share: their sizes, and where heads and their gradients are. Strides are in
 * values. */
#ifndef DAT_OPS_ATTENTION_HEADS_H
#define DAT_OPS_ATTENTION_HEADS_H

#include "core/gemm.h"
#include "ops/dropout.h"
#include "ops/ops.h"

/* One projection as attention reads it: row i of head h of batch item b starts at data + b item + i stride +
 * h dim. */
typedef struct dat_heads {
    const dat_real *data;
    dat_real *grad; /* the same place in the gradient, or NULL */
    int64_t stride;
    int64_t item;        /* 0: one set of rows for the whole batch */
    int64_t dim;         /* of a head */
    int64_t rows, width; /* of an item, without gaps: width is heads * dim */
} dat_heads;

dat_heads dat_heads_of(dat_columns columns, int64_t n_heads, int64_t batch);

/* Sizes of one attention: queries (B, n, n_heads key_dim), keys (B or 1, m, n_kv_heads key_dim), values of
 * width n_kv_heads head_dim, as columns of perhaps wider tensors. */
typedef struct dat_head_sizes {
    int64_t batch, n, m, n_heads, n_kv_heads, key_dim, head_dim;
    dat_heads query, key, value;
    dat_symbol_layout layout; /* of the values */
    int64_t max_distance;     /* of DAT_SYMBOLS_BY_DISTANCE */
    bool causal;
    const int64_t *key_lengths; /* (batch) or NULL */
    int64_t first_query;        /* the position of query 0 */
} dat_head_sizes;

/* Checks the three projections against each other and the arguments; false with the tape's error. */
bool dat_head_sizes_check(dat_tape *tape, const dat_node *n, dat_columns query, dat_columns key,
                          dat_columns value, const dat_attention_args *args, dat_head_sizes *sizes);

/* The sizes of projections that were checked. */
dat_head_sizes dat_head_sizes_of(dat_columns query, dat_columns key, dat_columns value,
                                 const dat_attention_args *args);

/* Where the gradients of batch item b go: the tensors' own, or for rows shared by the batch a buffer of
 * partial sums without gaps. NULL where nobody asks. */
typedef struct dat_grad_rows {
    dat_real *data;
    int64_t stride;
} dat_grad_rows;

static inline dat_grad_rows dat_grad_rows_of(const dat_heads *heads, int64_t b, dat_real *shared_sums)
{
    if (!heads->grad)
        return (dat_grad_rows){0};
    if (heads->item == 0)
        return (dat_grad_rows){shared_sums, heads->width};
    return (dat_grad_rows){heads->grad + b * heads->item, heads->stride};
}

/* Values in one piece's partial sums: 0 unless rows are shared by the batch and need a gradient. */
static inline int64_t dat_shared_count(const dat_heads *heads)
{
    return heads->grad && heads->item == 0 ? heads->rows * heads->width : 0;
}

static inline dat_grad_rows dat_grad_head(dat_grad_rows rows, int64_t offset)
{
    return (dat_grad_rows){rows.data ? rows.data + offset : NULL, rows.stride};
}

/* Keys of batch item b that are not padding. */
static inline int64_t dat_key_length(const dat_head_sizes *s, int64_t b)
{
    return s->key_lengths ? s->key_lengths[b] : s->m;
}

/* Number of (i, j) pairs that the mathematics needs: when causal, those that are not hidden; none with
 * padding. */
double dat_head_pairs(const dat_head_sizes *sizes);

/* Key/value head of query head h. */
static inline int64_t dat_kv_head(const dat_head_sizes *s, int64_t h)
{
    return h / (s->n_heads / s->n_kv_heads);
}

/* Index of the first weight of a head among those of all, (B, n_heads, n, m): its place in a dropout mask. */
static inline int64_t dat_first_weight(const dat_head_sizes *s, int64_t b, int64_t h)
{
    return (b * s->n_heads + h) * s->n * s->m;
}

/* A head of a projected tensor: a matrix of rows at distance `stride`. */
static inline dat_matrix dat_head_matrix(const dat_real *data, int64_t stride)
{
    return (dat_matrix){data, stride, false};
}

static inline dat_matrix dat_transposed(dat_matrix a)
{
    a.transposed = !a.transposed;
    return a;
}

#endif
