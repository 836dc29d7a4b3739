/* Impossible calls: the error names the op and the tensors, nothing crashes, and later ops of the step return
 * NULL. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/op_calls.h"
#include "ops/op_cases.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "support/random_values.h"
#include "util/parallel.h"

enum { ENOUGH = 4096, MAX_EXPECTED = 4 };

typedef struct bad_call {
    const dat_op *op;
    op_call *apply;
    const void *args;
    int n_inputs;
    gradcheck_input in[GRADCHECK_MAX_INPUTS];
    const char *expected[MAX_EXPECTED]; /* parts of the message besides the op's name */
} bad_call;

static const int32_t bad_ids[] = {0, 1, 2, 3, 5, 4}, negative_ids[] = {0, -1};
static const int32_t bad_targets[] = {0, 4}, negative_targets[] = {0, -2}, good_targets[] = {3, 0};
static const dat_real good_weights[] = {0, 1}, bad_weights[] = {0.5, 1.5}, no_numbers[] = {NAN, 0.5};

static const int64_t long_lengths[] = {3, 4}, negative_lengths[] = {-1, 3};

#define HEADS(queries, keys) .n_heads = queries, .n_kv_heads = keys, .scale = 1

/* A case is one or two lines. */
/* clang-format off */
static const bad_call bad_calls[] = {
    {&dat_op_linear, call_linear, NULL, 3, {SHAPE(2, 3), SHAPE(5, 4), ABSENT}, {"t0", "3", "t1", "[5, 4]"}},
    {&dat_op_linear, call_linear, NULL, 3, {SHAPE(2, 3), SHAPE(3), ABSENT}, {"t0", "t1"}},
    {&dat_op_linear, call_linear, NULL, 3, {SHAPE(2, 3), SHAPE(5, 3), SHAPE(4)}, {"t2", "4", "t1", "[5, 3]"}},
    {&dat_op_linear_group, call_linear_group, INTEGER(2), 5,
     {SHAPE(2, 3), SHAPE(4, 3), SHAPE(5, 4), ABSENT, ABSENT}, {"t0", "3", "t2", "[5, 4]"}},
    {&dat_op_linear_group, call_linear_group, INTEGER(2), 5,
     {SHAPE(2, 3), SHAPE(4, 3), SHAPE(5, 3), SHAPE(4), SHAPE(4)}, {"t4", "4", "t2", "[5, 3]"}},
    {&dat_op_linear_group, call_linear_group, INTEGER(2), 5,
     {SHAPE(2, 3), SHAPE(4, 3), ABSENT, ABSENT, ABSENT}, {"weight 1 is missing"}},
    {&dat_op_norm_linear, call_norm_linear, NULL, 5, {SHAPE(2, 3), SHAPE(4), SHAPE(3), SHAPE(5, 3), SHAPE(5)},
     {"t0", "t1"}},
    {&dat_op_norm_linear, call_norm_linear, NULL, 5, {SHAPE(2, 3), SHAPE(3), SHAPE(4), SHAPE(5, 3), SHAPE(5)},
     {"t0", "t2"}},
    {&dat_op_norm_linear, call_norm_linear, NULL, 5, {SHAPE(2, 3), SHAPE(3), SHAPE(3), SHAPE(5, 4), SHAPE(5)},
     {"t0", "t3"}},
    {&dat_op_norm_linear, call_norm_linear, NULL, 5, {SHAPE(2, 3), SHAPE(3), SHAPE(3), SHAPE(5, 3), SHAPE(4)},
     {"t4", "t3"}},
    {&dat_op_layer_norm, call_layer_norm, NULL, 3, {SHAPE(2, 3), SHAPE(4), SHAPE(3)}, {"t0", "3", "t1", "4"}},
    {&dat_op_layer_norm, call_layer_norm, NULL, 3, {SHAPE(2, 3), SHAPE(3), SHAPE(4)}, {"t0", "3", "t2", "4"}},
    {&dat_op_rms_norm, call_rms_norm, NULL, 2, {SHAPE(2, 3), SHAPE(4)}, {"t0", "3", "t1", "4"}},
    {&dat_op_residual_norm, call_residual_norm, NUMBER(0), 4, {SHAPE(2, 3), SHAPE(3, 2), SHAPE(3), SHAPE(3)},
     {"t0", "[2, 3]", "t1", "[3, 2]"}},
    {&dat_op_residual_norm, call_residual_norm, NUMBER(0), 4, {SHAPE(2, 3), SHAPE(2, 3), SHAPE(3), SHAPE(2)},
     {"t0", "3", "t3", "2"}},
    {&dat_op_residual_norm, call_residual_norm, NUMBER(1), 4, {SHAPE(2, 3), SHAPE(2, 3), SHAPE(3), SHAPE(3)},
     {"rate"}},
    {&dat_op_add, call_add, NULL, 2, {SHAPE(2, 3), SHAPE(2)}, {"t0", "[2, 3]", "t1", "[2]"}},
    {&dat_op_add, call_add, NULL, 2, {SHAPE(3), SHAPE(2, 3)}, {"t0", "[3]", "t1", "[2, 3]"}},
    {&dat_op_swiglu, call_swiglu, NULL, 2, {SHAPE(2, 3), SHAPE(3, 2)}, {"t0", "[2, 3]", "t1", "[3, 2]"}},
    {&dat_op_dropout, call_dropout, NUMBER(1), 1, {SHAPE(2, 3)}, {"rate"}},
    {&dat_op_dropout, call_dropout, NUMBER(-0.1), 1, {SHAPE(2, 3)}, {"rate"}},
    {&dat_op_dropout, call_dropout, NUMBER(NAN), 1, {SHAPE(2, 3)}, {"rate"}},
    {&dat_op_add_dropout, call_add_dropout, NUMBER(0.5), 2, {SHAPE(2, 3), SHAPE(3)},
     {"t0", "[2, 3]", "t1", "[3]"}},
    {&dat_op_add_dropout, call_add_dropout, NUMBER(1.5), 2, {SHAPE(2, 3), SHAPE(2, 3)}, {"rate"}},
    {&dat_op_prepend_token, call_prepend_token, NULL, 3, {SHAPE(2, 3), SHAPE(3), SHAPE(4, 3)},
     {"t0", "[2, 3]"}},
    {&dat_op_prepend_token, call_prepend_token, NULL, 3, {SHAPE(2, 3, 5), SHAPE(5), SHAPE(3, 5)},
     {"t0", "t2", "3 x 5"}},
    {&dat_op_prepend_token, call_prepend_token, NULL, 3, {SHAPE(2, 3, 5), SHAPE(4), SHAPE(4, 5)},
     {"t0", "t1"}},
    {&dat_op_first_rows, call_first_rows, INTEGER(4), 1, {SHAPE(3, 5)}, {"t0", "3", "4"}},
    {&dat_op_first_rows, call_first_rows, INTEGER(0), 1, {SHAPE(3, 5)}, {"t0"}},
    {&dat_op_concat, call_concat, NULL, 2, {SHAPE(2, 3), SHAPE(3, 3)}, {"t0", "[2, 3]", "t1", "[3, 3]"}},
    {&dat_op_concat, call_concat, NULL, 2, {SHAPE(2, 3, 5), SHAPE(3, 2, 5)},
     {"t0", "[2, 3, 5]", "t1", "[3, 2, 5]"}},
    {&dat_op_concat, call_concat, NULL, 2, {SHAPE(2, 3), SHAPE(1, 2, 3)}, {"t0", "t1"}},
    {&dat_op_mean_tokens, call_mean_tokens, NULL, 1, {SHAPE(2, 3)}, {"t0", "[2, 3]"}},
    {&dat_op_select_token, call_select_token, INTEGER(0), 1, {SHAPE(2, 3)}, {"t0", "[2, 3]"}},
    {&dat_op_select_token, call_select_token, INTEGER(3), 1, {SHAPE(2, 3, 5)}, {"t0", "3"}},
    {&dat_op_select_token, call_select_token, INTEGER(-1), 1, {SHAPE(2, 3, 5)}, {"t0", "-1"}},
    {&dat_op_patchify, call_patchify, ((const int64_t[]){2, 2}), 1, {SHAPE(2, 4, 4)}, {"t0", "[2, 4, 4]"}},
    {&dat_op_patchify, call_patchify, ((const int64_t[]){2, 3}), 1, {SHAPE(2, 1, 4, 4)}, {"t0", "2 x 3"}},
    {&dat_op_patchify, call_patchify, ((const int64_t[]){0, 1}), 1, {SHAPE(2, 1, 4, 4)}, {"t0", "0 x 1"}},
    {&dat_op_attention, call_attention_thirds, ATTENTION(HEADS(2, 2)), 1, {SHAPE(2, 3, 9)},
     {"t0", "[2, 3, 9]"}},
    {&dat_op_relational_attention, call_relational_thirds, RELATIONAL({HEADS(2, 2)}, .n_relations = 3), 3,
     {SHAPE(2, 3, 12), SHAPE(2, 3, 4), SHAPE(2, 2, 3)}, {"t0", "[2, 3, 12]", "3"}},
    {&dat_op_rope, call_rope, INTEGER(2), 3, {SHAPE(2, 3, 6), TABLE(3, 2), TABLE(3, 2)}, {"t0", "[2, 3, 6]"}},
    {&dat_op_rope, call_rope, INTEGER(2), 3, {SHAPE(2, 3, 8), TABLE(2, 2), TABLE(2, 2)}, {"t0", "[2, 2]"}},
    {&dat_op_rope, call_rope, INTEGER(2), 3, {SHAPE(2, 3, 8), TABLE(3, 4), TABLE(3, 4)}, {"t0", "[3, 4]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"t0", "[3, 4]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(2, 3, 4), SHAPE(3, 4), SHAPE(2, 3, 4)}, {"t1", "[3, 4]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(3, 2)), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"3", "2"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 0)), 3,
     {SHAPE(2, 3, 6), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"2", "0"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 6), SHAPE(2, 3, 4)}, {"t0", "[2, 3, 4]", "t1", "[2, 3, 6]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 5)}, {"t2", "[2, 3, 5]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 5, 4)}, {"t1", "[2, 3, 4]", "t2", "[2, 5, 4]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .causal = true), 3,
     {SHAPE(2, 5, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"causal", "5 queries", "3 keys"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .causal = true, .first_query = 3), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 5, 4)}, {"causal", "3 queries", "position 3", "5 keys"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .first_query = -1), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 5, 4)}, {"first_query = -1"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(3, 3, 4), SHAPE(2, 3, 4), SHAPE(3, 3, 4)}, {"t1", "t0"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2)), 3,
     {SHAPE(3, 3, 4), SHAPE(3, 3, 4), SHAPE(2, 3, 4)}, {"t2", "t0"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .key_lengths = long_lengths), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"key length 4 of batch item 1", "from 0 to the 3"}},
    {&dat_op_disrca, call_disrca, DISRCA(.attention = {HEADS(2, 2), .key_lengths = negative_lengths}), 5,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)},
     {"key length -1 of batch item 0"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .dropout = 1), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"dropout"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 1), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 3, 2), SHAPE(2, 3, 2), SHAPE(2, 5, 4), SHAPE(2, 2, 1)},
     {"t2", "t3", "to 5"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 1), 6,
     {SHAPE(2, 3, 4), SHAPE(1, 3, 4), SHAPE(2, 3, 2), SHAPE(2, 3, 2), SHAPE(2, 3, 4), SHAPE(2, 2, 1)},
     {"t0", "t1"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 1), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 2), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 2, 1)},
     {"t2", "[2, 3, 2]", "t3", "[2, 3, 4]"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 3), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 2, 3)},
     {"t2", "t3", "3"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 0), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 2, 3)},
     {"t2", "t3", "0"}},
    {&dat_op_relational_attention, call_relational, RELATIONAL({HEADS(2, 2)}, .n_relations = 2), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 2, 3)},
     {"t5", "[2, 2, 3]", "[2, 2, 2]"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .layout = DAT_SYMBOLS_BY_DISTANCE,
      .max_distance = 2), 3, {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(4, 4)},
     {"t2", "[4, 4]", "max_distance = 2"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .layout = DAT_SYMBOLS_BY_DISTANCE,
      .max_distance = -1), 3, {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(1, 4)}, {"t2", "max_distance = -1"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .layout = DAT_SYMBOLS_BY_PAIR), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(5, 3, 4)}, {"t2", "[5, 3, 4]", "(3, 5, width)"}},
    {&dat_op_attention, call_attention, ATTENTION(HEADS(2, 2), .layout = DAT_SYMBOLS_BY_PAIR), 3,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(3, 3, 5)}, {"t2", "[3, 3, 5]", "2 heads"}},
    {&dat_op_relational_attention, call_relational,
     RELATIONAL({HEADS(2, 2), .pointwise = true}, .n_relations = 1), 6,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 2), SHAPE(2, 3, 2), SHAPE(2, 3, 4), SHAPE(2, 2, 1)},
     {"softmax"}},
    {&dat_op_disrca, call_disrca, DISRCA(.attention = {HEADS(2, 2), .pointwise = true}), 5,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"softmax"}},
    {&dat_op_disrca, call_disrca, DISRCA(.attention = {HEADS(2, 2)}), 5,
     {SHAPE(2, 3, 4), SHAPE(2, 5, 4), SHAPE(2, 4, 4), SHAPE(2, 5, 4), SHAPE(2, 5, 4)},
     {"t0", "t2", "[2, 4, 4]"}},
    {&dat_op_disrca, call_disrca, DISRCA(.attention = {HEADS(2, 2)}), 5,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 6), SHAPE(2, 3, 4)},
     {"t2", "t3", "[2, 3, 6]"}},
    {&dat_op_disrca, call_disrca, DISRCA(.attention = {HEADS(2, 2)}), 5,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(1, 3, 4), SHAPE(1, 3, 4), SHAPE(1, 3, 4)}, {"t0", "t2"}},
    {&dat_op_neighbour_relations, call_neighbours, NEIGHBOURS(.n_heads = 2), 2,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"distance of 0"}},
    {&dat_op_neighbour_relations, call_neighbours, NEIGHBOURS(.n_heads = 3, .distance = 1), 2,
     {SHAPE(2, 3, 4), SHAPE(2, 3, 4)}, {"t0", "3 heads"}},
    {&dat_op_neighbour_relations, call_neighbours, NEIGHBOURS(.n_heads = 2, .distance = 1), 2,
     {SHAPE(2, 3, 4), SHAPE(2, 4, 4)}, {"t0", "[2, 3, 4]", "t1", "[2, 4, 4]"}},
    {&dat_op_neighbour_relations, call_neighbours, NEIGHBOURS(.n_heads = 1, .distance = 1), 2,
     {SHAPE(3, 4), SHAPE(3, 4)}, {"t0", "[3, 4]"}},
    {&dat_op_pair_rows, call_pair_rows, ((const int64_t[]){3, 3}), 1, {SHAPE(4, 3)}, {"t0", "[4, 3]"}},
    {&dat_op_pair_rows, call_pair_rows, ((const int64_t[]){3, 3}), 1, {SHAPE(1, 3, 3)}, {"t0", "[1, 3, 3]"}},
    {&dat_op_pair_rows, call_pair_rows, ((const int64_t[]){0, 3}), 1, {SHAPE(3, 3)}, {"t0", "0 queries"}},
    {&dat_op_cross_entropy, call_cross_entropy, LOSS(.targets = bad_targets, .ignore_index = -1), 1,
     {SHAPE(2, 4)}, {"4", "1"}},
    {&dat_op_cross_entropy, call_cross_entropy, LOSS(.targets = negative_targets, .ignore_index = -1), 1,
     {SHAPE(2, 4)}, {"-2", "1"}},
    {&dat_op_cross_entropy, call_cross_entropy,
     LOSS(.targets = good_targets, .ignore_index = -1, .second_targets = bad_targets, .weights = good_weights), 1,
     {SHAPE(2, 4)}, {"target 4 of row 1"}},
    {&dat_op_cross_entropy, call_cross_entropy,
     LOSS(.targets = good_targets, .ignore_index = -1, .second_targets = good_targets, .weights = bad_weights), 1,
     {SHAPE(2, 4)}, {"weight 1.5 of row 1"}},
    {&dat_op_cross_entropy, call_cross_entropy,
     LOSS(.targets = good_targets, .ignore_index = -1, .second_targets = good_targets, .weights = no_numbers), 1,
     {SHAPE(2, 4)}, {"of row 0 is not in"}},
    {&dat_op_embedding, call_embedding, TOKENS(bad_ids, 2, 3), 1, {SHAPE(5, 4)},
     {"token 1 of sequence 1 is 5", "t0", "0 to 4"}},
    {&dat_op_embedding, call_embedding, TOKENS(negative_ids, 1, 2), 1, {SHAPE(5, 4)}, {"-1", "t0"}},
    {&dat_op_embedding, call_embedding, TOKENS(bad_ids, 2, 0), 1, {SHAPE(5, 4)}, {"2 sequences of 0"}},
    {&dat_op_embedding, call_embedding, TOKENS(bad_ids, 1, 2), 1, {SHAPE(5)}, {"t0", "[5]"}},
    {&dat_op_add_positions, call_add_positions, NUMBER(1), 2, {SHAPE(2, 3, 4), SHAPE(2, 4)},
     {"t0", "[2, 3, 4]", "t1", "[2, 4]"}},
    {&dat_op_add_positions, call_add_positions, NUMBER(1), 2, {SHAPE(2, 3, 4), SHAPE(3, 5)},
     {"t0", "[2, 3, 4]", "t1", "[3, 5]"}},
    {&dat_op_add_positions, call_add_positions, NUMBER(1), 2, {SHAPE(3, 4), SHAPE(3, 4)}, {"t0", "[3, 4]"}},
    {&dat_op_inner_products, call_inner_products, NULL, 2, {SHAPE(2, 3, 5), SHAPE(2, 5, 3)},
     {"t0", "[2, 3, 5]", "t1", "[2, 5, 3]"}},
    {&dat_op_inner_products, call_inner_products, NULL, 2, {SHAPE(1, 3, 5), SHAPE(2, 3, 5)}, {"t0", "t1"}},
    {&dat_op_inner_products, call_inner_products, NULL, 2, {SHAPE(3, 5), SHAPE(3, 5)}, {"t0", "[3, 5]"}},
    {&dat_op_inner_products, call_inner_products, NULL, 2, {SHAPE(2, 3, 5), SHAPE(2, 15)}, {"t1", "[2, 15]"}},
    {&dat_op_reshape, call_reshape, ITEM(4, 4), 1, {SHAPE(2, 3, 5)}, {"t0", "[2, 3, 5]", "[4, 4]"}},
    {.op = NULL},
};
/* clang-format on */

