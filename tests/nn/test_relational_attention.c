/* The fused relational attention against the formula written as plain loops, and the configs that it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/naive_relational_attention.h"
#include "support/close.h"
#include "support/random_values.h"

/* Projections keep values at order one; sums of some hundred of them round by a few dozen units in the last
 * place. */
#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 1e-5;
#endif

typedef struct comparison {
    const char *name;
    dat_relational_config config;
    int64_t batch, length;
    bool causal, masked, shared_symbols;
    dat_symbol_layout layout;
    int64_t max_distance;
} comparison;

#define HEADS(d, h) .attention = {.d_model = d, .n_heads = h}

static const comparison comparisons[] = {
    {"default", {HEADS(18, 3)}, 2, 7, .causal = false},
    {"causal", {HEADS(18, 3)}, 2, 7, .causal = true},
    {"mask with an empty row", {HEADS(16, 2)}, 2, 5, .masked = true},
    {"causal and mask", {HEADS(16, 2)}, 2, 5, .causal = true, .masked = true},
    {"more relations", {HEADS(24, 3), .n_relations = 8}, 2, 5, .shared_symbols = true},
    {"one relation", {HEADS(12, 3), .n_relations = 1}, 3, 4, .shared_symbols = true},
    {"wide relations", {HEADS(12, 2), .n_relations = 3, .rel_proj_dim = 9}, 1, 6, .causal = true},
    {"symmetric", {HEADS(12, 2), .symmetric_relations = true}, 2, 6, .causal = false},
    {"symmetric attention",
     {.attention = {.d_model = 12, .n_heads = 2, .symmetric = true}},
     2,
     6,
     .causal = false},
    {"grouped",
     {.attention = {.d_model = 24, .n_heads = 4, .n_kv_heads = 2, .bias_kv = true}},
     2,
     6,
     .causal = false},
    {"multi-query",
     {.attention = {.d_model = 24, .n_heads = 4, .n_kv_heads = 1, .bias_out = true}},
     2,
     6,
     .causal = true},
    {"key_dim", {.attention = {.d_model = 24, .n_heads = 4, .key_dim = 5}}, 2, 6, .causal = false},
    {"part of the heads",
     {.attention = {.d_model = 20, .n_heads = 2, .total_n_heads = 5}},
     2,
     6,
     .causal = false},
    {"relu", {HEADS(12, 2), .relation_activation = DAT_RELU}, 2, 6, .causal = false},
    {"gelu", {HEADS(12, 2), .relation_activation = DAT_GELU}, 2, 6, .causal = false},
    {"silu", {HEADS(12, 2), .relation_activation = DAT_SILU}, 2, 6, .causal = false},
    {"tanh", {HEADS(12, 2), .relation_activation = DAT_TANH}, 2, 6, .causal = false},
    {"sigmoid", {HEADS(12, 2), .relation_activation = DAT_SIGMOID}, 2, 6, .causal = false},
    {"softmax", {HEADS(12, 2), .relation_softmax = true}, 2, 6, .causal = false},
    {"softmax, causal", {HEADS(12, 2), .relation_softmax = true}, 2, 6, .causal = true},
    {"long", {HEADS(64, 2), .n_relations = 5, .rel_proj_dim = 32}, 2, 67, .causal = true},
    {"wide", {HEADS(192, 2), .n_relations = 2}, 17, 10, .shared_symbols = true},
    {"one token", {HEADS(12, 2)}, 2, 1, .causal = false},
    {"by pair", {HEADS(12, 2)}, 3, 5, .layout = DAT_SYMBOLS_BY_PAIR},
    {"by pair, causal, grouped",
     {.attention = {.d_model = 24, .n_heads = 4, .n_kv_heads = 2}},
     2,
     5,
     .causal = true,
     .layout = DAT_SYMBOLS_BY_PAIR},
    {"by distance, unclipped", {HEADS(18, 3)}, 3, 5, .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = 4},
    {"by distance, clipped", {HEADS(18, 3)}, 2, 9, .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = 2},
    {"by distance, larger table", {HEADS(18, 3)}, 2, 4, .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = 9},
    {"by distance, one symbol", {HEADS(18, 3)}, 2, 4, .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = 0},
    {"by distance, causal, multi-query",
     {.attention = {.d_model = 24, .n_heads = 4, .n_kv_heads = 1, .bias_kv = true}},
     2,
     9,
     .causal = true,
     .layout = DAT_SYMBOLS_BY_DISTANCE,
     .max_distance = 3},
    {"by distance, mask with an empty row",
     {HEADS(18, 3)},
     2,
     9,
     .masked = true,
     .layout = DAT_SYMBOLS_BY_DISTANCE,
     .max_distance = 3},
};

/* Symbols of a case over `values`. */
static dat_symbols make_symbols(dat_tape *tape, const comparison *c, dat_real *values)
{
    int64_t d = c->config.attention.d_model;
    dat_symbols symbols = {.layout = c->layout, .max_distance = c->max_distance};
    if (c->layout == DAT_SYMBOLS_BY_DISTANCE)
        symbols.values = dat_tape_input(tape, "symbols", values, 2, (int64_t[]){2 * c->max_distance + 1, d});
    else if (c->layout == DAT_SYMBOLS_BY_PAIR)
        symbols.values = dat_tape_input(tape, "symbols", values, 3, (int64_t[]){c->length, c->length, d});
    else
        symbols.values = dat_tape_input(tape, "symbols", values, 3,
                                        (int64_t[]){c->shared_symbols ? 1 : c->batch, c->length, d});
    return symbols;
}

