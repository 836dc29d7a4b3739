#include "ops/op_cases.h"

#include "ops/op_calls.h"
#include "ops/ops.h"
#include "ops/registry.h"

/* (3, 5): row 1 may attend to nothing. */
static const uint8_t rectangular_mask[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
static const uint8_t square_mask[] = {1, 1, 0, 0, 1, 1, 1, 0, 1};
/* (33, 33): the rows of the first and last receiver may attend to nothing, others to some keys. */
static const uint8_t long_mask[33 * 33] = {
    [33 * 1 + 1] = 1,   [33 * 2 + 5] = 1,  [33 * 4] = 1,       [33 * 4 + 32] = 1,
    [33 * 15 + 7] = 1,  [33 * 15 + 9] = 1, [33 * 16 + 15] = 1, [33 * 16 + 16] = 1,
    [33 * 16 + 17] = 1, [33 * 31 + 2] = 1, [33 * 31 + 3] = 1,
};
/* Of keys in a batch of two: some, and none; all but the last of 33. */
static const int64_t key_lengths[] = {2, 0}, long_key_lengths[] = {32, 7};
static const int32_t targets[] = {2, 0, 3, 3, 1};
static const int32_t some_ignored[] = {2, -1, 3, -1, 1};
/* The second classes of rows that have two, and the shares of the first; row 3 has one class twice. */
static const int32_t second_targets[] = {1, 3, 0, 3, 0};
static const dat_real weights[] = {0.25, 0.5, 1, 0.75, 0};
static const int32_t ids[] = {2, 0, 2, 4, 2, 1};
static const int32_t all_ignored[] = {-1, -1, -1, -1, -1};

/* Relational attention with 2 heads of 3 and relations of width 2 over 3 positions; the batch of the symbols
 * varies. */
#define RELATIONAL_INPUTS(symbol_batch, relations)                                                           \
    {                                                                                                        \
        SHAPE(2, 3, 8), SHAPE(2, 3, 8), SHAPE(2, 3, 2 * (relations)), SHAPE(2, 3, 2 * (relations)),          \
            SHAPE(symbol_batch, 3, 6), SHAPE(2, 3, relations)                                                \
    }
#define TWO_HEADS .n_heads = 2, .n_kv_heads = 2, .scale = 0.6

/* The same over 33 positions, which are computed tile by tile, with heads of one value. */
#define LONG_RELATIONAL_INPUTS(...)                                                                          \
    {                                                                                                        \
        SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(__VA_ARGS__),              \
            SHAPE(2, 1, 2)                                                                                   \
    }
#define LONG_DISRCA_INPUTS(...)                                                                              \
    {                                                                                                        \
        SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(__VA_ARGS__)               \
    }

/* Values by distance, and pointwise weights. */
#define DISTANCE(farthest) .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = farthest
#define POINTWISE(kind)    .pointwise = true, .activation = kind

/* DisRCA with 2 heads over 3 positions; symbols of any layout. */
#define DISRCA_INPUTS(...)                                                                                   \
    {                                                                                                        \
        SHAPE(2, 3, 8), SHAPE(2, 3, 8), SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(__VA_ARGS__)                   \
    }

/* A case is one or two lines. */
/* clang-format off */
const op_case op_cases[] = {
    {&dat_op_linear, "rank 1", call_linear, NULL, 3, {SHAPE(3), SHAPE(5, 3), SHAPE(5)}},
    {&dat_op_linear, "rank 2, no bias", call_linear, NULL, 3, {SHAPE(4, 3), SHAPE(5, 3), ABSENT}},
    {&dat_op_linear, "rank 3", call_linear, NULL, 3, {SHAPE(2, 3, 5), SHAPE(4, 5), SHAPE(4)}},
    {&dat_op_linear, "rank 4, one row", call_linear, NULL, 3, {SHAPE(1, 1, 1, 5), SHAPE(1, 5), SHAPE(1)}},
    {&dat_op_linear, "weight is also x", call_linear, NULL, 3, {SHAPE(3, 3), SAME, ABSENT}},
    {&dat_op_linear, "several pieces", call_linear, NULL, 3, {SHAPE(530, 2), SHAPE(3, 2), SHAPE(3)}},

    {&dat_op_linear_group, "biases", call_linear_group, INTEGER(2), 5,
     {SHAPE(2, 3, 5), SHAPE(4, 5), SHAPE(3, 5), SHAPE(4), SHAPE(3)}},
    {&dat_op_linear_group, "one bias of three", call_linear_group, INTEGER(3), 7,
     {SHAPE(4, 3), SHAPE(2, 3), SHAPE(1, 3), SHAPE(5, 3), ABSENT, SHAPE(1), ABSENT}},
    {&dat_op_linear_group, "no bias, one weight twice", call_linear_group, INTEGER(2), 5,
     {SHAPE(3), SHAPE(4, 3), SAME, ABSENT, ABSENT}},

    {&dat_op_norm_linear, "rank 3", call_norm_linear, NULL, 5,
     {SHAPE(2, 3, 5), SHAPE(5), SHAPE(5), SHAPE(4, 5), SHAPE(4)}},
    {&dat_op_norm_linear, "rank 2", call_norm_linear, NULL, 5,
     {SHAPE(7, 3), SHAPE(3), SHAPE(3), SHAPE(2, 3), SHAPE(2)}},

    {&dat_op_layer_norm, "rank 3", call_layer_norm, NULL, 3, {SHAPE(2, 3, 5), SHAPE(5), SHAPE(5)}},
    {&dat_op_layer_norm, "rank 1", call_layer_norm, NULL, 3, {SHAPE(7), SHAPE(7), SHAPE(7)}},
    {&dat_op_rms_norm, "rank 3", call_rms_norm, NULL, 2, {SHAPE(2, 3, 5), SHAPE(5)}},
    {&dat_op_rms_norm, "width 1", call_rms_norm, NULL, 2, {SHAPE(4, 1), SHAPE(1)}},
    {&dat_op_residual_norm, "no dropout", call_residual_norm, NUMBER(0), 4,
     {SHAPE(2, 3, 5), SHAPE(2, 3, 5), SHAPE(5), SHAPE(5)}},
    {&dat_op_residual_norm, "a third, RMS norm", call_residual_norm, NUMBER(1.0 / 3), 4,
     {SHAPE(4, 7), SHAPE(4, 7), SHAPE(7), ABSENT}},
    {&dat_op_residual_norm, "the same tensor twice", call_residual_norm, NUMBER(0.5), 4,
     {SHAPE(4, 7), SAME, SHAPE(7), SHAPE(7)}},

    {&dat_op_add, "same shape", call_add, NULL, 2, {SHAPE(3, 5), SHAPE(3, 5)}},
    {&dat_op_add, "broadcast over two axes", call_add, NULL, 2, {SHAPE(2, 3, 5), SHAPE(5)}},
    {&dat_op_add, "broadcast over the batch", call_add, NULL, 2, {SHAPE(2, 3, 5), SHAPE(3, 5)}},
    {&dat_op_add, "broadcast of one item", call_add, NULL, 2, {SHAPE(2, 3, 5), SHAPE(1, 3, 5)}},
    {&dat_op_add, "the same tensor twice", call_add, NULL, 2, {SHAPE(3, 5), SAME}},

    {&dat_op_activation, "identity", call_activation, ACTIVATION(DAT_IDENTITY), 1, {SHAPE(3, 7)}},
    {&dat_op_activation, "relu", call_activation, ACTIVATION(DAT_RELU), 1, {SHAPE(3, 7)}},
    {&dat_op_activation, "gelu", call_activation, ACTIVATION(DAT_GELU), 1, {SHAPE(3, 7)}},
    {&dat_op_activation, "silu", call_activation, ACTIVATION(DAT_SILU), 1, {SHAPE(19)}},
    {&dat_op_activation, "tanh", call_activation, ACTIVATION(DAT_TANH), 1, {SHAPE(3, 1, 7)}},
    {&dat_op_activation, "sigmoid", call_activation, ACTIVATION(DAT_SIGMOID), 1, {SHAPE(3, 7)}},

    {&dat_op_swiglu, "rank 3", call_swiglu, NULL, 2, {SHAPE(2, 3, 5), SHAPE(2, 3, 5)}},
    {&dat_op_swiglu, "the same tensor twice", call_swiglu, NULL, 2, {SHAPE(19), SAME}},

    {&dat_op_swiglu, "columns of one tensor", call_swiglu_halves, NULL, 1, {SHAPE(2, 3, 10)}},

    {&dat_op_softmax, "rank 3", call_softmax, NULL, 1, {SHAPE(2, 3, 5)}},
    {&dat_op_softmax, "rank 1", call_softmax, NULL, 1, {SHAPE(7)}},

    {&dat_op_dropout, "half", call_dropout, NUMBER(0.5), 1, {SHAPE(3, 7)}},
    {&dat_op_add_dropout, "a third", call_add_dropout, NUMBER(1.0 / 3), 2, {SHAPE(3, 7), SHAPE(3, 7)}},
    {&dat_op_add_dropout, "the same tensor twice", call_add_dropout, NUMBER(0.5), 2, {SHAPE(3, 7), SAME}},

    {&dat_op_prepend_token, "exact table", call_prepend_token, NULL, 3,
     {SHAPE(2, 3, 5), SHAPE(5), SHAPE(4, 5)}},
    {&dat_op_prepend_token, "longer table", call_prepend_token, NULL, 3,
     {SHAPE(3, 2, 5), SHAPE(1, 1, 5), SHAPE(1, 7, 5)}},
    {&dat_op_first_rows, "some", call_first_rows, INTEGER(3), 1, {SHAPE(5, 4)}},
    {&dat_op_first_rows, "all", call_first_rows, INTEGER(2), 1, {SHAPE(2, 3)}},
    {&dat_op_concat, "rank 3", call_concat, NULL, 2, {SHAPE(2, 3, 5), SHAPE(2, 3, 2)}},
    {&dat_op_concat, "rank 1", call_concat, NULL, 2, {SHAPE(3), SHAPE(4)}},
    {&dat_op_concat, "the same tensor twice", call_concat, NULL, 2, {SHAPE(3, 4), SAME}},
    {&dat_op_mean_tokens, "several", call_mean_tokens, NULL, 1, {SHAPE(2, 3, 5)}},
    {&dat_op_mean_tokens, "one", call_mean_tokens, NULL, 1, {SHAPE(3, 1, 2)}},
    {&dat_op_select_token, "first", call_select_token, INTEGER(0), 1, {SHAPE(2, 3, 5)}},
    {&dat_op_select_token, "last", call_select_token, INTEGER(2), 1, {SHAPE(2, 3, 5)}},
    {&dat_op_patchify, "oblong", call_patchify, ((const int64_t[]){2, 3}), 1, {SHAPE(2, 3, 4, 6)}},
    {&dat_op_patchify, "one patch", call_patchify, ((const int64_t[]){2, 1}), 1, {SHAPE(1, 2, 2, 1)}},

    {&dat_op_rope, "two heads", call_rope, INTEGER(2), 3, {SHAPE(2, 3, 8), TABLE(3, 2), TABLE(3, 2)}},
    {&dat_op_rope, "longer table", call_rope, INTEGER(1), 3, {SHAPE(2, 3, 6), TABLE(5, 3), TABLE(5, 3)}},

    {&dat_op_rope, "columns of a tensor", call_rope_half, INTEGER(2), 3,
     {SHAPE(2, 3, 16), TABLE(3, 2), TABLE(3, 2)}},

    {&dat_op_attention, "plain", call_attention, ATTENTION(TWO_HEADS), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 6)}},
    {&dat_op_attention, "causal", call_attention, ATTENTION(TWO_HEADS, .causal = true), 3,
     {SHAPE(2, 5, 6), SHAPE(2, 5, 6), SHAPE(2, 5, 6)}},
    {&dat_op_attention, "cross, key width differs", call_attention, ATTENTION(TWO_HEADS), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 5, 10)}},
    {&dat_op_attention, "mask with an empty row", call_attention,
     ATTENTION(TWO_HEADS, .mask = rectangular_mask), 3, {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 5, 6)}},
    {&dat_op_attention, "grouped", call_attention, ATTENTION(.n_heads = 4, .n_kv_heads = 2, .scale = 0.7), 3,
     {SHAPE(2, 3, 12), SHAPE(2, 3, 6), SHAPE(2, 3, 4)}},
    {&dat_op_attention, "one key head", call_attention,
     ATTENTION(.n_heads = 3, .n_kv_heads = 1, .scale = 0.7, .causal = true), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 2), SHAPE(2, 3, 5)}},
    {&dat_op_attention, "dropout", call_attention, ATTENTION(TWO_HEADS, .dropout = 0.4), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 6)}},
    {&dat_op_attention, "shared keys and values", call_attention, ATTENTION(TWO_HEADS, .dropout = 0.4), 3,
     {SHAPE(3, 2, 6), SHAPE(1, 5, 6), SHAPE(1, 5, 4)}},
    {&dat_op_attention, "queries are keys are values", call_attention, ATTENTION(TWO_HEADS), 3,
     {SHAPE(2, 3, 4), SAME, SAME}},

    {&dat_op_attention, "columns of one tensor", call_attention_thirds, ATTENTION(TWO_HEADS, .dropout = 0.3),
     1, {SHAPE(2, 3, 18)}},
    {&dat_op_attention, "columns of one tensor, batch of 1", call_attention_thirds,
     ATTENTION(TWO_HEADS, .causal = true), 1, {SHAPE(1, 3, 12)}},

    {&dat_op_attention, "by distance, all in the table", call_attention, ATTENTION(TWO_HEADS, DISTANCE(3)), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 4, 6), SHAPE(7, 8)}},
    {&dat_op_attention, "by distance, clipped, dropout", call_attention,
     ATTENTION(TWO_HEADS, DISTANCE(1), .dropout = 0.3), 3, {SHAPE(3, 4, 6), SHAPE(3, 4, 6), SHAPE(3, 4)}},
    {&dat_op_attention, "by distance, causal, one key head", call_attention,
     ATTENTION(.n_heads = 3, .n_kv_heads = 1, .scale = 0.7, .causal = true, DISTANCE(2)), 3,
     {SHAPE(2, 5, 6), SHAPE(2, 5, 2), SHAPE(5, 3)}},
    {&dat_op_attention, "by distance, one row", call_attention, ATTENTION(TWO_HEADS, DISTANCE(0)), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(1, 6)}},
    {&dat_op_attention, "by pair", call_attention,
     ATTENTION(TWO_HEADS, .layout = DAT_SYMBOLS_BY_PAIR, .dropout = 0.3), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 5, 6), SHAPE(3, 5, 4)}},
    {&dat_op_attention, "by pair, causal, grouped", call_attention,
     ATTENTION(.n_heads = 4, .n_kv_heads = 2, .scale = 0.7, .causal = true, .layout = DAT_SYMBOLS_BY_PAIR), 3,
     {SHAPE(1, 3, 8), SHAPE(1, 3, 4), SHAPE(3, 3, 6)}},
    {&dat_op_attention, "pointwise identity, mask", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_IDENTITY), .mask = square_mask), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 4)}},
    {&dat_op_attention, "tanh, causal, dropout", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_TANH), .causal = true, .dropout = 0.4), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 4)}},
    {&dat_op_attention, "sigmoid, mask with an empty row, grouped", call_attention,
     ATTENTION(.n_heads = 4, .n_kv_heads = 2, .scale = 0.7, POINTWISE(DAT_SIGMOID), .mask = rectangular_mask),
     3, {SHAPE(2, 3, 12), SHAPE(2, 5, 6), SHAPE(2, 5, 4)}},
    {&dat_op_attention, "gelu, causal, by distance", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_GELU), .causal = true, DISTANCE(1)), 3,
     {SHAPE(2, 4, 6), SHAPE(2, 4, 6), SHAPE(3, 4)}},

    {&dat_op_attention, "tiles, causal, grouped, dropout", call_attention,
     ATTENTION(.n_heads = 2, .n_kv_heads = 1, .scale = 0.7, .causal = true, .dropout = 0.3), 3,
     {SHAPE(2, 35, 2), SHAPE(2, 35, 1), SHAPE(2, 35, 1)}},
    {&dat_op_attention, "tiles, cross, shared keys and values", call_attention, ATTENTION(TWO_HEADS), 3,
     {SHAPE(2, 3, 2), SHAPE(1, 34, 2), SHAPE(1, 34, 2)}},
    {&dat_op_attention, "tiles, queries are keys are values", call_attention, ATTENTION(TWO_HEADS), 3,
     {SHAPE(1, 130, 2), SAME, SAME}},
    {&dat_op_attention, "tiles, columns of one tensor, mask with empty rows", call_attention_thirds,
     ATTENTION(TWO_HEADS, .mask = long_mask), 1, {SHAPE(1, 33, 6)}},
    {&dat_op_attention, "tiles, by distance, clipped", call_attention, ATTENTION(TWO_HEADS, DISTANCE(7)), 3,
     {SHAPE(2, 4, 2), SHAPE(2, 37, 2), SHAPE(15, 2)}},
    {&dat_op_attention, "tiles, by pair, causal", call_attention,
     ATTENTION(TWO_HEADS, .causal = true, .layout = DAT_SYMBOLS_BY_PAIR), 3,
     {SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(33, 33, 2)}},
    {&dat_op_attention, "tiles, gelu, mask with empty rows", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_GELU), .mask = long_mask), 3,
     {SHAPE(1, 33, 2), SHAPE(1, 33, 2), SHAPE(1, 33, 2)}},

    {&dat_op_attention, "lengths, by distance, dropout", call_attention,
     ATTENTION(TWO_HEADS, .key_lengths = key_lengths, DISTANCE(1), .dropout = 0.3), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 4, 6), SHAPE(3, 4)}},
    {&dat_op_attention, "lengths, causal, queries are keys are values", call_attention,
     ATTENTION(TWO_HEADS, .key_lengths = key_lengths, .causal = true), 3, {SHAPE(2, 3, 4), SAME, SAME}},
    {&dat_op_attention, "lengths, gelu, shared keys, mask with an empty row", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_GELU), .key_lengths = key_lengths, .mask = rectangular_mask), 3,
     {SHAPE(2, 3, 6), SHAPE(1, 5, 6), SHAPE(1, 5, 4)}},
    {&dat_op_attention, "tiles, lengths, dropout", call_attention,
     ATTENTION(TWO_HEADS, .key_lengths = long_key_lengths, .dropout = 0.3), 3,
     {SHAPE(2, 3, 2), SHAPE(2, 33, 2), SHAPE(2, 33, 2)}},
    {&dat_op_attention, "tiles, lengths, tanh, by distance", call_attention,
     ATTENTION(TWO_HEADS, POINTWISE(DAT_TANH), .key_lengths = long_key_lengths, DISTANCE(7)), 3,
     {SHAPE(2, 4, 2), SHAPE(2, 37, 2), SHAPE(15, 2)}},
    {&dat_op_attention, "causal, later queries, by distance", call_attention,
     ATTENTION(TWO_HEADS, .causal = true, .first_query = 2, DISTANCE(2)), 3,
     {SHAPE(2, 2, 6), SHAPE(2, 5, 6), SHAPE(5, 4)}},
    {&dat_op_attention, "tiles, causal, later queries, hidden keys", call_attention,
     ATTENTION(TWO_HEADS, .causal = true, .first_query = 30), 3,
     {SHAPE(2, 2, 2), SHAPE(2, 34, 2), SHAPE(2, 34, 2)}},

    {&dat_op_relational_attention, "plain", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 2, .relation_scale = 0.5), 6, RELATIONAL_INPUTS(2, 2)},
    {&dat_op_relational_attention, "more relations than heads, causal", call_relational,
     RELATIONAL({TWO_HEADS, .causal = true}, .n_relations = 5, .relation_scale = 0.5), 6,
     RELATIONAL_INPUTS(2, 5)},
    {&dat_op_relational_attention, "fewer relations than heads, mask", call_relational,
     RELATIONAL({TWO_HEADS, .mask = square_mask}, .n_relations = 1, .relation_scale = 0.5), 6,
     RELATIONAL_INPUTS(2, 1)},
    {&dat_op_relational_attention, "shared symbols, dropout", call_relational,
     RELATIONAL({TWO_HEADS, .dropout = 0.4}, .n_relations = 3, .relation_scale = 0.5), 6,
     RELATIONAL_INPUTS(1, 3)},
    {&dat_op_relational_attention, "relu", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 3, .relation_scale = 0.5, .relation_activation = DAT_RELU), 6,
     RELATIONAL_INPUTS(2, 3)},
    {&dat_op_relational_attention, "gelu", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 3, .relation_scale = 0.5, .relation_activation = DAT_GELU), 6,
     RELATIONAL_INPUTS(2, 3)},
    {&dat_op_relational_attention, "silu, causal", call_relational, RELATIONAL({TWO_HEADS, .causal = true},
      .n_relations = 3, .relation_scale = 0.5, .relation_activation = DAT_SILU), 6, RELATIONAL_INPUTS(2, 3)},
    {&dat_op_relational_attention, "tanh", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 3, .relation_scale = 0.5, .relation_activation = DAT_TANH), 6,
     RELATIONAL_INPUTS(1, 3)},
    {&dat_op_relational_attention, "sigmoid, dropout", call_relational,
      RELATIONAL({TWO_HEADS, .dropout = 0.4}, .n_relations = 3, .relation_scale = 0.5,
      .relation_activation = DAT_SIGMOID), 6, RELATIONAL_INPUTS(2, 3)},
    {&dat_op_relational_attention, "softmax", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 3, .relation_scale = 0.5, .relation_softmax = true), 6,
     RELATIONAL_INPUTS(2, 3)},
    {&dat_op_relational_attention, "softmax, causal", call_relational, RELATIONAL({TWO_HEADS, .causal = true},
      .n_relations = 2, .relation_scale = 0.5, .relation_softmax = true), 6, RELATIONAL_INPUTS(2, 2)},
    {&dat_op_relational_attention, "symmetric relations", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 2, .relation_scale = 0.5, .relation_activation = DAT_TANH), 6,
     {SHAPE(2, 3, 8), SHAPE(2, 3, 8), SHAPE(2, 3, 6), SAME, SHAPE(2, 3, 6), SHAPE(2, 3, 2)}},
    {&dat_op_relational_attention, "symmetric attention", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 2, .relation_scale = 0.5), 6,
     {SHAPE(2, 3, 8), SAME, SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 2)}},
    {&dat_op_relational_attention, "grouped", call_relational,
      RELATIONAL({.n_heads = 4, .n_kv_heads = 2, .scale = 0.7, .dropout = 0.3}, .n_relations = 3,
      .relation_scale = 0.5), 6,
     {SHAPE(2, 3, 8), SHAPE(2, 3, 4), SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(4, 3, 3)}},
    {&dat_op_relational_attention, "one key head, shared symbols", call_relational,
      RELATIONAL({.n_heads = 3, .n_kv_heads = 1, .scale = 0.7, .causal = true}, .n_relations = 2,
      .relation_scale = 0.5), 6,
     {SHAPE(3, 2, 6), SHAPE(3, 2, 2), SHAPE(3, 2, 2), SHAPE(3, 2, 2), SHAPE(1, 2, 5), SHAPE(3, 5, 2)}},
    {&dat_op_relational_attention, "one position", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 2, .relation_scale = 0.5), 6,
     {SHAPE(2, 1, 4), SHAPE(2, 1, 4), SHAPE(2, 1, 6), SHAPE(2, 1, 6), SHAPE(2, 1, 2), SHAPE(2, 1, 2)}},

    {&dat_op_relational_attention, "columns of one tensor", call_relational_quarters,
      RELATIONAL({TWO_HEADS, .dropout = 0.3}, .n_relations = 3, .relation_scale = 0.5,
      .relation_activation = DAT_TANH), 3, {SHAPE(2, 3, 24), SHAPE(1, 3, 6), SHAPE(2, 3, 3)}},
    {&dat_op_relational_attention, "symmetric columns of one tensor", call_relational_thirds,
     RELATIONAL({TWO_HEADS, .causal = true}, .n_relations = 2, .relation_scale = 0.5), 3,
     {SHAPE(2, 3, 18), SHAPE(2, 3, 8), SHAPE(2, 4, 2)}},

    {&dat_op_relational_attention, "by distance, dropout", call_relational,
     RELATIONAL({TWO_HEADS, DISTANCE(1), .dropout = 0.3}, .n_relations = 3, .relation_scale = 0.5), 6,
     {SHAPE(3, 3, 8), SHAPE(3, 3, 8), SHAPE(3, 3, 6), SHAPE(3, 3, 6), SHAPE(3, 6), SHAPE(2, 3, 3)}},
    {&dat_op_relational_attention, "by distance, causal, grouped", call_relational,
     RELATIONAL({.n_heads = 4, .n_kv_heads = 2, .scale = 0.7, .causal = true, DISTANCE(4)}, .n_relations = 1,
      .relation_scale = 0.5, .relation_activation = DAT_TANH), 6,
     {SHAPE(2, 4, 8), SHAPE(2, 4, 4), SHAPE(2, 4, 2), SHAPE(2, 4, 2), SHAPE(9, 6), SHAPE(4, 3, 1)}},
    {&dat_op_relational_attention, "by pair", call_relational,
     RELATIONAL({TWO_HEADS, .layout = DAT_SYMBOLS_BY_PAIR}, .n_relations = 2, .relation_scale = 0.5), 6,
     {SHAPE(2, 3, 8), SHAPE(2, 3, 8), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(3, 3, 6), SHAPE(2, 3, 2)}},

    {&dat_op_relational_attention, "tiles, gelu, dropout", call_relational,
     RELATIONAL({TWO_HEADS, .dropout = 0.3}, .n_relations = 2, .relation_scale = 0.5,
      .relation_activation = DAT_GELU), 6, LONG_RELATIONAL_INPUTS(1, 33, 2)},
    {&dat_op_relational_attention, "tiles, softmax, causal, by distance", call_relational,
     RELATIONAL({TWO_HEADS, .causal = true, DISTANCE(9)}, .n_relations = 2, .relation_scale = 0.5,
      .relation_softmax = true), 6, LONG_RELATIONAL_INPUTS(19, 2)},
    {&dat_op_relational_attention, "tiles, mask with empty rows", call_relational,
     RELATIONAL({TWO_HEADS, .mask = long_mask}, .n_relations = 2, .relation_scale = 0.5), 6,
     LONG_RELATIONAL_INPUTS(1, 33, 2)},
    {&dat_op_relational_attention, "tiles, symmetric relations and attention, two sets", call_relational,
     RELATIONAL({TWO_HEADS}, .n_relations = 1, .relation_scale = 0.5), 6,
     {SHAPE(1, 130, 2), SAME, SHAPE(1, 130, 1), SAME, SHAPE(1, 130, 2), SHAPE(2, 1, 1)}},

    {&dat_op_relational_attention, "lengths, tanh, by distance", call_relational,
     RELATIONAL({TWO_HEADS, .key_lengths = key_lengths, DISTANCE(1)}, .n_relations = 3, .relation_scale = 0.5,
      .relation_activation = DAT_TANH), 6,
     {SHAPE(2, 3, 8), SHAPE(2, 3, 8), SHAPE(2, 3, 6), SHAPE(2, 3, 6), SHAPE(3, 6), SHAPE(2, 3, 3)}},
    {&dat_op_relational_attention, "lengths, softmax, causal", call_relational,
     RELATIONAL({TWO_HEADS, .key_lengths = key_lengths, .causal = true}, .n_relations = 2,
      .relation_scale = 0.5, .relation_softmax = true), 6, RELATIONAL_INPUTS(2, 2)},
    {&dat_op_relational_attention, "tiles, lengths, softmax", call_relational,
     RELATIONAL({TWO_HEADS, .key_lengths = long_key_lengths}, .n_relations = 2, .relation_scale = 0.5,
      .relation_softmax = true), 6, LONG_RELATIONAL_INPUTS(1, 33, 2)},
    {&dat_op_relational_attention, "causal, later queries, by distance", call_relational,
     RELATIONAL({TWO_HEADS, .causal = true, .first_query = 2, DISTANCE(2)}, .n_relations = 3,
      .relation_scale = 0.5, .relation_activation = DAT_TANH), 6,
     {SHAPE(2, 2, 6), SHAPE(2, 5, 6), SHAPE(2, 2, 6), SHAPE(2, 5, 6), SHAPE(5, 4), SHAPE(2, 2, 3)}},
    {&dat_op_relational_attention, "tiles, causal, later queries, hidden keys", call_relational,
     RELATIONAL({TWO_HEADS, .causal = true, .first_query = 30}, .n_relations = 2, .relation_scale = 0.5), 6,
     {SHAPE(1, 2, 2), SHAPE(1, 34, 2), SHAPE(1, 2, 2), SHAPE(1, 34, 2), SHAPE(1, 34, 2), SHAPE(2, 1, 2)}},

    {&dat_op_disrca, "plain", call_disrca, DISRCA({TWO_HEADS}, .relation_scale = 0.5), 5,
     DISRCA_INPUTS(2, 3, 10)},
    {&dat_op_disrca, "causal, shared symbols", call_disrca,
     DISRCA({TWO_HEADS, .causal = true}, .relation_scale = 0.5), 5, DISRCA_INPUTS(1, 3, 4)},
    {&dat_op_disrca, "tanh, mask, dropout", call_disrca,
     DISRCA({TWO_HEADS, .mask = square_mask, .dropout = 0.4}, .relation_scale = 0.5,
      .relation_activation = DAT_TANH), 5, DISRCA_INPUTS(2, 3, 4)},
    {&dat_op_disrca, "softmax, causal", call_disrca,
     DISRCA({TWO_HEADS, .causal = true}, .relation_scale = 0.5, .relation_softmax = true), 5,
     DISRCA_INPUTS(2, 3, 4)},
    {&dat_op_disrca, "silu, one key head", call_disrca,
     DISRCA({.n_heads = 3, .n_kv_heads = 1, .scale = 0.7}, .relation_scale = 0.5,
      .relation_activation = DAT_SILU), 5,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 2), SHAPE(2, 3, 9), SHAPE(2, 3, 3), SHAPE(2, 3, 4)}},
    {&dat_op_disrca, "by distance, dropout", call_disrca,
     DISRCA({TWO_HEADS, DISTANCE(1), .dropout = 0.3}, .relation_scale = 0.5), 5, DISRCA_INPUTS(3, 4)},
    {&dat_op_disrca, "by pair, causal, sigmoid", call_disrca,
     DISRCA({TWO_HEADS, .causal = true, .layout = DAT_SYMBOLS_BY_PAIR}, .relation_scale = 0.5,
      .relation_activation = DAT_SIGMOID), 5, DISRCA_INPUTS(3, 3, 4)},
    {&dat_op_disrca, "columns of one tensor", call_disrca_quarters,
     DISRCA({TWO_HEADS}, .relation_scale = 0.5), 2, {SHAPE(2, 3, 24), SHAPE(2, 3, 4)}},

    {&dat_op_disrca, "tiles, tanh, dropout", call_disrca,
     DISRCA(.attention = {TWO_HEADS, .dropout = 0.3}, .relation_scale = 0.5,
      .relation_activation = DAT_TANH), 5, LONG_DISRCA_INPUTS(1, 33, 2)},
    {&dat_op_disrca, "tiles, softmax, causal", call_disrca,
     DISRCA(.attention = {TWO_HEADS, .causal = true}, .relation_scale = 0.5, .relation_softmax = true), 5,
     LONG_DISRCA_INPUTS(1, 33, 2)},

    {&dat_op_disrca, "lengths, softmax, dropout", call_disrca,
     DISRCA({TWO_HEADS, .key_lengths = key_lengths, .dropout = 0.3}, .relation_scale = 0.5,
      .relation_softmax = true), 5, DISRCA_INPUTS(2, 3, 4)},
    {&dat_op_disrca, "tiles, lengths, softmax, causal", call_disrca,
     DISRCA(.attention = {TWO_HEADS, .key_lengths = long_key_lengths, .causal = true}, .relation_scale = 0.5,
      .relation_softmax = true), 5, LONG_DISRCA_INPUTS(1, 33, 2)},
    {&dat_op_disrca, "causal, later queries, by distance", call_disrca,
     DISRCA(.attention = {TWO_HEADS, .causal = true, .first_query = 2, DISTANCE(2)}, .relation_scale = 0.5),
     5, {SHAPE(2, 2, 6), SHAPE(2, 5, 6), SHAPE(2, 2, 4), SHAPE(2, 5, 4), SHAPE(5, 4)}},
    {&dat_op_disrca, "tiles, causal, later queries, hidden keys", call_disrca,
     DISRCA(.attention = {TWO_HEADS, .causal = true, .first_query = 30}, .relation_scale = 0.5,
      .relation_activation = DAT_TANH), 5,
     {SHAPE(1, 2, 2), SHAPE(1, 34, 2), SHAPE(1, 2, 2), SHAPE(1, 34, 2), SHAPE(1, 34, 2)}},

    {&dat_op_neighbour_relations, "causal", call_neighbours,
     NEIGHBOURS(.n_heads = 2, .distance = 3, .causal = true), 2, {SHAPE(2, 5, 6), SHAPE(2, 5, 6)}},
    {&dat_op_neighbour_relations, "causal with itself, softmax", call_neighbours,
     NEIGHBOURS(.n_heads = 3, .distance = 2, .causal = true, .include_self = true, .softmax = true,
      .scale = 0.7), 2, {SHAPE(2, 5, 6), SHAPE(2, 5, 6)}},
    {&dat_op_neighbour_relations, "both sides, softmax", call_neighbours,
     NEIGHBOURS(.n_heads = 1, .distance = 2, .softmax = true, .scale = 0.7), 2, {SHAPE(3, 4, 3), SAME}},
    {&dat_op_neighbour_relations, "farther than the sequence", call_neighbours,
     NEIGHBOURS(.n_heads = 2, .distance = 4, .include_self = true), 2, {SHAPE(2, 3, 4), SHAPE(2, 3, 4)}},
    {&dat_op_neighbour_relations, "columns of one tensor", call_neighbour_halves,
     NEIGHBOURS(.n_heads = 2, .distance = 1, .softmax = true, .scale = 0.7), 1, {SHAPE(2, 4, 8)}},

    {&dat_op_pair_rows, "clipped", call_pair_rows, ((const int64_t[]){3, 5}), 1, {SHAPE(3, 4)}},
    {&dat_op_pair_rows, "larger table", call_pair_rows, ((const int64_t[]){4, 2}), 1, {SHAPE(11, 3)}},

    {&dat_op_cross_entropy, "rank 2", call_cross_entropy, LOSS(.targets = targets, .ignore_index = -100),
     1, {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "some ignored", call_cross_entropy,
     LOSS(.targets = some_ignored, .ignore_index = -1), 1, {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "all ignored", call_cross_entropy,
     LOSS(.targets = all_ignored, .ignore_index = -1), 1, {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "smoothing", call_cross_entropy,
     LOSS(.targets = targets, .ignore_index = -100, .label_smoothing = 0.1), 1, {SHAPE(5, 1, 4)}},
    {&dat_op_cross_entropy, "smoothing, class 3 ignored", call_cross_entropy,
     LOSS(.targets = targets, .ignore_index = 3, .label_smoothing = 0.2), 1,
     {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "two classes a row", call_cross_entropy,
     LOSS(.targets = targets, .ignore_index = -100, .second_targets = second_targets, .weights = weights), 1,
     {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "two classes, some ignored, smoothing", call_cross_entropy,
     LOSS(.targets = some_ignored, .ignore_index = -1, .label_smoothing = 0.1, .second_targets = second_targets,
          .weights = weights), 1, {SHAPE(5, 4)}},
    {&dat_op_cross_entropy, "rank 1", call_cross_entropy, LOSS(.targets = targets, .ignore_index = -100),
     1, {SHAPE(4)}},

    {&dat_op_embedding, "a token thrice", call_embedding, TOKENS(ids, 2, 3), 1, {SHAPE(5, 4)}},
    {&dat_op_embedding, "one sequence, several pieces", call_embedding, TOKENS(ids, 1, 4), 1, {SHAPE(5, 150)}},
    {&dat_op_add_positions, "exact table", call_add_positions, NUMBER(1.7), 2, {SHAPE(3, 2, 5), SHAPE(2, 5)}},
    {&dat_op_add_positions, "longer table", call_add_positions, NUMBER(1), 2, {SHAPE(2, 3, 4), SHAPE(5, 4)}},
    {&dat_op_add_positions, "fixed table", call_add_positions, NUMBER(-2), 2, {SHAPE(2, 3, 4), TABLE(3, 4)}},

    {&dat_op_inner_products, "two lengths", call_inner_products, NULL, 2, {SHAPE(2, 3, 5), SHAPE(2, 4, 5)}},
    {&dat_op_inner_products, "one value", call_inner_products, NULL, 2, {SHAPE(3, 1, 1), SHAPE(3, 1, 1)}},
    {&dat_op_inner_products, "the same tensor twice", call_inner_products, NULL, 2, {SHAPE(2, 3, 5), SAME}},
    {&dat_op_reshape, "flattened", call_reshape, ITEM(15), 1, {SHAPE(2, 3, 5)}},
    {&dat_op_reshape, "split", call_reshape, ITEM(3, 1, 2), 1, {SHAPE(5, 6)}},
    {.op = NULL},
};
/* clang-format on */
