/* Symbol retrievers: what may change a symbol and what may not, shared and frozen parameters, refused
 * configs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/symbols.h"
#include "support/close.h"
#include "support/random_values.h"

enum { B = 2, L = 9, D = 12, COUNT = B * L * D };

static const int64_t shape[] = {B, L, D};

typedef struct fixture {
    dat_tape tape;
    dat_params params;
    dat_retriever retriever;
    dat_real x[COUNT], first[COUNT], second[COUNT];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    fill_random(f->x, COUNT, 1);
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

static const dat_retriever_config symbolic = {
    .kind = DAT_SYMBOLIC_ATTENTION, .d_model = D, .n_heads = 3, .n_symbols = 5};
static const dat_retriever_config relational = {.kind = DAT_REL_SYM_ATTENTION,
                                                .d_model = D,
                                                .n_heads = 2,
                                                .n_symbols = 5,
                                                .rel_n_heads = 3,
                                                .neighbours = 2,
                                                .causal_neighbours = true,
                                                .include_self = true,
                                                .normalise_relations = true};

static void make(fixture *f, const dat_retriever_config *config)
{
    dat_rng rng = dat_rng_seed(3);
    dat_params_free(&f->params);
    dat_status status = dat_retriever_init(&f->retriever, &f->params, "", config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&f->params, &rng);
    randomise_params(&f->params, 0.3, 4); /* no softmax saturates */
}

static dat_tensor *retrieve(fixture *f, const dat_retriever *retriever)
{
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    dat_symbols symbols = dat_retrieve_symbols(&f->tape, retriever, x);
    if (!symbols.values)
        fail_msg("%s", f->tape.status.message);
    return symbols.values;
}

static void retrieve_into(fixture *f, dat_real *out)
{
    const dat_tensor *values = retrieve(f, &f->retriever);
    assert_int_equal(dat_count(values), COUNT);
    memcpy(out, values->data, COUNT * sizeof out[0]);
}

/* Whether symbol i of the first sequence differs between both results. */
static bool changed(const fixture *f, int i)
{
    return memcmp(f->first + i * D, f->second + i * D, D * sizeof f->first[0]) != 0;
}

/* Symbolic attention looks at one object alone: only its symbol changes with it, and equal objects have equal
 * symbols wherever they are. */
static void symbolic_attention_looks_at_the_object(void **state)
{
    fixture *f = *state;
    make(f, &symbolic);
    memcpy(f->x + 6 * D, f->x + 2 * D, D * sizeof f->x[0]);
    retrieve_into(f, f->first);
    assert_same_bits(f->first + 6 * D, f->first + 2 * D, D);
    f->x[4 * D + 1] += 1;
    retrieve_into(f, f->second);
    for (int i = 0; i < B * L; i++)
        assert_int_equal(changed(f, i), i == 4);
}

/* Of relational symbolic attention, those symbols change whose neighbourhood an object belongs to. At the
 * ends of the sequence the outermost objects stand in for missing neighbours. */
static void neighbourhoods_are_as_configured(void **state)
{
    fixture *f = *state;
    static const struct {
        bool causal, include_self;
        const char *changes[3]; /* by the first, the fifth and the last object */
    } cases[] = {
        {true, true, {"111......", "....111..", "........1"}},
        {true, false, {"111......", "....111..", "........1"}},
        {false, true, {"111......", "..11111..", "......111"}},
        {false, false, {"111......", "..11111..", "......111"}},
    };
    static const int objects[] = {0, 4, L - 1};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        dat_retriever_config config = relational;
        config.normalise_relations = false; /* the first object's, all with itself, would be constant */
        config.causal_neighbours = cases[c].causal;
        config.include_self = cases[c].include_self;
        make(f, &config);
        for (int o = 0; o < 3; o++) {
            retrieve_into(f, f->first);
            f->x[objects[o] * D + 1] += 1;
            retrieve_into(f, f->second);
            for (int i = 0; i < L; i++)
                if (changed(f, i) != (cases[c].changes[o][i] == '1'))
                    fail_msg("case %d: object %d and symbol %d", (int)c, objects[o], i);
            assert_same_bits(f->second + L * D, f->first + L * D, L * D);
        }
    }
}

