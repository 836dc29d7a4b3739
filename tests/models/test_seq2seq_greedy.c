/* Greedy decoding: each token is the best one by the whole model, answers end, and a model that has learnt to
 * copy copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/seq2seq_greedy.h"
#include "optim/adam.h"
#include "support/random_values.h"

enum { VOCAB = 7, START = 1, END = 2, LS = 4, MOST = 6, B = 5 };

static dat_seq2seq_config small_config(bool dual)
{
    dat_block_config block = {
        .dual = dual,
        .d_model = 16,
        .dff = 32,
        .activation = DAT_RELU,
        .bias = true,
        .attention = {.n_heads_sa = 1, .n_heads_ra = 1, .self_attention = {.n_heads = 2}},
    };
    return (dat_seq2seq_config){
        .source = {.vocab_size = VOCAB},
        .target = {.vocab_size = VOCAB},
        .max_source = LS,
        .max_target = MOST,
        .n_outputs = VOCAB,
        .n_layers_enc = 1,
        .n_layers_dec = 1,
        .encoder = block,
        .decoder = {.block = block, .cross = {.n_heads = 2}},
        .causal_decoder = true,
        .symbols = {.kind = DAT_POSITION_RELATIVE, .max_rel_pos = LS},
    };
}

typedef struct problem {
    dat_params params;
    dat_seq2seq_model model;
    dat_tape tape;
    int32_t source[B * LS], answers[B * MOST];
} problem;

static void make_problem(problem *p, bool dual)
{
    dat_seq2seq_config config = small_config(dual);
    dat_rng rng = dat_rng_seed(4);
    *p = (problem){0};
    assert_int_equal(dat_seq2seq_init(&p->model, &p->params, &config).code, DAT_CODE_OK);
    assert_int_equal(dat_tape_init(&p->tape, (size_t)1 << 28).code, DAT_CODE_OK);
    dat_params_allocate(&p->params, &rng);
    for (int i = 0; i < B * LS; i++)
        p->source[i] = 3 + (int32_t)(dat_rng_next(&rng) % (VOCAB - 3));
}

static void free_problem(problem *p)
{
    dat_tape_free(&p->tape);
    dat_seq2seq_free(&p->model);
    dat_params_free(&p->params);
}

static dat_sequence source_of(const problem *p)
{
    return (dat_sequence){.tokens = {p->source, B, LS}};
}

static void decode(problem *p, int32_t end)
{
    dat_sequence source = source_of(p);
    dat_status status = dat_seq2seq_greedy(&p->tape, &p->model, &source, START, end, MOST, p->answers);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

/* Logits (B, MOST, VOCAB) for the answers with the start before them, all at once. */
static const dat_tensor *score_answers(problem *p)
{
    static int32_t inputs[B * MOST];
    for (int i = 0; i < B * MOST; i++)
        inputs[i] = i % MOST ? p->answers[i - 1] : START;
    dat_sequence source = source_of(p), target = {.tokens = {inputs, B, MOST}};
    dat_tape_begin(&p->tape, 1);
    p->tape.training = false;
    dat_memory memory = dat_seq2seq_encode(&p->tape, &p->model, &source);
    const dat_tensor *logits = dat_seq2seq_decode(&p->tape, &p->model, memory, &target, false);
    assert_non_null(logits);
    return logits;
}

/* Every token before the end is at least as likely as all others, by one pass over the finished answers. */
static void tokens_are_the_best_ones(void **state)
{
    (void)state;
    for (int dual = 0; dual < 2; dual++) {
        problem p;
        int ended = 0;
        make_problem(&p, dual);
        randomise_params(&p.params, 0.5, 3 + (uint64_t)dual);
        decode(&p, END);
        const dat_tensor *logits = score_answers(&p);
        for (int b = 0; b < B; b++) {
            bool open = true;
            for (int i = 0; i < MOST; i++) {
                const int32_t token = p.answers[b * MOST + i];
                const dat_real *row = logits->data + (b * MOST + i) * VOCAB;
                for (int k = 0; k < VOCAB && open; k++)
                    assert_true(row[k] <= row[token] + (dat_real)1e-5);
                assert_true(open || token == END);
                open = open && token != END;
            }
            ended += !open;
        }
        assert_true(p.tape.recording);
        assert_in_range(ended, 0, B);
        free_problem(&p);
    }
}

