/* Language models: causal with every kind of symbols, exact gradients, the reference's start, refused
 * configs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/language.h"
#include "ops/ops.h"
#include "support/close.h"
#include "support/gradcheck.h"
#include "support/random_values.h"
#include "util/parallel.h"

enum { VOCABULARY = 7, B = 2, L = 5 };

static const int32_t text[B * L] = {3, 1, 6, 1, 0, 2, 2, 5, 4, 6};

static dat_language_config transformer(void)
{
    return (dat_language_config){
        .vocab_size = VOCABULARY,
        .max_length = 6,
        .n_layers = 2,
        .positions = DAT_LANGUAGE_ROPE,
        .block = {.d_model = 8,
                  .dff = 6,
                  .activation = DAT_GELU,
                  .norm_first = true,
                  .attention = {.self_attention = {.n_heads = 2}}},
    };
}

static dat_language_config dual(dat_retriever_kind kind)
{
    dat_language_config config = transformer();
    config.block.dual = true;
    config.block.attention = (dat_dual_config){.n_heads_sa = 1, .n_heads_ra = 1};
    config.symbols = (dat_retriever_config){.kind = kind,
                                            .n_heads = 2,
                                            .n_symbols = 3,
                                            .max_rel_pos = 3,
                                            .rel_n_heads = 2,
                                            .neighbours = 2,
                                            .causal_neighbours = true};
    return config;
}

typedef struct problem {
    dat_params params;
    dat_language_model model;
    int32_t ids[B * L];
} problem;

static void make_problem(problem *p, const dat_language_config *config)
{
    dat_rng rng = dat_rng_seed(1);
    *p = (problem){0};
    dat_status status = dat_language_init(&p->model, &p->params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&p->params, &rng);
    memcpy(p->ids, text, sizeof text);
}

static void free_problem(problem *p)
{
    dat_language_free(&p->model);
    dat_params_free(&p->params);
}

static dat_tensor *logits_of(dat_tape *tape, const problem *p)
{
    return dat_language_forward(tape, &p->model, (dat_tokens){p->ids, B, L});
}

/* A token changes what is predicted from it on, in its own sequence alone. */
static void check_causality(const dat_language_config *config)
{
    enum { CHANGED = 2, COUNT = B * L * VOCABULARY };
    problem p;
    dat_tape tape;
    dat_real logits[2][COUNT];
    make_problem(&p, config);
    randomise_params(&p.params, 0.4, 5);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 26).code, DAT_CODE_OK);
    for (int run = 0; run < 2; run++) {
        dat_tape_begin(&tape, 1);
        const dat_tensor *out = logits_of(&tape, &p);
        if (!out)
            fail_msg("%s", tape.status.message);
        assert_int_equal(dat_count(out), COUNT);
        memcpy(logits[run], out->data, sizeof logits[run]);
        p.ids[CHANGED] = 4;
    }
    assert_same_bits(logits[1], logits[0], CHANGED * VOCABULARY);
    for (int i = CHANGED; i < L; i++)
        assert_true(logits[1][i * VOCABULARY] != logits[0][i * VOCABULARY]);
    assert_same_bits(logits[1] + L * VOCABULARY, logits[0] + L * VOCABULARY, L * VOCABULARY);
    dat_tape_free(&tape);
    free_problem(&p);
}

static void models_are_causal(void **state)
{
    (void)state;
    dat_language_config config = transformer();
    check_causality(&config);
    config.positions = DAT_LANGUAGE_LEARNED;
    check_causality(&config);
    for (int kind = 0; dat_retriever_names[kind]; kind++) {
        config = dual((dat_retriever_kind)kind);
        check_causality(&config);
        config.symbols_once = true;
        check_causality(&config);
    }
}

