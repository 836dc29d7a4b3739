/* How positions score each other, and the weights that are made of it: softmax over the keys, or an
 * activation of every score by itself. Attention weights are of this kind, and so are relations. One (batch
 * item, head) pair at a time, serially. */
#ifndef DAT_OPS_ATTENTION_SCORES_H
#define DAT_OPS_ATTENTION_SCORES_H

#include "ops/attention_tiles.h"

/* Scores are scale q_i . k_j; pairs that causality, the mask or a batch item's length hide have weight 0. */
typedef struct dat_scores {
    dat_heads query, key;
    int64_t n, m, n_heads, n_key_heads;
    double scale;
    bool pointwise; /* weights are `activation` of the scores, else their softmax */
    dat_activation activation;
    bool causal;
    int64_t first_query;        /* the position of query 0 */
    const uint8_t *mask;        /* (n, m) or NULL */
    const int64_t *key_lengths; /* (B) or NULL */
    dat_real *log_sums; /* (B, n_heads, n) log sum_j exp(score), 0 where all is hidden: tiles of a softmax */
} dat_scores;

/* The scores of an attention whose sizes were checked; without log_sums. */
dat_scores dat_scores_of(const dat_head_sizes *s, const dat_attention_args *args);

/* Whether backward needs the scores themselves, besides the weights that are made of them. */
static inline bool dat_keeps_dots(const dat_scores *s)
{
    return s->pointwise && s->activation != DAT_IDENTITY;
}

/* Values in log_sums. */
static inline int64_t dat_log_sums_count(const dat_scores *s, int64_t batch)
{
    return s->pointwise ? 0 : batch * s->n_heads * s->n;
}

/* Where the gradients of one batch item's queries and keys go, all heads; either may be absent. */
typedef struct dat_score_grads {
    dat_grad_rows query, key;
} dat_score_grads;

/* Those of tensors that the batch does not share. */
static inline dat_score_grads dat_score_grads_of(const dat_scores *s, int64_t b)
{
    return (dat_score_grads){dat_grad_rows_of(&s->query, b, NULL), dat_grad_rows_of(&s->key, b, NULL)};
}

/* --- Whole heads: matrices (n, m) without gaps. --- */

/* p = the weights of a head. `dots` receives the scores where dat_keeps_dots, else it is NULL. */
void dat_head_weights(const dat_scores *s, int64_t b, int64_t h, dat_real *dots, dat_real *p);

/* dropped = mask p, where `first` is the index of p's first value in the node's mask; may be p itself. */
void dat_head_dropout(const dat_scores *s, dat_dropout_mask mask, int64_t first, const dat_real *p,
                      dat_real *dropped);

/* From dp, the gradient at the weights (overwritten), adds to those of queries and keys. dots and p are those
 * of dat_head_weights; `scratch` holds (n, m) values where dots do. */
void dat_head_weights_backward(const dat_scores *s, int64_t b, int64_t h, const dat_real *dots,
                               const dat_real *p, dat_real *dp, dat_real *scratch, dat_score_grads grads);

/* --- Tiles: matrices (rows, cols) with the tile's stride. --- */

/* The tile without the keys that are padding in batch item b: perhaps without any. */
static inline dat_tile dat_tile_unpadded(const dat_scores *s, int64_t b, dat_tile t)
{
    int64_t cols = s->key_lengths ? s->key_lengths[b] - t.col : t.cols;
    t.cols = cols < 0 ? 0 : cols < t.cols ? cols : t.cols;
    return t;
}

/* Whether causality hides all of the tile, or nothing is in it. */
static inline bool dat_tile_hidden(const dat_scores *s, dat_tile t)
{
    return t.cols == 0 || (s->causal && t.col > t.position + t.rows - 1);
}

/* p = the tile's weights; those of a softmax need log_sums. `dots` receives the scores where dat_keeps_dots;
 * it may be p itself for a caller who does not want them. */
void dat_tile_weights(const dat_scores *s, int64_t b, int64_t h, dat_tile t, dat_real *dots, dat_real *p);

/* dropped = mask p, where `first` is the index of the head's first weight in the node's mask; may be p. */
void dat_tile_dropout(const dat_scores *s, dat_dropout_mask mask, int64_t first, dat_tile t,
                      const dat_real *p, dat_real *dropped);

/* dat_head_weights_backward of a tile. `row_terms` (rows) is sum_j p_ij dp_ij over all keys for a softmax,
 * else NULL. p is overwritten. */
void dat_tile_weights_backward(const dat_scores *s, int64_t b, int64_t h, dat_tile t, const dat_real *dots,
                               const dat_real *row_terms, dat_real *p, dat_real *dp, dat_score_grads grads);

/* Row terms of a softmax that averages rows to `out` (rows, width): terms_i = dout_i . out_i, which is what
 * sum_j p_ij dp_ij comes to. */
void dat_row_terms(int64_t rows, int64_t width, const dat_real *dout, const dat_real *out, int64_t stride,
                   dat_real *terms);

/* A softmax whose keys come tile by tile: per row, the largest score so far and the sum of exp(score - top).
 * `factor` is what sums that were made with earlier tops must be multiplied by. */
typedef struct dat_running_softmax {
    dat_real *top, *sum, *factor; /* (rows) */
} dat_running_softmax;

/* Values that one needs for tiles of up to `rows` rows, and one over such memory. */
static inline int64_t dat_running_softmax_size(int64_t rows)
{
    return 3 * rows;
}

static inline dat_running_softmax dat_running_softmax_over(dat_real *memory, int64_t rows)
{
    return (dat_running_softmax){memory, memory + rows, memory + 2 * rows};
}

/* Forgets all keys. */
void dat_running_softmax_begin(const dat_running_softmax *r, int64_t rows);

/* p = exp(score - top), 0 for hidden pairs. */
void dat_running_softmax_add(const dat_running_softmax *r, const dat_scores *s, int64_t b, int64_t h,
                             dat_tile t, dat_real *p);

/* Writes log_sums for the rows of a tile; factor is 1 / sum now, or 0 for rows with nothing to attend to. */
void dat_running_softmax_end(const dat_running_softmax *r, const dat_scores *s, int64_t b, int64_t h,
                             dat_tile t);

/* Multiplies every row of `values` (rows, width) by its factor. */
void dat_scale_rows(const dat_real *factor, int64_t rows, int64_t width, dat_real *values, int64_t stride);

/* Writes log_sums for the rows of row tile `row_tile`, for softmax weights that are needed before all of them
 * have been seen. `p` holds a tile with the given stride; `running` is for the function's own use. */
void dat_tile_row_log_sums(const dat_scores *s, const dat_tiling *tiling, int64_t b, int64_t h,
                           int64_t row_tile, int64_t stride, dat_real *p, const dat_running_softmax *running);

#endif