/* With all weights 0 the logits are the head's bias. */
static void the_head_decides_when_all_else_is_zero(void **state)
{
    (void)state;
    problem p;
    make_problem(&p, false);
    memset(p.params.values, 0, (size_t)p.params.size * sizeof(dat_real));
    decode(&p, END);
    for (int i = 0; i < B * MOST; i++)
        assert_int_equal(p.answers[i], 0); /* the first of equals, to the last place */
    p.model.head.bias->data[5] = 1;
    decode(&p, END);
    for (int i = 0; i < B * MOST; i++)
        assert_int_equal(p.answers[i], 5);
    p.model.head.bias->data[END] = 2;
    decode(&p, END);
    for (int i = 0; i < B * MOST; i++)
        assert_int_equal(p.answers[i], END);
    free_problem(&p);
}

/* One step of training to repeat random sources and end. */
static double train_to_copy(problem *p, dat_adam *adam, dat_rng *rng, int64_t step)
{
    enum { N = 32, T = LS + 1 };
    int32_t source[N * LS], inputs[N * T], targets[N * T];
    for (int b = 0; b < N; b++) {
        inputs[b * T] = START;
        targets[b * T + LS] = END;
        for (int i = 0; i < LS; i++)
            source[b * LS + i] = inputs[b * T + 1 + i] = targets[b * T + i] =
                3 + (int32_t)(dat_rng_next(rng) % (VOCAB - 3));
    }
    dat_sequence from = {.tokens = {source, N, LS}}, to = {.tokens = {inputs, N, T}};
    dat_tape_begin(&p->tape, (uint64_t)step);
    dat_memory memory = dat_seq2seq_encode(&p->tape, &p->model, &from);
    dat_tensor *logits = dat_seq2seq_decode(&p->tape, &p->model, memory, &to, false);
    dat_cross_entropy_args args = {.targets = targets, .ignore_index = -1};
    dat_tensor *loss = dat_cross_entropy(&p->tape, logits, &args);
    assert_non_null(loss);
    dat_params_zero_grads(&p->params);
    dat_tape_backward(&p->tape, loss, 1);
    dat_adam_step(adam, &p->params, 0.01);
    return (double)loss->data[0];
}

static void a_model_that_copies_answers_with_copies(void **state)
{
    (void)state;
    problem p;
    dat_adam adam;
    dat_rng rng = dat_rng_seed(9);
    make_problem(&p, true);
    dat_adam_init(&adam, &p.params, &(dat_adam_config){0.01, 0.9, 0.99, 1e-8});
    double loss = 10;
    for (int64_t step = 0; step < 2000 && loss > 0.001; step++)
        loss = train_to_copy(&p, &adam, &rng, step);
    assert_true(loss <= 0.001);
    decode(&p, END);
    for (int b = 0; b < B; b++) {
        assert_memory_equal(p.answers + b * MOST, p.source + b * LS, LS * sizeof(int32_t));
        assert_int_equal(p.answers[b * MOST + LS], END);
        assert_int_equal(p.answers[b * MOST + LS + 1], END);
    }
    dat_adam_free(&adam);
    free_problem(&p);
}

static void impossible_calls_are_refused(void **state)
{
    (void)state;
    static const struct {
        int32_t start, end;
        int64_t max_length;
        const char *error;
    } calls[] = {
        {START, END, MOST + 1, "max_length = 7 must be from 1 to max_target = 6"},
        {START, END, 0, "max_length = 0"},
        {VOCAB, END, MOST, "start 7 and end 2"},
        {START, -1, MOST, "start 1 and end -1"},
    };
    problem p;
    make_problem(&p, false);
    dat_sequence source = source_of(&p);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        dat_status status = dat_seq2seq_greedy(&p.tape, &p.model, &source, calls[i].start, calls[i].end,
                                               calls[i].max_length, p.answers);
        assert_int_equal(status.code, DAT_CODE_USAGE);
        assert_non_null(strstr(status.message, calls[i].error));
    }
    source.tokens.length = LS + 1; /* the encoder has no such position */
    int32_t longer[B * (LS + 1)] = {0};
    source.tokens.ids = longer;
    assert_int_not_equal(dat_seq2seq_greedy(&p.tape, &p.model, &source, START, END, MOST, p.answers).code,
                         DAT_CODE_OK);
    assert_true(p.tape.training && p.tape.recording);
    free_problem(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_the_best_ones),
        cmocka_unit_test(the_head_decides_when_all_else_is_zero),
        cmocka_unit_test(a_model_that_copies_answers_with_copies),
        cmocka_unit_test(impossible_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