typedef struct fixture {
    dat_tape tape;
    dat_real *data;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->data = random_values(ENOUGH, 1);
    *state = f;
    return dat_tape_init(&f->tape, (size_t)1 << 24).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    free(f->data);
    free(f);
    return 0;
}

/* The inputs of a case on a fresh step; `missing` (or -1) is left out. */
static void make_inputs(fixture *f, int n, const gradcheck_input *inputs, int missing, dat_tensor **in)
{
    static const char *const names[GRADCHECK_MAX_INPUTS] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};
    dat_tape_begin(&f->tape, 1);
    for (int i = 0; i < n; i++) {
        in[i] = NULL;
        if (i != missing && inputs[i].kind == GRADCHECK_SAME)
            in[i] = in[i - 1];
        else if (i != missing && inputs[i].kind != GRADCHECK_ABSENT)
            in[i] = dat_tape_variable(&f->tape, names[i], f->data, inputs[i].rank, inputs[i].shape);
    }
}

static void bad_calls_are_explained(void **state)
{
    fixture *f = *state;
    int wrong = 0;
    for (const bad_call *c = bad_calls; c->op; c++) {
        dat_tensor *in[GRADCHECK_MAX_INPUTS];
        make_inputs(f, c->n_inputs, c->in, -1, in);
        if (c->apply(&f->tape, in, c->args))
            fail_msg("case %d, %s: accepted", (int)(c - bad_calls), c->op->name);
        assert_int_equal(f->tape.status.code, DAT_CODE_USAGE);
        const char *message = f->tape.status.message;
        bool good = strncmp(message, c->op->name, strlen(c->op->name)) == 0;
        for (int i = 0; i < MAX_EXPECTED && c->expected[i]; i++)
            good &= strstr(message, c->expected[i]) != NULL;
        if (!good)
            print_error("case %d does not name everything: %s\n", (int)(c - bad_calls), message);
        wrong += !good;
    }
    assert_int_equal(wrong, 0);
}

