/* Relational heads of every kind (relational attention, RCA, DisRCA) with symbols in every layout: causality,
 * symbols by distance against the same ones gathered by pair, and the configs that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/dual_attention.h"
#include "support/close.h"
#include "support/random_values.h"

enum { B = 2, L = 7, D = 24, COUNT = B * L * D, FARTHEST = 2, TABLE_ROWS = 2 * FARTHEST + 1 };

static const int64_t shape[] = {B, L, D};

#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 4e-6; /* sums of some dozen values of order one, in another order */
#endif

typedef struct fixture {
    dat_tape tape;
    dat_params params;
    dat_dual_layer layer;
    dat_real x[COUNT], symbols[L * L * D], first[COUNT], second[COUNT];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    fill_random(f->x, COUNT, 1);
    fill_random(f->symbols, L * L * D, 2);
    *state = f;
    return dat_tape_init(&f->tape, (size_t)1 << 24).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    dat_params_free(&f->params);
    free(f);
    return 0;
}

/* No relation is normalised over later positions, so all of these can be causal. */
static const struct {
    const char *name;
    dat_dual_config config;
} kinds[] = {
    {"relational attention", {.relational = {.n_relations = 2, .relation_activation = DAT_TANH}}},
    {"relational attention, grouped", {.relational = {.attention = {.n_kv_heads = 2}}}},
    {"rca", {.ra_type = DAT_RCA}},
    {"rca, grouped", {.ra_type = DAT_RCA, .rca = {.attention = {.n_kv_heads = 2}}}},
    {"rca, identity", {.ra_type = DAT_RCA, .rca = {.pointwise = true}}},
    {"rca, sigmoid", {.ra_type = DAT_RCA, .rca = {.pointwise = true, .activation = DAT_SIGMOID}}},
    {"disrca", {.ra_type = DAT_DISRCA}},
    {"disrca, multi-query, silu",
     {.ra_type = DAT_DISRCA, .disrca = {.attention = {.n_kv_heads = 1}, .relation_activation = DAT_SILU}}},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static void make_layer(fixture *f, const dat_dual_config *kind, int64_t n_heads_sa)
{
    dat_dual_config config = *kind;
    config.n_heads_sa = n_heads_sa;
    config.n_heads_ra = 4;
    config.self_attention.d_model = D;
    dat_rng rng = dat_rng_seed(3);
    dat_params_free(&f->params);
    dat_status status = dat_dual_attention_init(&f->layer, &f->params, "", &config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&f->params, &rng);
    randomise_params(&f->params, 1 / sqrt(D), 4);
}

/* The fixture's symbols in a layout, with gradients. */
static dat_symbols make_symbols(fixture *f, dat_symbol_layout layout)
{
    const int64_t by_pair[] = {L, L, D}, by_distance[] = {TABLE_ROWS, D};
    bool distance = layout == DAT_SYMBOLS_BY_DISTANCE;
    const int64_t *sizes = layout == DAT_SYMBOLS_BY_PAIR ? by_pair : distance ? by_distance : shape;
    return (dat_symbols){.values =
                             dat_tape_variable(&f->tape, "symbols", f->symbols, distance ? 2 : 3, sizes),
                         .layout = layout,
                         .max_distance = FARTHEST};
}

static const dat_tensor *run(fixture *f, dat_symbol_layout layout, const dat_attention_context *context)
{
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_variable(&f->tape, "x", f->x, 3, shape);
    dat_symbols symbols = make_symbols(f, layout);
    const dat_tensor *y = dat_dual_attention_forward(&f->tape, &f->layer, x, &symbols, context, NULL);
    if (!y)
        fail_msg("%s", f->tape.status.message);
    return y;
}

static void later_tokens_never_change_earlier_ones(void **state)
{
    fixture *f = *state;
    enum { CHANGED = 4 };
    const dat_attention_context context = {.causal = true};
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int layout = 0; layout < 3; layout++) {
            make_layer(f, &kinds[kind].config, 2);
            memcpy(f->first, run(f, (dat_symbol_layout)layout, &context)->data, sizeof f->first);
            f->x[CHANGED * D + 3] += 1; /* in the first sequence */
            memcpy(f->second, run(f, (dat_symbol_layout)layout, &context)->data, sizeof f->second);
            f->x[CHANGED * D + 3] -= 1;
            print_message("%s, layout %d\n", kinds[kind].name, layout);
            assert_same_bits(f->second, f->first, CHANGED * D);
            assert_same_bits(f->second + L * D, f->first + L * D, L * D);
            assert_true(memcmp(f->second + CHANGED * D, f->first + CHANGED * D, D * sizeof f->first[0]) != 0);
        }
}