/* Symbols of the embedded tokens are those of the first layer; the second layer's input has others. */
static void symbols_are_updated_or_not(void **state)
{
    (void)state;
    for (int64_t layers = 1; layers <= 2; layers++) {
        dat_real logits[2][B * L * VOCABULARY];
        dat_tape tape;
        assert_int_equal(dat_tape_init(&tape, (size_t)1 << 26).code, DAT_CODE_OK);
        for (int once = 0; once < 2; once++) {
            problem p;
            dat_language_config config = dual(DAT_SYMBOLIC_ATTENTION);
            config.n_layers = layers;
            config.symbols_once = once;
            make_problem(&p, &config);
            randomise_params(&p.params, 0.4, 5);
            dat_tape_begin(&tape, 1);
            memcpy(logits[once], logits_of(&tape, &p)->data, sizeof logits[once]);
            free_problem(&p);
        }
        assert_int_equal(memcmp(logits[0], logits[1], sizeof logits[0]) == 0, layers == 1);
        dat_tape_free(&tape);
    }
}

/* One retriever for all layers, one for each, or one for each around a common library. */
static void retrievers_are_shared_as_asked(void **state)
{
    (void)state;
    for (int mode = 0; mode < 3; mode++) {
        problem p;
        dat_language_config config = dual(DAT_SYMBOLIC_ATTENTION);
        config.separate_retrievers = mode > 0;
        config.tied_library = mode > 1;
        config.symbols.fixed_symbols = true;
        make_problem(&p, &config);
        const dat_param *libraries[2], *queries[2];
        for (int i = 0; i < 2; i++) {
            char name[DAT_SCOPE_SIZE];
            dat_scope(name, "layers", "symbol_retrievers.%d.symbol_library", i);
            libraries[i] = dat_params_find(&p.params, name);
            dat_scope(name, "layers", "symbol_retrievers.%d.q_proj.weight", i);
            queries[i] = dat_params_find(&p.params, name);
            assert_false(libraries[i]->trainable);
            assert_true(queries[i]->trainable);
        }
        assert_int_equal(libraries[0]->tensor.data == libraries[1]->tensor.data, mode != 1);
        assert_int_equal(queries[0]->tensor.data == queries[1]->tensor.data, mode == 0);
        free_problem(&p);
    }
}

static void the_output_layer_is_the_embedding(void **state)
{
    (void)state;
    problem p;
    dat_language_config config = transformer();
    make_problem(&p, &config);
    const dat_param *output = dat_params_find(&p.params, "layers.final_out.weight");
    assert_non_null(output);
    assert_ptr_equal(output->tensor.data, p.model.embeddings->data);
    assert_null(dat_params_find(&p.params, "layers.final_out.bias"));
    free_problem(&p);
}

/* How a parameter starts, by name. */
static void check_init(const problem *p, const char *name, dat_init_kind kind, double scale)
{
    const dat_param *param = dat_params_find(&p->params, name);
    if (!param)
        fail_msg("there is no %s", name);
    if (param->init.kind != kind || !(fabs(param->init.scale - scale) < 1e-12))
        fail_msg("%s starts as kind %d of scale %g", name, (int)param->init.kind, param->init.scale);
}