/* A sequence of equal objects relates equally to all neighbours: normalised relations are all the same. */
static void equal_objects_have_equal_symbols(void **state)
{
    fixture *f = *state;
    make(f, &relational);
    for (int i = 1; i < B * L; i++)
        memcpy(f->x + i * D, f->x, D * sizeof f->x[0]);
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    dat_neighbour_args args = {.n_heads = 3, .distance = 4, .softmax = true, .scale = 2};
    const dat_tensor *relations =
        dat_neighbour_relations(&f->tape, dat_all_columns(x), dat_all_columns(x), &args);
    assert_non_null(relations);
    assert_int_equal(dat_width(relations), 3 * 8);
    for (int64_t i = 0; i < dat_count(relations); i++)
        assert_close(relations->data[i], 1.0 / 8, 1e-6);
    retrieve_into(f, f->first);
    for (int i = 1; i < B * L; i++)
        assert_all_close(f->first + i * D, f->first, D, 1e-6);
}

/* rel_scale is that of the softmax alone, as in the reference. */
static void plain_relations_are_not_scaled(void **state)
{
    fixture *f = *state;
    dat_retriever_config config = relational;
    for (int normalised = 0; normalised < 2; normalised++) {
        config.normalise_relations = normalised;
        config.rel_scale = 0;
        make(f, &config);
        retrieve_into(f, f->first);
        config.rel_scale = 3;
        make(f, &config);
        retrieve_into(f, f->second);
        assert_int_equal(memcmp(f->first, f->second, sizeof f->first) != 0, normalised);
    }
}

static void positional_symbols_do_not_see_objects(void **state)
{
    fixture *f = *state;
    make(f, &(dat_retriever_config){.kind = DAT_POSITIONAL_SYMBOLS, .d_model = 4, .max_length = L + 2});
    assert_false(dat_retriever_reads_objects(&f->retriever));
    const dat_tensor *values = retrieve(f, &f->retriever);
    assert_int_equal(dat_count(values), 4 * L);
    assert_same_bits(values->data, f->retriever.library->data, 4 * L);

    make(f, &(dat_retriever_config){.kind = DAT_POSITIONAL_SYMBOLS, .d_model = 4, .max_length = L - 1});
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    assert_null(dat_retrieve_symbols(&f->tape, &f->retriever, x).values);
    assert_non_null(strstr(f->tape.status.message, "8 rows"));
    assert_non_null(strstr(f->tape.status.message, "9 are needed"));
}

/* Pairs at the same distance have the same symbol, and all beyond max_rel_pos the farthest one. */
static void relative_symbols_depend_on_the_distance(void **state)
{
    fixture *f = *state;
    make(f, &(dat_retriever_config){.kind = DAT_POSITION_RELATIVE, .d_model = 4, .max_rel_pos = 3});
    assert_false(dat_retriever_reads_objects(&f->retriever));
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    dat_symbols symbols = dat_retrieve_symbols(&f->tape, &f->retriever, x);
    assert_int_equal(symbols.layout, DAT_SYMBOLS_BY_DISTANCE);
    assert_int_equal(symbols.max_distance, 3);
    const dat_tensor *pairs = dat_pair_rows(&f->tape, symbols.values, L, L);
    for (int i = 0; i < L; i++)
        for (int j = 0; j < L; j++) {
            int row = 3 + (j - i > 3 ? 3 : j - i < -3 ? -3 : j - i);
            assert_same_bits(pairs->data + (i * L + j) * 4, symbols.values->data + row * 4, 4);
        }
}

/* A fixed library gets no gradient; what chooses from it still does. */
static void fixed_symbols_are_not_trained(void **state)
{
    fixture *f = *state;
    dat_retriever_config config = symbolic;
    config.fixed_symbols = true;
    make(f, &config);
    dat_tensor *values = retrieve(f, &f->retriever);
    dat_params_zero_grads(&f->params);
    dat_tape_backward_from(&f->tape, values, f->x);
    assert_false(dat_params_find(&f->params, "symbol_library")->trainable);
    assert_false(f->retriever.library->needs_grad);
    assert_true(dat_params_grad_norm(&f->params) > 1e-3);
    assert_int_equal(dat_params_count(&f->params, true), D * D + D + 5 * D);
    assert_int_equal(dat_params_count(&f->params, false), D * D + D + 2 * 5 * D);
}

