/* The ops: what a model's forward pass is written in. Shapes are row-major; "..." is any number of leading
 * axes. B is the batch, L the sequence length, d a width; dat_columns are some columns of a tensor, of the
 * shape that is given. Every op returns a tensor of the tape's arena, or NULL after an error (see
 * core/tape.h). All gradients are exact. */
#ifndef DAT_OPS_OPS_H
#define DAT_OPS_OPS_H

#include "core/tape.h"
#include "ops/activation.h"

/* --- linear.c --- */

/* y = x W^T + b.  x (..., in), weight (out, in), bias (out) or NULL -> (..., out). */
dat_tensor *dat_linear(dat_tape *tape, dat_tensor *x, dat_tensor *weight, dat_tensor *bias);

/* Several linear maps of one input as one product: weights[i] (out_i, in), biases[i] (out_i) or NULL; outputs
 * side by side in order: (..., in) -> (..., sum of out_i). `count` is at most DAT_MAX_GROUP. */
enum { DAT_MAX_GROUP = 7 };
dat_tensor *dat_linear_group(dat_tape *tape, dat_tensor *x, int count, dat_tensor *const *weights,
                             dat_tensor *const *biases);

/* linear(layer_norm(x)), with the norm's gain and shift folded into the weight, so that an input that needs
 * no gradient costs no product for it. x (..., in), gain (in), shift (in), weight (out, in), bias (out) ->
 * (..., out). */
dat_tensor *dat_norm_linear(dat_tape *tape, dat_tensor *x, dat_tensor *gain, dat_tensor *shift,
                            dat_tensor *weight, dat_tensor *bias);

/* --- inner_products.c --- */

/* All inner products between the rows of two sequences, y_ij = a_i . c_j: a (B, n, d), c (B, m, d) -> (B, n,
 * m).
 */
dat_tensor *dat_inner_products(dat_tape *tape, dat_tensor *a, dat_tensor *c);

/* --- norm.c --- */

/* y = gain * (x - mean) / sqrt(var + 1e-5) + shift over the last axis.  gain, shift (width). */
dat_tensor *dat_layer_norm(dat_tape *tape, dat_tensor *x, dat_tensor *gain, dat_tensor *shift);

/* y = gain * x / sqrt(mean(x^2) + 1e-5) over the last axis. */
dat_tensor *dat_rms_norm(dat_tape *tape, dat_tensor *x, dat_tensor *gain);

/* --- residual_norm.c --- */

/* sum = x + dropout(y), and its layer norm, or its RMS norm if `shift` is NULL: x and y (..., width) -> the
 * norm, with `*sum` of the same shape beside it, both made in one pass. */
dat_tensor *dat_residual_norm(dat_tape *tape, dat_tensor *x, dat_tensor *y, double rate, dat_tensor *gain,
                              dat_tensor *shift, dat_tensor **sum);

/* --- elementwise.c --- */

/* y = a + b; b has the shape of a or of its last axes, perhaps after some of length 1 (broadcast over the
 * leading ones). */
dat_tensor *dat_add(dat_tape *tape, dat_tensor *a, dat_tensor *b);

/* y = activation(x). */
dat_tensor *dat_activation_apply(dat_tape *tape, dat_tensor *x, dat_activation activation);

/* y = silu(gate) * x, the middle of a SwiGLU block: (..., n) and (..., n) -> (..., n). */
dat_tensor *dat_swiglu(dat_tape *tape, dat_columns gate, dat_columns x);

/* --- softmax.c --- */

/* Softmax over the last axis. */
dat_tensor *dat_softmax(dat_tape *tape, dat_tensor *x);

/* --- dropout.c --- */

/* Zeroes each element with probability `rate` and scales the others by 1 / (1 - rate), while the tape is
 * training. */
dat_tensor *dat_dropout(dat_tape *tape, dat_tensor *x, double rate);

/* x + dropout(y), the end of a residual branch. */
dat_tensor *dat_add_dropout(dat_tape *tape, dat_tensor *x, dat_tensor *y, double rate);

/* --- shape.c --- */

/* (B, L, d) images' tokens with `token` (d) in front of each sequence and `positions` (>= L+1, d) added:
 * -> (B, L + 1, d). */
dat_tensor *dat_prepend_token(dat_tape *tape, dat_tensor *x, dat_tensor *token, dat_tensor *positions);

/* The first `count` rows of a table (rows, d): -> (1, count, d), to be shared by the batch. */
dat_tensor *dat_first_rows(dat_tape *tape, dat_tensor *table, int64_t count);

/* Concatenates along the last axis: (..., p), (..., q) -> (..., p + q). */
dat_tensor *dat_concat(dat_tape *tape, dat_tensor *a, dat_tensor *b);