static void parameters_start_as_in_the_reference(void **state)
{
    (void)state;
    problem p;
    dat_language_config config = dual(DAT_SYMBOLIC_ATTENTION);
    make_problem(&p, &config);
    check_init(&p, "layers.token_embedder.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.symbol_retrievers.0.symbol_library", DAT_INIT_NORMAL, 1);
    check_init(&p, "layers.symbol_retrievers.0.template_features", DAT_INIT_NORMAL, 1);
    check_init(&p, "layers.symbol_retrievers.0.q_proj.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.symbol_retrievers.0.q_proj.bias", DAT_INIT_ZEROS, 0);
    check_init(&p, "layers.blocks.1.dual_attn.relational_attention.wr", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.blocks.1.dual_attn.relational_attention.wo.weight", DAT_INIT_NORMAL, 0.01);
    check_init(&p, "layers.blocks.1.dual_attn.self_attention.wo.weight", DAT_INIT_NORMAL, 0.01);
    check_init(&p, "layers.blocks.1.dual_attn.self_attention.wq.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.blocks.0.ff_block.linear2.weight", DAT_INIT_NORMAL, 0.01); /* 0.02 / sqrt(4) */
    check_init(&p, "layers.blocks.0.ff_block.linear2.bias", DAT_INIT_ZEROS, 0); /* although bias is false */
    check_init(&p, "layers.blocks.0.norm1.weight", DAT_INIT_ONES, 0);
    free_problem(&p);
    config = dual(DAT_POSITIONAL_SYMBOLS);
    config.block.activation = DAT_SWIGLU;
    config.positions = DAT_LANGUAGE_LEARNED;
    make_problem(&p, &config);
    check_init(&p, "layers.positional_embedder.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.symbol_retrievers.0.symbol_library.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.blocks.0.ff_block.linear2.weight", DAT_INIT_NORMAL, 0.02);
    check_init(&p, "layers.blocks.0.ff_block.linear3.weight", DAT_INIT_NORMAL, 0.01);
    free_problem(&p);
}

static const int32_t next[B * L] = {1, 6, 1, 0, -1, 2, 5, 4, 6, 3};

/* Wide enough for the tables' rows to be added up by several threads. */
static void threads_do_not_change_gradients(void **state)
{
    (void)state;
    problem p;
    dat_tape tape;
    dat_language_config config = dual(DAT_SYMBOLIC_ATTENTION);
    config.block.d_model = 256;
    config.positions = DAT_LANGUAGE_LEARNED;
    make_problem(&p, &config);
    dat_real *first = calloc((size_t)p.params.size, sizeof *first);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    for (int threads = 1; threads <= 4; threads++) {
        dat_parallel_set_threads(threads);
        dat_tape_begin(&tape, 1);
        dat_params_zero_grads(&p.params);
        dat_cross_entropy_args args = {.targets = next, .ignore_index = -1};
        dat_tape_backward(&tape, dat_cross_entropy(&tape, logits_of(&tape, &p), &args), 1);
        assert_int_equal(tape.status.code, DAT_CODE_OK);
        if (threads == 1)
            memcpy(first, p.params.grads, (size_t)p.params.size * sizeof *first);
        assert_same_bits(p.params.grads, first, p.params.size);
    }
    assert_true(p.model.embeddings->grad[1] != 0 && p.model.positions->grad[1] != 0);
    dat_parallel_set_threads(1);
    dat_tape_free(&tape);
    free(first);
    free_problem(&p);
}

#ifdef DAT_DOUBLE

static dat_tensor *loss_function(dat_tape *tape, dat_tensor *const *in, const void *context)
{
    (void)in;
    dat_cross_entropy_args args = {.targets = next, .ignore_index = -1};
    return dat_cross_entropy(tape, logits_of(tape, context), &args);
}

static void check_gradients(const char *name, const dat_language_config *config)
{
    problem p;
    make_problem(&p, config);
    randomise_params(&p.params, 0.4, 5);
    gradcheck_result result = gradcheck_params(loss_function, &p, &p.params, 6);
    if (!result.good)
        fail_msg("%s: %s", name, result.worst);
    free_problem(&p);
}

static void gradients_are_exact(void **state)
{
    (void)state;
    dat_language_config config = transformer();
    check_gradients("RoPE", &config);
    config.positions = DAT_LANGUAGE_LEARNED;
    config.block.dropout = 0.2;
    check_gradients("learned positions, dropout", &config);
    for (int kind = 0; dat_retriever_names[kind]; kind++) {
        config = dual((dat_retriever_kind)kind);
        config.separate_retrievers = kind == DAT_SYMBOLIC_ATTENTION;
        config.tied_library = config.separate_retrievers;
        check_gradients(dat_retriever_names[kind], &config);
    }
}

#endif

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    static const char *const expected[] = {"vocab_size = 0",
                                           "max_length = 0",
                                           "width 6 do not fit d_model = 8",
                                           "causal_neighbours",
                                           "tied_library needs separate_retrievers",
                                           "not separate position_relative",
                                           "symbols_once",
                                           "head_dim = 1",
                                           "n_layers = 0"};
    for (int defect = 0; defect < (int)(sizeof expected / sizeof expected[0]); defect++) {
        dat_language_config config = dual(DAT_POSITIONAL_SYMBOLS);
        config.vocab_size = defect == 0 ? 0 : VOCABULARY;
        config.max_length = defect == 1 ? 0 : 6;
        config.symbols.d_model = defect == 2 ? 6 : 0;
        if (defect == 3)
            config.symbols = (dat_retriever_config){.kind = DAT_REL_SYM_ATTENTION};
        config.tied_library = defect == 4 || defect == 5;
        config.separate_retrievers = defect == 5 || defect == 6;
        if (defect == 5)
            config.symbols.kind = DAT_POSITION_RELATIVE;
        config.symbols_once = defect == 6;
        if (defect == 7)
            config.block.attention.n_heads_ra = 7;
        config.n_layers = defect == 8 ? 0 : 2;
        dat_params params = {0};
        dat_language_model model;
        dat_status status = dat_language_init(&model, &params, &config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, expected[defect]))
            fail_msg("defect %d: code %d, message '%s'", defect, (int)status.code, status.message);
        dat_language_free(&model);
        dat_params_free(&params);
    }
}

