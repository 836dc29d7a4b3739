/* Encoder-decoder models: what the decoder sees, exact gradients, shared symbols, refused configs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/seq2seq.h"
#include "support/close.h"
#include "support/gradcheck.h"
#include "support/random_values.h"

enum { B = 2, LS = 4, LT = 3, VECTOR = 3, OUTPUTS = 5 };

static const int32_t question[B * LS] = {3, 1, 5, 1, 0, 2, 2, 5};
static const int32_t answer[B * LT] = {1, 4, 2, 1, 3, 3};

static dat_seq2seq_config transformer(void)
{
    dat_block_config block = {.d_model = 8,
                              .dff = 6,
                              .activation = DAT_RELU,
                              .bias = true,
                              .attention = {.self_attention = {.n_heads = 2}}};
    return (dat_seq2seq_config){
        .source = {.vocab_size = 6},
        .target = {.vocab_size = OUTPUTS},
        .max_source = 5,
        .max_target = LT,
        .n_outputs = OUTPUTS,
        .n_layers_enc = 2,
        .n_layers_dec = 1,
        .encoder = block,
        .decoder = {.block = block, .cross = {.n_heads = 4}},
        .causal_decoder = true,
        .tie_weights = true,
    };
}

static dat_seq2seq_config dual(dat_retriever_kind kind)
{
    dat_seq2seq_config config = transformer();
    config.encoder.dual = config.decoder.block.dual = true;
    config.encoder.attention = config.decoder.block.attention =
        (dat_dual_config){.n_heads_sa = 1, .n_heads_ra = 1};
    config.symbols = (dat_retriever_config){.kind = kind,
                                            .n_heads = 2,
                                            .n_symbols = 3,
                                            .max_rel_pos = 2,
                                            .rel_n_heads = 2,
                                            .neighbours = 1,
                                            .causal_neighbours = true,
                                            .include_self = true};
    return config;
}

typedef struct problem {
    dat_params params;
    dat_seq2seq_model model;
    int32_t ids[B * LS];
    int32_t target_ids[B * LT];
    dat_real *vectors; /* (B, LS, VECTOR), read as the source when the model does not read tokens */
} problem;

static void make_problem(problem *p, const dat_seq2seq_config *config)
{
    dat_rng rng = dat_rng_seed(1);
    *p = (problem){.vectors = random_values(B * LS * VECTOR, 3)};
    dat_status status = dat_seq2seq_init(&p->model, &p->params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&p->params, &rng);
    randomise_params(&p->params, 0.4, 5);
    memcpy(p->ids, question, sizeof question);
    memcpy(p->target_ids, answer, sizeof answer);
}

static void free_problem(problem *p)
{
    dat_seq2seq_free(&p->model);
    dat_params_free(&p->params);
    free(p->vectors);
}

static dat_tensor *run(dat_tape *tape, const problem *p, bool last_only)
{
    dat_tensor *vectors = dat_tape_input(tape, "vectors", p->vectors, 3, (int64_t[]){B, LS, VECTOR});
    dat_sequence source = {.tokens = {p->ids, B, LS}, .vectors = vectors};
    dat_sequence target = {.tokens = {p->target_ids, B, LT}};
    dat_memory memory = dat_seq2seq_encode(tape, &p->model, &source);
    return dat_seq2seq_decode(tape, &p->model, memory, &target, last_only);
}

/* All logits of a fresh step. */
static void logits_of(const problem *p, dat_real logits[B * LT * OUTPUTS])
{
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 26).code, DAT_CODE_OK);
    dat_tape_begin(&tape, 1);
    const dat_tensor *out = run(&tape, p, false);
    if (!out)
        fail_msg("%s", tape.status.message);
    assert_int_equal(dat_count(out), B * LT * OUTPUTS);
    memcpy(logits, out->data, B * LT * OUTPUTS * sizeof(dat_real));
    dat_tape_free(&tape);
}

/* Logits see all of the source, and of the target what is before them. */
static void check_sight(const dat_seq2seq_config *config)
{
    enum { CHANGED = 1, ROW = LT * OUTPUTS };
    problem p;
    dat_real before[B * ROW], after[B * ROW];
    make_problem(&p, config);
    logits_of(&p, before);
    p.target_ids[CHANGED] = 0;
    logits_of(&p, after);
    assert_same_bits(after, before, CHANGED * OUTPUTS);
    for (int i = CHANGED; i < LT; i++)
        assert_true(after[i * OUTPUTS] != before[i * OUTPUTS]);
    p.target_ids[CHANGED] = answer[CHANGED];

    p.ids[LS - 1] = 4;
    logits_of(&p, after);
    for (int i = 0; i < LT; i++)
        assert_true(after[i * OUTPUTS] != before[i * OUTPUTS]);
    assert_same_bits(after + ROW, before + ROW, ROW);
    free_problem(&p);
}