/* In a causal model, symbols for later senders are never read. */
static void symbols_of_later_senders_are_not_read(void **state)
{
    fixture *f = *state;
    const dat_attention_context context = {.causal = true};
    for (int kind = 0; kind < N_KINDS; kind++) {
        make_layer(f, &kinds[kind].config, 0);
        memcpy(f->first, run(f, DAT_SYMBOLS_BY_DISTANCE, &context)->data, sizeof f->first);
        for (int i = (FARTHEST + 1) * D; i < TABLE_ROWS * D; i++) /* distances above 0 */
            f->symbols[i] += 1;
        memcpy(f->second, run(f, DAT_SYMBOLS_BY_DISTANCE, &context)->data, sizeof f->second);
        assert_same_bits(f->second, f->first, COUNT);
        f->symbols[FARTHEST * D] += 1; /* distance 0 */
        memcpy(f->second, run(f, DAT_SYMBOLS_BY_DISTANCE, &context)->data, sizeof f->second);
        assert_true(memcmp(f->second, f->first, sizeof f->first) != 0);
    }
}

/* Output and gradients, of x and of the table, one after the other. */
enum { ALL = 2 * COUNT + TABLE_ROWS * D };
static void run_distances(fixture *f, bool gathered, const dat_attention_context *context, dat_real *out)
{
    dat_tape_begin(&f->tape, 1);
    dat_params_zero_grads(&f->params);
    dat_tensor *x = dat_tape_variable(&f->tape, "x", f->x, 3, shape);
    dat_symbols table = make_symbols(f, DAT_SYMBOLS_BY_DISTANCE), symbols = table;
    if (gathered)
        symbols = (dat_symbols){.values = dat_pair_rows(&f->tape, table.values, L, L),
                                .layout = DAT_SYMBOLS_BY_PAIR};
    dat_tensor *y = dat_dual_attention_forward(&f->tape, &f->layer, x, &symbols, context, NULL);
    if (!y)
        fail_msg("%s", f->tape.status.message);
    dat_tape_backward_from(&f->tape, y, f->x);
    memcpy(out, y->data, COUNT * sizeof out[0]);
    memcpy(out + COUNT, x->grad, COUNT * sizeof out[0]);
    memcpy(out + 2 * COUNT, table.values->grad, TABLE_ROWS * D * sizeof out[0]);
}

static void distances_equal_gathered_pairs(void **state)
{
    fixture *f = *state;
    static dat_real direct[ALL], gathered[ALL];
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int causal = 0; causal < 2; causal++) {
            const dat_attention_context context = {.causal = causal};
            make_layer(f, &kinds[kind].config, 0);
            run_distances(f, false, &context, direct);
            run_distances(f, true, &context, gathered);
            print_message("%s, causal %d\n", kinds[kind].name, causal);
            assert_all_close(direct, gathered, ALL, TOLERANCE);
        }
}

/* With its softmax, RCA is attention whose values are the symbols. */
static void rca_is_attention_to_symbols(void **state)
{
    fixture *f = *state;
    const dat_attention_context context = {.causal = true};
    make_layer(f, &kinds[2].config, 0);
    memcpy(f->first, run(f, DAT_SYMBOLS_BY_SENDER, &context)->data, sizeof f->first);
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    dat_tensor *values = dat_tape_input(&f->tape, "symbols", f->symbols, 3, shape);
    const dat_tensor *y = dat_attention_forward(&f->tape, &f->layer.rca.layers, x, x, values, &context);
    assert_non_null(y);
    assert_all_close(y->data, f->first, COUNT, TOLERANCE);
}