static void every_op_that_can_refuse_has_a_bad_call(void **state)
{
    (void)state;
    for (int i = 0; dat_ops[i]; i++) {
        bool takes_any_shape = dat_ops[i] == &dat_op_softmax || dat_ops[i] == &dat_op_activation;
        int found = 0;
        for (const bad_call *c = bad_calls; c->op; c++)
            found += c->op == dat_ops[i];
        if (!found && !takes_any_shape)
            fail_msg("op %s has no bad call", dat_ops[i]->name);
    }
}

static void a_missing_input_gives_null(void **state)
{
    fixture *f = *state;
    for (const op_case *c = op_cases; c->op; c++) {
        for (int missing = 0; missing < c->op->required && missing < c->n_inputs; missing++) {
            dat_tensor *in[GRADCHECK_MAX_INPUTS];
            make_inputs(f, c->n_inputs, c->in, missing, in);
            assert_null(c->apply(&f->tape, in, c->args));
            assert_int_equal(f->tape.status.code, DAT_CODE_USAGE);
            assert_non_null(strstr(f->tape.status.message, c->op->name));
        }
    }
}

static void the_first_error_stays(void **state)
{
    fixture *f = *state;
    for (const op_case *c = op_cases; c->op; c++) {
        dat_tensor *in[GRADCHECK_MAX_INPUTS];
        make_inputs(f, c->n_inputs, c->in, -1, in);
        dat_fail(&f->tape, "the first error");
        assert_null(c->apply(&f->tape, in, c->args));
        assert_string_equal(f->tape.status.message, "the first error");
        assert_true(f->tape.last == NULL);
    }
    dat_tape_begin(&f->tape, 1);
    assert_int_equal(f->tape.status.code, DAT_CODE_OK);
}