static void decoders_see_the_source_and_the_past(void **state)
{
    (void)state;
    for (int positions = 0; dat_seq2seq_position_names[positions]; positions++) {
        dat_seq2seq_config config = transformer();
        config.positions = (dat_seq2seq_positions)positions;
        check_sight(&config);
    }
    for (int kind = 0; dat_retriever_names[kind]; kind++) {
        dat_seq2seq_config config = dual((dat_retriever_kind)kind);
        check_sight(&config);
        config.symbols_once = true;
        check_sight(&config);
    }
}

static void the_last_logits_alone_are_the_same(void **state)
{
    (void)state;
    problem p;
    dat_tape tape;
    dat_real all[B * LT * OUTPUTS];
    dat_seq2seq_config config = dual(DAT_SYMBOLIC_ATTENTION);
    make_problem(&p, &config);
    logits_of(&p, all);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 26).code, DAT_CODE_OK);
    dat_tape_begin(&tape, 1);
    const dat_tensor *last = run(&tape, &p, true);
    assert_non_null(last);
    assert_int_equal(last->rank, 2);
    for (int b = 0; b < B; b++)
        assert_all_close(last->data + b * OUTPUTS, all + (b * LT + LT - 1) * OUTPUTS, OUTPUTS, 1e-6);
    dat_tape_free(&tape);
    free_problem(&p);
}

/* tie_weights adds names and ties nothing, as in the reference. */
static void tying_only_adds_names(void **state)
{
    (void)state;
    int64_t counts[2];
    for (int tie = 0; tie < 2; tie++) {
        problem p;
        dat_seq2seq_config config = transformer();
        config.tie_weights = tie;
        make_problem(&p, &config);
        counts[tie] = dat_params_count(&p.params, false);
        const dat_param *second = dat_params_find(&p.params, "layers.target_embedder.weights.weight");
        assert_int_equal(second != NULL, tie);
        assert_true(!second || second->tensor.data == p.model.head.weight->data);
        assert_true(p.model.target.embeddings->data != p.model.head.weight->data);
        free_problem(&p);
    }
    assert_int_equal(counts[0], counts[1]);
}

#ifdef DAT_DOUBLE

static const int32_t targets[B * LT] = {4, 2, 0, 3, 3, 0};

static dat_tensor *loss_function(dat_tape *tape, dat_tensor *const *in, const void *context)
{
    (void)in;
    dat_cross_entropy_args args = {.targets = targets, .ignore_index = 0};
    return dat_cross_entropy(tape, run(tape, context, false), &args);
}

static void check_gradients(const char *name, const dat_seq2seq_config *config)
{
    problem p;
    make_problem(&p, config);
    gradcheck_result result = gradcheck_params(loss_function, &p, &p.params, 6);
    if (!result.good)
        fail_msg("%s: %s", name, result.worst);
    free_problem(&p);
}

static void gradients_are_exact(void **state)
{
    (void)state;
    dat_seq2seq_config config = transformer();
    config.source = (dat_sequence_spec){.vector_size = VECTOR};
    check_gradients("vectors", &config);
    config.positions = DAT_SEQ2SEQ_LEARNED;
    config.position_dropout = 0.1;
    config.encoder.dropout = config.decoder.block.dropout = 0.2;
    config.encoder.norm_first = config.decoder.block.norm_first = true;
    check_gradients("learned positions, dropout, pre-norm", &config);
    for (int kind = 0; dat_retriever_names[kind]; kind++) {
        config = dual((dat_retriever_kind)kind);
        config.symbols_once = kind == DAT_SYMBOLIC_ATTENTION;
        check_gradients(dat_retriever_names[kind], &config);
    }
}

#endif

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "the source needs either a vocab_size or a vector_size, not 6 and 3",
        "the target needs either a vocab_size or a vector_size, not 0 and 0",
        "n_outputs = 0",
        "d_model = 8 and 10",
        "dual = 1 and 0",
        "width 6 do not fit d_model = 8",
        "max_length = 0",
        "n_layers_dec = 0",
    };
    for (int defect = 0; defect < (int)(sizeof expected / sizeof expected[0]); defect++) {
        dat_seq2seq_config config = dual(DAT_POSITIONAL_SYMBOLS);
        config.source.vector_size = defect == 0 ? VECTOR : 0;
        config.target.vocab_size = defect == 1 ? 0 : OUTPUTS;
        config.n_outputs = defect == 2 ? 0 : OUTPUTS;
        config.decoder.block.d_model = defect == 3 ? 10 : 8;
        config.decoder.block.dual = defect != 4;
        config.symbols.d_model = defect == 5 ? 6 : 0;
        config.max_target = defect == 6 ? 0 : LT;
        config.n_layers_dec = defect == 7 ? 0 : 1;
        dat_params params = {0};
        dat_seq2seq_model model;
        dat_status status = dat_seq2seq_init(&model, &params, &config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, expected[defect]))
            fail_msg("defect %d: code %d, message '%s'", defect, (int)status.code, status.message);
        dat_seq2seq_free(&model);
        dat_params_free(&params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoders_see_the_source_and_the_past),
        cmocka_unit_test(the_last_logits_alone_are_the_same),
        cmocka_unit_test(tying_only_adds_names),
#ifdef DAT_DOUBLE
        cmocka_unit_test(gradients_are_exact),
#endif
        cmocka_unit_test(impossible_configs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