static void wrong_tokens_are_an_error(void **state)
{
    (void)state;
    problem p;
    dat_tape tape;
    dat_language_config config = transformer();
    make_problem(&p, &config);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 24).code, DAT_CODE_OK);
    dat_tape_begin(&tape, 1);
    assert_null(dat_language_forward(&tape, &p.model, (dat_tokens){p.ids, 1, 7}));
    assert_non_null(strstr(tape.status.message, "sequences of 7 tokens are longer than max_length = 6"));
    dat_tape_begin(&tape, 1);
    p.ids[L + 1] = VOCABULARY;
    assert_null(logits_of(&tape, &p));
    assert_non_null(strstr(tape.status.message, "token 1 of sequence 1 is 7"));
    dat_tape_free(&tape);
    free_problem(&p);
}

/* FLOPs and memory of a training step. */
typedef struct step_cost {
    double flops;
    size_t taken;
} step_cost;

static step_cost cost_of(const dat_language_model *model, bool counting)
{
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, 1 << 24).code, DAT_CODE_OK);
    tape.counting = counting;
    dat_tape_begin(&tape, 1);
    dat_cross_entropy_args args = {.targets = text, .ignore_index = -1};
    dat_tensor *logits = dat_language_forward(&tape, model, (dat_tokens){text, B, L});
    dat_tape_backward(&tape, dat_cross_entropy(&tape, logits, &args), 1);
    assert_string_equal(tape.status.message, "");
    step_cost cost = {tape.flops, tape.arena.used};
    dat_tape_free(&tape);
    return cost;
}

/* A counted step costs what the real one does, without parameters. */
static void steps_are_counted_without_parameters(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        dat_language_config config = i < 4 ? dual((dat_retriever_kind)i) : transformer();
        dat_params params = {0};
        dat_language_model model;
        problem p;
        assert_int_equal(dat_language_init(&model, &params, &config).code, DAT_CODE_OK);
        make_problem(&p, &config);
        step_cost counted = cost_of(&model, true), real = cost_of(&p.model, false);
        assert_true(counted.flops > 1000 && counted.flops == real.flops);
        assert_int_equal(counted.taken, real.taken);
        assert_null(params.values);
        dat_language_free(&model);
        dat_params_free(&params);
        free_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_causal),
        cmocka_unit_test(symbols_are_updated_or_not),
        cmocka_unit_test(retrievers_are_shared_as_asked),
        cmocka_unit_test(the_output_layer_is_the_embedding),
        cmocka_unit_test(parameters_start_as_in_the_reference),
        cmocka_unit_test(threads_do_not_change_gradients),
#ifdef DAT_DOUBLE
        cmocka_unit_test(gradients_are_exact),
#endif
        cmocka_unit_test(impossible_configs_are_refused),
        cmocka_unit_test(wrong_tokens_are_an_error),
        cmocka_unit_test(steps_are_counted_without_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