static void backward_after_an_error_does_nothing(void **state)
{
    fixture *f = *state;
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_variable(&f->tape, "x", f->data, 2, (int64_t[]){2, 3});
    dat_tensor *y = dat_softmax(&f->tape, x);
    dat_fail(&f->tape, "stop");
    dat_tape_backward_from(&f->tape, y, f->data);
    assert_null(x->grad);
    dat_tape_backward(&f->tape, NULL, 1);
    assert_string_equal(f->tape.status.message, "stop");
}

/* Every case with every arena size that is too small for it: an error, never a crash, and the case works
 * again after. */
static void a_full_arena_is_an_error(void **state)
{
    fixture *f = *state;
    size_t limit = f->tape.arena.limit;
    for (const op_case *c = op_cases; c->op; c++) {
        dat_tensor *in[GRADCHECK_MAX_INPUTS];
        make_inputs(f, c->n_inputs, c->in, -1, in);
        size_t before = f->tape.arena.used;
        dat_tensor *out = c->apply(&f->tape, in, c->args);
        assert_non_null(out);
        dat_tape_backward_from(&f->tape, out, f->data);
        assert_int_equal(f->tape.status.code, DAT_CODE_OK);
        size_t needed = f->tape.arena.peak;
        for (size_t size = before; size < needed; size += 64) {
            f->tape.arena.limit = size;
            make_inputs(f, c->n_inputs, c->in, -1, in);
            out = c->apply(&f->tape, in, c->args);
            dat_tape_backward_from(&f->tape, out, f->data);
            if (f->tape.status.code == DAT_CODE_OK)
                continue; /* the peak was that of another case */
            assert_non_null(strstr(f->tape.status.message, "memory"));
        }
        f->tape.arena.limit = limit;
        f->tape.arena.peak = 0;
    }
}

int main(void)
{
    dat_parallel_set_threads(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_calls_are_explained, set_up, tear_down),
        cmocka_unit_test(every_op_that_can_refuse_has_a_bad_call),
        cmocka_unit_test_setup_teardown(a_missing_input_gives_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_error_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backward_after_an_error_does_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