/* Mean over the sequence: (B, L, d) -> (B, d). */
dat_tensor *dat_mean_tokens(dat_tape *tape, dat_tensor *x);

/* Token `index` of every sequence: (B, L, d) -> (B, d). */
dat_tensor *dat_select_token(dat_tape *tape, dat_tensor *x, int64_t index);

/* --- reshape.c --- */

/* Gives the `rank` axes in `shape` to every item of a batch: (B, ...) -> (B, shape[0], ...). */
dat_tensor *dat_reshape(dat_tape *tape, dat_tensor *x, int rank, const int64_t *shape);

/* --- embed.c --- */

/* Sequences of token ids, which are borrowed until the end of the step. */
typedef struct dat_tokens {
    const int32_t *ids; /* (batch, length) */
    int64_t batch, length;
} dat_tokens;

/* The row of every token: table (rows, d) -> (batch, length, d). */
dat_tensor *dat_embedding(dat_tape *tape, dat_tensor *table, dat_tokens tokens);

/* y = scale x + the first L rows of a table of positions: x (B, L, d), table (>= L, d) -> (B, L, d). */
dat_tensor *dat_add_positions(dat_tape *tape, dat_tensor *x, dat_tensor *table, double scale);

/* --- pair_rows.c --- */

/* The row of every pair of positions in a table by distance (2 D + 1, d): out_ij = table[clip(j - i, -D, D) +
 * D] -> (queries, keys, d). */
dat_tensor *dat_pair_rows(dat_tape *tape, dat_tensor *table, int64_t queries, int64_t keys);

/* --- patch.c --- */

/* Cuts images (B, C, H, W) into patches, row by row, each flattened as (row, column, channel):
 * -> (B, (H / height) (W / width), height width C). */
dat_tensor *dat_patchify(dat_tape *tape, dat_tensor *images, int64_t height, int64_t width);

/* --- rope.c --- */

/* Rotary position embedding of each head: rotates the pairs (2k, 2k + 1) of head h of position p by the angle
 * whose cosine and sine are in row p. x (B, L, n_heads head_dim), cosines and sines (>= L, head_dim / 2) ->
 * as x. */
dat_tensor *dat_rope(dat_tape *tape, dat_columns x, dat_tensor *cosines, dat_tensor *sines, int64_t n_heads);

/* --- attention.c --- */

/* Where the value (or symbol) v_ij is that sender j has for receiver i. */
typedef enum dat_symbol_layout {
    DAT_SYMBOLS_BY_SENDER,   /* (B or 1, Lk, width): row j */
    DAT_SYMBOLS_BY_DISTANCE, /* (2 max_distance + 1, width): row clip(j - first_query - i) + max_distance */
    DAT_SYMBOLS_BY_PAIR,     /* (Lq, Lk, width): row (i, j) */
} dat_symbol_layout;

typedef struct dat_attention_args {
    int64_t n_heads, n_kv_heads; /* query head h uses key/value head h / (n_heads / n_kv_heads) */
    double scale;                /* of the dot products */
    bool pointwise;              /* weights are `activation` of the scaled dot products, not their softmax */
    dat_activation activation;   /* of `pointwise` */
    double dropout;              /* rate, on the attention weights */
    bool causal;                 /* position i attends to j <= i only */
    int64_t first_query;         /* the position of query 0, where that of key 0 is 0 */
    const uint8_t *mask;         /* (Lq, Lk), nonzero: may attend; or NULL */
    const int64_t *key_lengths;  /* (B): keys from key_lengths[b] on are padding, which nothing sees; 0 to Lk,
                                    borrowed until the end of the step; NULL: no padding */
    dat_symbol_layout layout;    /* of the values */
    int64_t max_distance;        /* of DAT_SYMBOLS_BY_DISTANCE */
    dat_real *scores;            /* receives the weights (B, n_heads, Lq, Lk), or NULL */
} dat_attention_args;

/* out_i = concat_h sum_j alpha_ij^h v_ij^h, alpha_ij^h = softmax_j(scale q_i^h . k_j^h), or pointwise
 * act(scale q_i^h . k_j^h) and 0 where masked.  query (B, Lq, n_heads kd), key (B or 1, Lk, n_kv_heads kd),
 * value of width n_kv_heads hd in the layout that is asked for -> (B, Lq, n_heads hd). A query that may
 * attend to nothing gets 0. Query i is at position first_query + i; causal attention needs a key for each of
 * them, and hides the keys behind. */
dat_tensor *dat_attention(dat_tape *tape, dat_columns query, dat_columns key, dat_columns value,
                          const dat_attention_args *args);

/* --- relational_attention.c --- */

