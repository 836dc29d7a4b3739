/* Language models that decode with a cache against those that compute the whole text for every token: over
 * random options of heads, blocks, positions and symbols, below, at and beyond the longest sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/language_generate.h"
#include "support/random_configuration.h"
#include "support/random_values.h"
#include "util/parallel.h"

enum { VOCABULARY = 31, SHORT = 20, LONG = 150, N_CASES = 120 };
static const size_t MEMORY_LIMIT = (size_t)1 << 30;

/* Of the largest logit: sums in another order, whose rounding every layer of these large weights amplifies.
 * The double build shows that nothing else differs. */
#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 1e-4;
#endif

typedef struct problem {
    int64_t seed;
    dat_params params;
    dat_language_model model;
} problem;

/* Heads of both kinds in half of the cases. */
static random_configuration sample(int64_t seed)
{
    return sample_configuration(seed * N_MODULES + (seed % 2 ? ENCODER_BLOCK : DUAL_ATTENTION));
}

/* Short texts are attended to as a whole, long ones tile by tile. */
static dat_language_config config_of(const random_configuration *c, int64_t seed)
{
    dat_language_config config = {
        .vocab_size = VOCABULARY,
        .max_length = seed % 16 == 0 ? LONG : SHORT,
        .n_layers = 3,
        .positions = c->rope ? DAT_LANGUAGE_ROPE : DAT_LANGUAGE_LEARNED,
        .block = c->decoder.block,
        .symbols = c->retriever,
        .separate_retrievers = seed % 3 == 1,
        .symbols_once = seed % 3 == 2,
    };
    config.symbols.max_length = 0;
    config.symbols.causal_neighbours = true;
    config.tied_library = config.separate_retrievers && config.symbols.kind != DAT_POSITION_RELATIVE;
    return config;
}

static void make_problem(problem *p, int64_t seed)
{
    dat_rng rng = dat_rng_seed((uint64_t)seed);
    random_configuration c = sample(seed);
    dat_language_config config = config_of(&c, seed);
    *p = (problem){.seed = seed};
    dat_status status = dat_language_init(&p->model, &p->params, &config);
    if (status.code != DAT_CODE_OK)
        fail_msg("case %d: %s", (int)seed, status.message);
    dat_params_allocate(&p->params, &rng);
    randomise_params(&p->params, 0.4, (uint64_t)seed);
}

static void free_problem(problem *p)
{
    dat_language_free(&p->model);
    dat_params_free(&p->params);
}

static dat_generator start(const problem *p, bool cached)
{
    dat_generator generator;
    assert_int_equal(dat_generator_init(&generator, &p->model, MEMORY_LIMIT).code, DAT_CODE_OK);
    generator.cached = generator.cached && cached;
    return generator;
}

static const dat_real *logits_of(const problem *p, dat_generator *generator, const int32_t *tokens,
                                 int64_t count)
{
    const dat_real *logits = NULL;
    assert_int_equal(dat_generator_append(generator, tokens, count).code, DAT_CODE_OK);
    dat_status status = dat_generator_logits(generator, &logits);
    if (status.code != DAT_CODE_OK)
        fail_msg("case %d: %s", (int)p->seed, status.message);
    return logits;
}

static void check_logits(const problem *p, const dat_real *actual, const dat_real *expected, int64_t length)
{
    double largest = 0;
    for (int i = 0; i < VOCABULARY; i++)
        largest = fmax(largest, fabs((double)expected[i]));
    for (int i = 0; i < VOCABULARY; i++) {
        double difference = fabs((double)actual[i] - (double)expected[i]);
        if (!(difference <= TOLERANCE * largest))
            fail_msg("case %d, %d tokens: logit %d is %g instead of %g", (int)p->seed, (int)length, i,
                     (double)actual[i], (double)expected[i]);
    }
}

/* A text in pieces, most of them one token, and some of them none, to some tokens beyond the longest one. */
static void check_case(const problem *p)
{
    enum { MOST_PIECE = 11 };
    dat_generator cached = start(p, true), uncached = start(p, false);
    dat_rng rng = dat_rng_seed((uint64_t)p->seed);
    for (int64_t length = 0; length < p->model.config.max_length + 4;) {
        int32_t piece[MOST_PIECE];
        int64_t count = dat_rng_below(&rng, 3) ? 1 : (int64_t)dat_rng_below(&rng, MOST_PIECE + 1);
        count = length == 0 && count == 0 ? MOST_PIECE : count;
        for (int64_t i = 0; i < count; i++)
            piece[i] = (int32_t)dat_rng_below(&rng, VOCABULARY);
        length += count;
        const dat_real *expected = logits_of(p, &uncached, piece, count);
        check_logits(p, logits_of(p, &cached, piece, count), expected, length);
    }
    dat_generator_free(&cached);
    dat_generator_free(&uncached);
}

