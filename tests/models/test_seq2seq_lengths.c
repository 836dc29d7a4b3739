/* Encoder-decoder models on sequences of several lengths: logits and gradients of a padded batch are those of
 * each example alone without padding, and so are greedy answers, whatever the padding holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/seq2seq_greedy.h"
#include "support/close.h"
#include "support/random_values.h"
#include "util/memory.h"

enum { B = 3, LS = 70, LT = 6, VOCAB = 7, START = 1, END = 2 };

static const int64_t target_lengths[B] = {LT, 2, 4};

/* Lengths of the sources: of the whole op, and of the tiled one, with tiles of nothing but padding. */
typedef struct source_lengths {
    int64_t longest, of[B];
} source_lengths;
static const source_lengths short_sources = {9, {4, 9, 7}}, long_sources = {LS, {30, LS, 1}};

#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-11;
#else
static const double TOLERANCE = 1e-5;
#endif

static dat_seq2seq_config transformer(void)
{
    dat_block_config block = {.d_model = 8,
                              .dff = 6,
                              .activation = DAT_RELU,
                              .bias = true,
                              .attention = {.self_attention = {.n_heads = 2}}};
    return (dat_seq2seq_config){
        .source = {.vocab_size = VOCAB},
        .target = {.vocab_size = VOCAB},
        .max_source = LS,
        .max_target = LT,
        .n_outputs = VOCAB,
        .n_layers_enc = 2,
        .n_layers_dec = 2,
        .encoder = block,
        .decoder = {.block = block, .cross = {.n_heads = 4}},
        .causal_decoder = true,
    };
}

static dat_seq2seq_config dual(dat_retriever_kind kind, dat_ra_type type, bool relation_softmax)
{
    dat_seq2seq_config config = transformer();
    config.encoder.dual = config.decoder.block.dual = true;
    config.encoder.attention = config.decoder.block.attention =
        (dat_dual_config){.n_heads_sa = 1,
                          .n_heads_ra = 1,
                          .ra_type = type,
                          .relational = {.relation_softmax = relation_softmax},
                          .disrca = {.relation_softmax = relation_softmax}};
    config.symbols = (dat_retriever_config){
        .kind = kind, .n_heads = 2, .n_symbols = 3, .max_rel_pos = 5, .rel_n_heads = 2, .neighbours = 1};
    return config;
}

typedef struct problem {
    dat_params params;
    dat_seq2seq_model model;
    dat_tape tape;
    int32_t source[B * LS], target[B * LT], targets[B * LT]; /* padding as well as text is any token */
} problem;

static void make_problem(problem *p, const dat_seq2seq_config *config)
{
    dat_rng rng = dat_rng_seed(1);
    *p = (problem){0};
    dat_status status = dat_seq2seq_init(&p->model, &p->params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    assert_int_equal(dat_tape_init(&p->tape, (size_t)1 << 28).code, DAT_CODE_OK);
    dat_params_allocate(&p->params, &rng);
    randomise_params(&p->params, 0.4, 5);
    for (int i = 0; i < B * LS; i++)
        p->source[i] = (int32_t)dat_rng_below(&rng, VOCAB);
    for (int i = 0; i < B * LT; i++) {
        p->target[i] = (int32_t)dat_rng_below(&rng, VOCAB);
        p->targets[i] = i % LT < target_lengths[i / LT] ? (int32_t)dat_rng_below(&rng, VOCAB) : -1;
    }
}

static void free_problem(problem *p)
{
    dat_tape_free(&p->tape);
    dat_seq2seq_free(&p->model);
    dat_params_free(&p->params);
}

/* Adds the gradients of the sum of losses over the targets that count; returns the logits. */
static const dat_tensor *learn(problem *p, const dat_sequence *source, const dat_sequence *target,
                               const int32_t *targets)
{
    dat_cross_entropy_args args = {.targets = targets, .ignore_index = -1};
    int64_t counted = 0;
    for (int64_t i = 0; i < target->tokens.batch * target->tokens.length; i++)
        counted += targets[i] != -1;
    dat_tape_begin(&p->tape, 1);
    dat_memory memory = dat_seq2seq_encode(&p->tape, &p->model, source);
    dat_tensor *logits = dat_seq2seq_decode(&p->tape, &p->model, memory, target, false);
    dat_tape_backward(&p->tape, dat_cross_entropy(&p->tape, logits, &args), (dat_real)counted);
    if (p->tape.status.code != DAT_CODE_OK)
        fail_msg("%s", p->tape.status.message);
    return logits;
}

/* The largest absolute value, at least 1. */
static double largest_of(const dat_real *values, int64_t count)
{
    double largest = 1;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)values[i]));
    return largest;
}

