/* Greedy decoding with a cache against decoding that computes the whole answer for every token, over random
 * options of Transformers and Dual Attention Transformers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/seq2seq_greedy.h"
#include "support/random_configuration.h"
#include "support/random_values.h"

enum { VOCABULARY = 13, START = 1, END = 2, SOURCE = 6, SHORT = 9, LONG = 100, PROMPTS = 25, N_CASES = 52 };

typedef struct problem {
    dat_params params;
    dat_seq2seq_model model;
    dat_tape tape;
    int32_t source[PROMPTS * SOURCE];
} problem;

/* Answers of LONG tokens are attended to tile by tile. */
static dat_seq2seq_config config_of(const random_configuration *c, int64_t seed)
{
    dat_seq2seq_config config = {
        .source = {.vocab_size = VOCABULARY},
        .target = {.vocab_size = VOCABULARY},
        .max_source = SOURCE,
        .max_target = seed % 16 == 0 ? LONG : SHORT,
        .n_outputs = VOCABULARY,
        .n_layers_enc = 1,
        .n_layers_dec = 2,
        .encoder = c->decoder.block,
        .decoder = c->decoder,
        .causal_encoder = seed % 3 == 0,
        .causal_decoder = seed % 6 != 5,
        .positions = c->rope                           ? DAT_SEQ2SEQ_ROPE
                     : c->d_model % 2 == 0 && seed % 2 ? DAT_SEQ2SEQ_SINUSOIDAL
                                                       : DAT_SEQ2SEQ_LEARNED,
        .symbols = c->retriever,
        .symbols_once = seed % 4 == 1,
    };
    config.symbols.max_length = 0;
    return config;
}

static void make_problem(problem *p, const dat_seq2seq_config *config, int64_t seed)
{
    dat_rng rng = dat_rng_seed((uint64_t)seed);
    *p = (problem){0};
    dat_status status = dat_seq2seq_init(&p->model, &p->params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("case %d: %s", (int)seed, status.message);
    assert_int_equal(dat_tape_init(&p->tape, (size_t)1 << 30).code, DAT_CODE_OK);
    dat_params_allocate(&p->params, &rng);
    randomise_params(&p->params, 0.5, (uint64_t)seed);
    for (int i = 0; i < PROMPTS * SOURCE; i++)
        p->source[i] = (int32_t)dat_rng_below(&rng, VOCABULARY);
}

static void free_problem(problem *p)
{
    dat_tape_free(&p->tape);
    dat_seq2seq_free(&p->model);
    dat_params_free(&p->params);
}

/* Different tokens in the answers to the first `prompts` prompts. */
static int compare_answers(problem *p, int64_t prompts)
{
    static int32_t cached[PROMPTS * LONG], uncached[PROMPTS * LONG];
    int64_t length = p->model.config.max_target;
    dat_sequence source = {.tokens = {p->source, prompts, SOURCE}};
    dat_status status = dat_seq2seq_greedy(&p->tape, &p->model, &source, START, END, length, cached);
    assert_int_equal(status.code, DAT_CODE_OK);
    status = dat_seq2seq_greedy_uncached(&p->tape, &p->model, &source, START, END, length, uncached);
    assert_int_equal(status.code, DAT_CODE_OK);
    int different = 0;
    for (int64_t i = 0; i < prompts * length; i++)
        different += cached[i] != uncached[i];
    return different;
}

static void answers_are_the_same(void **state)
{
    (void)state;
    int64_t n_prompts[2] = {
        0}; /* answered with a cache by Transformers and by models with relational heads */
    for (int64_t seed = 0; seed < N_CASES; seed++) {
        problem p;
        random_configuration c = sample_configuration(seed * N_MODULES + DECODER_BLOCK);
        dat_seq2seq_config config = config_of(&c, seed);
        make_problem(&p, &config, seed);
        bool relational = configuration_has_relational(&c);
        bool cached = config.causal_decoder && !configuration_relates_to_all(&c) &&
                      !(relational && c.retriever.kind == DAT_REL_SYM_ATTENTION);
        assert_int_equal(dat_seq2seq_can_cache(&p.model), cached);
        int64_t prompts = config.max_target == LONG ? PROMPTS / 5 : PROMPTS;
        int different = compare_answers(&p, prompts);
        if (different)
            fail_msg("case %d: %d tokens differ", (int)seed, different);
        if (cached)
            n_prompts[relational] += prompts;
        free_problem(&p);
    }
    assert_true(n_prompts[0] >= 200);
    assert_true(n_prompts[1] >= 200);
}

/* Random weights give answers of many tokens and lengths, so that equal ones mean something. */
static void answers_differ_among_prompts(void **state)
{
    (void)state;
    problem p;
    int32_t answers[PROMPTS * SHORT];
    random_configuration c = sample_configuration(N_MODULES + DECODER_BLOCK);
    dat_seq2seq_config config = config_of(&c, 1);
    make_problem(&p, &config, 1);
    dat_sequence source = {.tokens = {p.source, PROMPTS, SOURCE}};
    assert_int_equal(dat_seq2seq_greedy(&p.tape, &p.model, &source, START, END, SHORT, answers).code,
                     DAT_CODE_OK);
    int different = 0;
    for (int b = 1; b < PROMPTS; b++)
        different += memcmp(answers, answers + b * SHORT, SHORT * sizeof *answers) != 0;
    assert_true(different >= PROMPTS / 2);
    free_problem(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same),
        cmocka_unit_test(answers_differ_among_prompts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