static void cached_logits_are_the_uncached_ones(void **state)
{
    (void)state;
    int n_cached = 0, n_shared = 0, n_relational[DAT_DISRCA + 1] = {0},
        n_symbols[DAT_REL_SYM_ATTENTION] = {0};
    for (int64_t seed = 0; seed < N_CASES; seed++) {
        problem p;
        random_configuration c = sample(seed);
        make_problem(&p, seed);
        bool relational = configuration_has_relational(&c);
        bool cached =
            !configuration_relates_to_all(&c) && !(relational && c.retriever.kind == DAT_REL_SYM_ATTENTION);
        assert_int_equal(dat_language_can_cache(&p.model), cached);
        check_case(&p);
        free_problem(&p);
        n_cached += cached;
        if (cached && relational) {
            n_shared += c.decoder.block.attention.share_attention;
            n_relational[c.decoder.block.attention.ra_type]++;
            n_symbols[c.retriever.kind]++;
        }
    }
    assert_in_range(n_cached, N_CASES / 2, N_CASES - 5);
    assert_true(n_shared >= 2);
    for (int kind = 0; kind <= DAT_DISRCA; kind++)
        assert_true(n_relational[kind] >= 5);
    for (int kind = 0; kind < DAT_REL_SYM_ATTENTION; kind++)
        assert_true(n_symbols[kind] >= 5);
}

enum { N_TOKENS = 40 };

typedef struct taken {
    int32_t tokens[N_TOKENS];
    int64_t count;
} taken;

static bool take(void *context, int32_t token)
{
    taken *t = context;
    t->tokens[t->count++] = token;
    return true;
}

static taken write_text(const problem *p, bool cached, double temperature)
{
    taken t = {.count = 0};
    dat_generator generator = start(p, cached);
    dat_generation generation = {.sampling = {.temperature = temperature, .top_p = 1},
                                 .seed = 5,
                                 .n_tokens = N_TOKENS,
                                 .stop_token = -1};
    assert_int_equal(dat_generator_append(&generator, (const int32_t[]){3, 1, 4}, 3).code, DAT_CODE_OK);
    dat_status status = dat_generate(&generator, &generation, take, &t);
    if (status.code != DAT_CODE_OK)
        fail_msg("case %d: %s", (int)p->seed, status.message);
    dat_generator_free(&generator);
    return t;
}

/* Also with other threads, and beyond the end of the context. */
static void texts_are_the_same(void **state)
{
    (void)state;
    int threads = dat_parallel_threads();
    for (int64_t seed = 0; seed < 12; seed++) {
        problem p;
        make_problem(&p, seed);
        for (int i = 0; i < 2; i++) {
            taken expected = write_text(&p, false, i), actual = write_text(&p, true, i);
            assert_int_equal(actual.count, N_TOKENS);
            assert_memory_equal(actual.tokens, expected.tokens, sizeof actual.tokens);
            dat_parallel_set_threads(threads + 2);
            actual = write_text(&p, true, i);
            dat_parallel_set_threads(threads);
            assert_memory_equal(actual.tokens, expected.tokens, sizeof actual.tokens);
        }
        free_problem(&p);
    }
}

/* The arithmetic of a token grows by its attention alone, and is that of the whole text beyond the context.
 */
static void a_token_costs_what_is_new(void **state)
{
    (void)state;
    problem p;
    int32_t text[SHORT] = {0};
    make_problem(&p, 1);
    assert_true(dat_language_can_cache(&p.model));
    dat_generator cached = start(&p, true), uncached = start(&p, false);
    logits_of(&p, &cached, text, SHORT - 2);
    logits_of(&p, &cached, text, 1);
    double one = cached.tape.flops;
    logits_of(&p, &cached, text, 1);
    assert_true(cached.tape.flops > one && cached.tape.flops < 1.05 * one);
    logits_of(&p, &uncached, text, SHORT);
    assert_true(uncached.tape.flops > 5 * one);
    logits_of(&p, &cached, text, 1);
    assert_true(cached.tape.flops > 0.9 * uncached.tape.flops);
    dat_generator_free(&cached);
    dat_generator_free(&uncached);
    free_problem(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_logits_are_the_uncached_ones),
        cmocka_unit_test(texts_are_the_same),
        cmocka_unit_test(a_token_costs_what_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