static void check_lengths(const dat_seq2seq_config *config, const source_lengths *sources)
{
    problem p;
    make_problem(&p, config);
    dat_sequence source = {.tokens = {p.source, B, sources->longest}, .lengths = sources->of};
    /* Softmaxes of relations are over all positions of the target, also with causality. */
    bool ahead = !config->causal_decoder || config->decoder.block.attention.relational.relation_softmax ||
                 config->decoder.block.attention.disrca.relation_softmax;
    dat_sequence target = {.tokens = {p.target, B, LT}, .lengths = ahead ? target_lengths : NULL};
    static dat_real logits[B * LT * VOCAB];
    memcpy(logits, learn(&p, &source, &target, p.targets)->data, sizeof logits);
    size_t size = (size_t)p.params.size * sizeof(dat_real);
    dat_real *together = dat_allocate(1, size);
    memcpy(together, p.params.grads, size);
    dat_params_zero_grads(&p.params);
    for (int b = 0; b < B; b++) {
        dat_sequence one = {.tokens = {p.source + b * sources->longest, 1, sources->of[b]}};
        dat_sequence own = {.tokens = {p.target + b * LT, 1, target_lengths[b]}};
        const dat_tensor *alone = learn(&p, &one, &own, p.targets + b * LT);
        assert_all_close(logits + b * LT * VOCAB, alone->data, dat_count(alone), TOLERANCE);
    }
    /* Terms as large as the largest gradient cancel in others. */
    assert_all_close(together, p.params.grads, p.params.size,
                     TOLERANCE * largest_of(p.params.grads, p.params.size));
    free(together);
    free_problem(&p);
}

static void padding_changes_neither_logits_nor_gradients(void **state)
{
    (void)state;
    dat_seq2seq_config config = transformer();
    check_lengths(&config, &short_sources);
    check_lengths(&config, &long_sources);
    for (int positions = 0; dat_seq2seq_position_names[positions]; positions++) {
        config.positions = (dat_seq2seq_positions)positions;
        check_lengths(&config, &long_sources);
    }
    static const dat_retriever_kind kinds[] = {DAT_POSITION_RELATIVE, DAT_SYMBOLIC_ATTENTION,
                                               DAT_POSITIONAL_SYMBOLS};
    for (int i = 0; i < 3; i++)
        for (int softmax = 0; softmax < 2; softmax++) {
            config = dual(kinds[i], DAT_RELATIONAL_ATTENTION, softmax);
            check_lengths(&config, &short_sources);
            check_lengths(&config, &long_sources);
        }
    config = dual(DAT_POSITION_RELATIVE, DAT_RELATIONAL_ATTENTION, false);
    config.causal_encoder = true;
    config.causal_decoder = false;
    check_lengths(&config, &long_sources);
    config = dual(DAT_POSITION_RELATIVE, DAT_RCA, false);
    check_lengths(&config, &long_sources);
    config = dual(DAT_POSITION_RELATIVE, DAT_DISRCA, true);
    check_lengths(&config, &long_sources);
}

static void greedy_answers_do_not_see_padding(void **state)
{
    (void)state;
    problem p;
    int32_t together[B * LT], alone[LT];
    dat_seq2seq_config config = dual(DAT_POSITION_RELATIVE, DAT_RELATIONAL_ATTENTION, false);
    make_problem(&p, &config);
    dat_sequence source = {.tokens = {p.source, B, LS}, .lengths = long_sources.of};
    assert_string_equal(dat_seq2seq_greedy(&p.tape, &p.model, &source, START, END, LT, together).message, "");
    for (int b = 0; b < B; b++) {
        dat_sequence one = {.tokens = {p.source + b * LS, 1, long_sources.of[b]}};
        assert_string_equal(dat_seq2seq_greedy(&p.tape, &p.model, &one, START, END, LT, alone).message, "");
        assert_memory_equal(together + b * LT, alone, sizeof alone);
    }
    free_problem(&p);
}

static void symbols_that_see_padding_are_refused(void **state)
{
    (void)state;
    for (int causal = 0; causal < 2; causal++) {
        problem p;
        dat_seq2seq_config config = dual(DAT_REL_SYM_ATTENTION, DAT_RELATIONAL_ATTENTION, false);
        config.symbols.causal_neighbours = causal;
        make_problem(&p, &config);
        dat_sequence source = {.tokens = {p.source, B, LS}, .lengths = long_sources.of};
        dat_tape_begin(&p.tape, 1);
        dat_memory memory = dat_seq2seq_encode(&p.tape, &p.model, &source);
        assert_int_equal(memory.states != NULL, causal);
        assert_int_equal(strstr(p.tape.status.message, "rel_sym_attn see padding ahead") != NULL, !causal);
        free_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_changes_neither_logits_nor_gradients),
        cmocka_unit_test(greedy_answers_do_not_see_padding),
        cmocka_unit_test(symbols_that_see_padding_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