static void tied_retrievers_share_everything(void **state)
{
    fixture *f = *state;
    static const dat_retriever_config positional = {
        .kind = DAT_POSITIONAL_SYMBOLS, .d_model = D, .max_length = L};
    static const dat_retriever_config distances = {
        .kind = DAT_POSITION_RELATIVE, .d_model = D, .max_rel_pos = 2};
    const dat_retriever_config *configs[] = {&symbolic, &relational, &positional, &distances};
    for (int i = 0; i < 4; i++) {
        dat_params_free(&f->params);
        dat_rng rng = dat_rng_seed(3);
        dat_retriever second;
        assert_int_equal(dat_retriever_init(&f->retriever, &f->params, "a", configs[i]).code, DAT_CODE_OK);
        int64_t names = f->params.count;
        dat_retriever_tie(&second, &f->params, "b", &f->retriever);
        dat_params_allocate(&f->params, &rng);
        assert_int_equal(f->params.count, 2 * names);
        for (int64_t k = names; k < 2 * names; k++) {
            const dat_param *tied = f->params.items[k], *original = f->params.items[k - names];
            assert_int_equal(tied->offset, original->offset);
            assert_string_equal(tied->name + 1, original->name + 1);
        }
        const dat_tensor *values = retrieve(f, &f->retriever);
        memcpy(f->first, values->data, (size_t)dat_count(values) * sizeof f->first[0]);
        values = retrieve(f, &second);
        assert_same_bits(values->data, f->first, dat_count(values));
    }
}

/* Symbols start standard normal, relative ones as Xavier's uniform. */
static void libraries_start_as_the_reference(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(5);
    dat_retriever normal, uniform;
    dat_retriever_config config = {
        .kind = DAT_SYMBOLIC_ATTENTION, .d_model = 64, .n_heads = 1, .n_symbols = 100};
    assert_int_equal(dat_retriever_init(&normal, &params, "normal", &config).code, DAT_CODE_OK);
    config = (dat_retriever_config){.kind = DAT_POSITION_RELATIVE, .d_model = 64, .max_rel_pos = 50};
    assert_int_equal(dat_retriever_init(&uniform, &params, "uniform", &config).code, DAT_CODE_OK);
    dat_params_allocate(&params, &rng);
    double squares = 0, largest = 0, bound = sqrt(6.0 / (101 + 64));
    for (int i = 0; i < 6400; i++) {
        squares += (double)normal.library->data[i] * (double)normal.library->data[i] / 6400;
        largest = fmax(largest, fabs((double)uniform.library->data[i]));
    }
    assert_close(squares, 1, 0.1); /* five standard deviations */
    assert_true(largest <= bound && largest > 0.99 * bound);
    dat_params_free(&params);
}

static void impossible_configs_are_refused(void **state)
{
    (void)state;
#define ATTENTION(...) .kind = DAT_SYMBOLIC_ATTENTION, .d_model = 12, __VA_ARGS__
#define RELATIONS(...) .kind = DAT_REL_SYM_ATTENTION, .d_model = 12, .n_heads = 2, .n_symbols = 3, __VA_ARGS__
    static const struct {
        dat_retriever_config config;
        const char *expected[2];
    } bad[] = {
        {{.kind = DAT_POSITIONAL_SYMBOLS, .max_length = 3}, {"d_model", "0"}},
        {{.kind = DAT_POSITIONAL_SYMBOLS, .d_model = 3}, {"max_length", "0"}},
        {{.kind = DAT_POSITION_RELATIVE, .d_model = 3, .max_rel_pos = -1}, {"max_rel_pos", "-1"}},
        {{ATTENTION(.n_heads = 5, .n_symbols = 3)}, {"12", "n_heads = 5"}},
        {{ATTENTION(.n_heads = 0, .n_symbols = 3)}, {"12", "n_heads = 0"}},
        {{ATTENTION(.n_heads = 2, .n_symbols = 0)}, {"n_symbols", "0"}},
        {{ATTENTION(.n_heads = 2, .n_symbols = 3, .dropout = 1)}, {"dropout", "1"}},
        {{RELATIONS(.rel_n_heads = 5, .neighbours = 1)}, {"12", "rel_n_heads = 5"}},
        {{RELATIONS(.rel_n_heads = 3, .neighbours = 0)}, {"nbhd_delta = 0", "include_self = 0"}},
        {{RELATIONS(.rel_n_heads = 3, .neighbours = -1, .include_self = true)}, {"nbhd_delta", "-1"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dat_params params = {0};
        dat_retriever retriever;
        dat_status status = dat_retriever_init(&retriever, &params, "model.symbols", &bad[i].config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, bad[i].expected[0]) ||
            !strstr(status.message, bad[i].expected[1]) || !strstr(status.message, "model.symbols"))
            fail_msg("config %d: code %d, message '%s'", (int)i, (int)status.code, status.message);
        dat_params_free(&params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(symbolic_attention_looks_at_the_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neighbourhoods_are_as_configured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_objects_have_equal_symbols, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_relations_are_not_scaled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(positional_symbols_do_not_see_objects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relative_symbols_depend_on_the_distance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fixed_symbols_are_not_trained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tied_retrievers_share_everything, set_up, tear_down),
        cmocka_unit_test(libraries_start_as_the_reference),
        cmocka_unit_test(impossible_configs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