/* Pointwise weights are 0 where they are masked, whatever the activation makes of 0. */
static void masked_weights_are_zero(void **state)
{
    fixture *f = *state;
    enum { H = 4 };
    dat_real scores[B * H * L * L];
    const dat_attention_context context = {.causal = true, .scores = scores};
    make_layer(f, &kinds[5].config, 0);
    run(f, DAT_SYMBOLS_BY_SENDER, &context);
    for (int i = 0; i < B * H * L * L; i++)
        assert_true(i % L <= i / L % L ? scores[i] > 0 && scores[i] < 1 : scores[i] == 0);
}

static void missing_symbols_are_an_error(void **state)
{
    fixture *f = *state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        make_layer(f, &kinds[kind].config, 2);
        dat_tape_begin(&f->tape, 1);
        dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
        assert_null(
            dat_dual_attention_forward(&f->tape, &f->layer, x, NULL, &(dat_attention_context){0}, NULL));
        assert_non_null(strstr(f->tape.status.message, "symbols"));
    }
}

static void impossible_kinds_are_refused(void **state)
{
    (void)state;
    static const struct {
        dat_dual_config config;
        const char *expected[2];
    } bad[] = {
        {{.ra_type = DAT_DISRCA, .disrca = {.attention = {.n_kv_heads = 2}}},
         {"n_kv_heads = 2", "n_heads = 4"}},
        {{.ra_type = DAT_DISRCA, .disrca = {.attention = {.n_kv_heads = 3}}},
         {"n_kv_heads = 3", "n_heads = 4"}},
        {{.ra_type = DAT_RCA, .rca = {.attention = {.n_kv_heads = 3}}}, {"n_kv_heads = 3", "n_heads = 4"}},
        {{.ra_type = DAT_RCA, .share_attention = true}, {"share_attn_params", "rca"}},
        {{.ra_type = DAT_DISRCA, .share_attention = true, .self_attention = {.n_kv_heads = 2}},
         {"n_kv_heads = 2", "4"}},
        {{.ra_type = DAT_DISRCA, .disrca = {.attention = {.dropout = 1}}}, {"dropout", "1"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dat_params params = {0};
        dat_dual_layer layer;
        dat_dual_config config = bad[i].config;
        config.n_heads_sa = config.n_heads_ra = 4;
        config.self_attention.d_model = 2 * D;
        dat_status status = dat_dual_attention_init(&layer, &params, "attn", &config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, bad[i].expected[0]) ||
            !strstr(status.message, bad[i].expected[1]))
            fail_msg("config %d: code %d, message '%s'", (int)i, (int)status.code, status.message);
        dat_params_free(&params);
    }
}

/* DisRCA has queries and keys that are for attention alone, so it can share them, as relational attention. */
static void disrca_shares_attention(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_dual_layer layer;
    dat_dual_config config = {.n_heads_sa = 2,
                              .n_heads_ra = 2,
                              .self_attention = {.d_model = D},
                              .ra_type = DAT_DISRCA,
                              .share_attention = true};
    dat_rng rng = dat_rng_seed(1);
    assert_int_equal(dat_dual_attention_init(&layer, &params, "", &config).code, DAT_CODE_OK);
    dat_params_allocate(&params, &rng);
    assert_ptr_equal(layer.self_attention.wq.weight->data, layer.disrca.wq_attn.weight->data);
    assert_ptr_equal(layer.self_attention.wk.weight->data, layer.disrca.wk_attn.weight->data);
    dat_params_free(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(later_tokens_never_change_earlier_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(symbols_of_later_senders_are_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(distances_equal_gathered_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rca_is_attention_to_symbols, set_up, tear_down),
        cmocka_unit_test_setup_teardown(masked_weights_are_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_symbols_are_an_error, set_up, tear_down),
        cmocka_unit_test(impossible_kinds_are_refused),
        cmocka_unit_test(disrca_shares_attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