typedef struct dat_relational_args {
    dat_attention_args attention;
    int64_t n_relations;
    double relation_scale; /* of the relation dot products, before the activation */
    dat_activation relation_activation;
    bool relation_softmax; /* normalise relations over all j instead; ignores the activation */
    dat_real *relations;   /* receives the relations (B, Lq, Lk, n_relations), or NULL */
} dat_relational_args;

/* Relational attention, equation 2 of the paper before its output projection:
 *     out_i = concat_h sum_j alpha_ij^h (W_r^h r_ij + v_ij^h),
 *     r_ij^l = act(relation_scale q_rel_i^l . k_rel_j^l),  alpha the softmax of dat_attention.
 * The relations are averaged first and projected after (appendix B.1). query (B, Lq, n_heads kd), key (B, Lk,
 * n_kv_heads kd), query_rel (B, Lq, n_relations rd), key_rel (B, Lk, n_relations rd; the same tensor for
 * symmetric relations), symbols of width n_kv_heads hd in the layout of the attention arguments, wr (n_heads,
 * hd, n_relations) -> (B, Lq, n_heads hd). Relations are never masked, as in the reference, but
 * those to padding are 0. */
dat_tensor *dat_relational_attention_core(dat_tape *tape, dat_columns query, dat_columns key,
                                          dat_columns query_rel, dat_columns key_rel, dat_tensor *symbols,
                                          dat_tensor *wr, const dat_relational_args *args);

/* --- disrca.c --- */

typedef struct dat_disrca_args {
    dat_attention_args attention;
    double relation_scale; /* of the relation dot products, before the activation */
    dat_activation relation_activation;
    bool relation_softmax; /* normalise relations over all j instead; ignores the activation */
    dat_real *relations;   /* receives the relations (B, n_heads, Lq, Lk), or NULL */
} dat_disrca_args;

/* Disentangled relational cross-attention before its output projection:
 *     out_i = concat_h sum_j alpha_ij^h r_ij^h v_ij^h,
 *     r_ij^h = act(relation_scale q_rel_i^h . k_rel_j^h),  alpha the softmax of dat_attention.
 * query (B, Lq, n_heads kd), key (B, Lk, n_kv_heads kd), query_rel (B, Lq, n_heads rd), key_rel (B, Lk,
 * n_kv_heads rd), symbols of width n_kv_heads hd in the layout of the attention arguments -> (B, Lq, n_heads
 * hd). Relations are never masked, as in the reference, but those to padding are 0. */
dat_tensor *dat_disrca_core(dat_tape *tape, dat_columns query, dat_columns key, dat_columns query_rel,
                            dat_columns key_rel, dat_tensor *symbols, const dat_disrca_args *args);

/* --- neighbour_relations.c --- */

typedef struct dat_neighbour_args {
    int64_t n_heads;
    int64_t distance;  /* of the farthest neighbour */
    bool causal;       /* neighbours are i - 1, i - 2, ...; else i - distance, ..., i + distance */
    bool include_self; /* i is a neighbour of its own, at its place in that order (first if causal) */
    bool softmax;      /* relations are normalised over the neighbours, after scaling by `scale` */
    double scale;      /* of `softmax` only: plain dot products are not scaled */
} dat_neighbour_args;

/* Number of neighbours of a position: distance or twice that, plus one with itself. */
int64_t dat_neighbour_count(const dat_neighbour_args *args);

/* How every position relates to its neighbours: out_i[t n_heads + h] = q_i^h . k_j^h with j the t-th
 * neighbour of i. Neighbours beyond either end of the sequence are its first or last position, as in the
 * reference. query and key (B, L, n_heads kd) -> (B, L, neighbours n_heads). */
dat_tensor *dat_neighbour_relations(dat_tape *tape, dat_columns query, dat_columns key,
                                    const dat_neighbour_args *args);

/* --- loss.c --- */

typedef struct dat_cross_entropy_args {
    const int32_t *targets;        /* (rows); class indices, or ignore_index */
    int32_t ignore_index;          /* rows with this target do not count */
    double label_smoothing;        /* share of the target spread evenly over all classes */
    const int32_t *second_targets; /* (rows); NULL: none. A row's target is its class of `targets` with its
                                      weight and its class here with the rest, as MixUp and CutMix make it */
    const dat_real *weights;       /* (rows) in [0, 1]; with second targets only */
} dat_cross_entropy_args;

/* Mean over the counted rows of -log softmax(logits)[target]: (..., classes) -> scalar. 0 when no row counts.
 */
dat_tensor *dat_cross_entropy(dat_tape *tape, dat_tensor *logits, const dat_cross_entropy_args *args);

#endif