/* Row 2 may attend to nothing; other pairs are hidden by chance. */
static void make_mask(uint8_t *mask, int64_t length)
{
    dat_rng rng = dat_rng_seed(9);
    for (int64_t i = 0; i < length * length; i++)
        mask[i] = i / length != 2 && dat_rng_below(&rng, 3) > 0;
}

static void fused_equals_naive(void **state)
{
    (void)state;
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        const comparison *c = &comparisons[i];
        dat_params params = {0};
        dat_rng rng = dat_rng_seed(i);
        dat_relational_layer layer;
        dat_status status = dat_relational_attention_init(&layer, &params, "", &c->config);
        if (status.code != DAT_CODE_OK)
            fail_msg("%s: %s", c->name, status.message);
        dat_params_allocate(&params, &rng);
        int64_t d = c->config.attention.d_model;
        randomise_params(&params, 1 / sqrt((double)d), i + 1);

        enum { MOST_ROWS = 512 };
        assert_true(c->length * (c->layout == DAT_SYMBOLS_BY_PAIR ? c->length : c->batch) <= MOST_ROWS);
        dat_real *x_data = random_values(c->batch * c->length * d, i + 2);
        dat_real *s_data = random_values(MOST_ROWS * d, i + 3);
        uint8_t *mask = calloc((size_t)(c->length * c->length), 1);
        make_mask(mask, c->length);
        dat_attention_context context = {.causal = c->causal, .mask = c->masked ? mask : NULL};

        dat_tape_begin(&tape, 1);
        dat_tensor *x = dat_tape_input(&tape, "x", x_data, 3, (int64_t[]){c->batch, c->length, d});
        dat_symbols symbols = make_symbols(&tape, c, s_data);
        const dat_tensor *out = dat_relational_attention_forward(&tape, &layer, x, &symbols, &context);
        if (!out)
            fail_msg("%s: %s", c->name, tape.status.message);
        dat_real *expected = naive_relational_attention(&layer, x, &symbols, &context);
        print_message("%s\n", c->name);
        assert_all_close(out->data, expected, dat_count(out), TOLERANCE);

        free(expected);
        free(mask);
        free(s_data);
        free(x_data);
        dat_params_free(&params);
    }
    dat_tape_free(&tape);
}

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    static const struct {
        dat_relational_config config;
        const char *expected[2];
    } bad[] = {
        {{HEADS(0, 2)}, {"d_model", "0"}},
        {{HEADS(12, 0)}, {"n_heads", "0"}},
        {{HEADS(13, 2)}, {"13", "2"}},
        {{.attention = {.d_model = 12, .n_heads = 3, .n_kv_heads = 2}}, {"n_heads = 3", "n_kv_heads = 2"}},
        {{.attention = {.d_model = 12, .n_heads = 2, .n_kv_heads = -1}}, {"n_heads = 2", "n_kv_heads = -1"}},
        {{.attention = {.d_model = 12, .n_heads = 3, .total_n_heads = 2}}, {"12", "2"}},
        {{.attention = {.d_model = 12, .n_heads = 2, .n_kv_heads = 1, .symmetric = true}},
         {"n_kv_heads = 1", "n_heads = 2"}},
        {{.attention = {.d_model = 12, .n_heads = 2, .dropout = 1}}, {"dropout", "1"}},
        {{.attention = {.d_model = 12, .n_heads = 2, .dropout = NAN}}, {"dropout", "nan"}},
        {{.attention = {.d_model = 12, .n_heads = 2, .key_dim = -3}}, {"key_dim", "-3"}},
        {{HEADS(12, 2), .n_relations = 5}, {"12", "n_relations = 5"}},
        {{HEADS(12, 2), .n_relations = -1}, {"n_relations", "-1"}},
        {{HEADS(12, 2), .rel_proj_dim = -2}, {"rel_proj_dim", "-2"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dat_params params = {0};
        dat_relational_layer layer;
        dat_status status = dat_relational_attention_init(&layer, &params, "block.attn", &bad[i].config);
        bool named = strstr(status.message, "block.attn") != NULL;
        for (int k = 0; k < 2; k++)
            named &= strstr(status.message, bad[i].expected[k]) != NULL;
        if (status.code != DAT_CODE_USAGE || !named)
            fail_msg("config %d: code %d, message '%s'", (int)i, (int)status.code, status.message);
        dat_params_free(&params);
    }
}

/* W_r starts within 1/sqrt(R) as in the paper's runs, or sqrt(head_dim) times smaller as in the package. */
static void relation_weights_start_as_asked(void **state)
{
    (void)state;
    const double expected[] = {
        [DAT_RELATION_INIT_PACKAGE] = 1 / sqrt(16.0 * 4), [DAT_RELATION_INIT_PAPER] = 0.5};
    for (int kind = 0; kind < 2; kind++) {
        dat_params params = {0};
        dat_rng rng = dat_rng_seed(1);
        dat_relational_layer layer;
        dat_relational_config config = {HEADS(64, 4), .relation_init = (dat_relation_init)kind};
        assert_int_equal(dat_relational_attention_init(&layer, &params, "", &config).code, DAT_CODE_OK);
        dat_params_allocate(&params, &rng);
        double largest = 0;
        for (int64_t i = 0; i < dat_count(layer.wr); i++)
            largest = fmax(largest, fabs((double)layer.wr->data[i]));
        assert_true(largest <= expected[kind] && largest > 0.95 * expected[kind]);
        dat_params_free(&params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_equals_naive),
        cmocka_unit_test(impossible_configs_are_refused),
        cmocka_unit_test(relation_weights_start_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
