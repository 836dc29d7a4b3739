/* Language models: training steps, and the time of a token behind a full context. */
#include <stdlib.h>

#include "models/language_generate.h"
#include "step.h"
#include "util/memory.h"

typedef struct language_state {
    dat_language_model model;
    int32_t *tokens, *targets; /* (batch, max_length) */
} language_state;

static dat_tensor *loss(const void *model, dat_tape *tape, int64_t first, int64_t count)
{
    const language_state *s = model;
    int64_t length = s->model.config.max_length;
    dat_cross_entropy_args args = {.targets = s->targets + first * length, .ignore_index = -1};
    dat_tokens tokens = {s->tokens + first * length, count, length};
    return dat_cross_entropy(tape, dat_language_forward(tape, &s->model, tokens), &args);
}

static void free_model(void *model)
{
    language_state *s = model;
    dat_language_free(&s->model);
    free(s->tokens);
    free(s->targets);
    free(s);
}

static dat_status build(const void *model_config, int64_t batch, bench_problem *problem)
{
    const dat_language_config *c = model_config;
    language_state *s = dat_allocate(1, sizeof *s);
    problem->model = s;
    problem->loss = loss;
    problem->free_model = free_model;
    s->tokens = bench_random_labels(batch * c->max_length, c->vocab_size, 2);
    s->targets = bench_random_labels(batch * c->max_length, c->vocab_size, 3);
    return dat_language_init(&s->model, &problem->params, c);
}

typedef struct generate_config {
    const dat_language_config *model;
    bool cached;
} generate_config;

typedef struct generate_state {
    dat_params params;
    dat_language_model model;
    dat_generator generator;
} generate_state;

/* Begins with a whole context, which the first repeat reads. */
static dat_status generate_prepare(const void *config, void **state)
{
    const generate_config *c = config;
    generate_state *s = *state = dat_allocate(1, sizeof *s);
    DAT_TRY(dat_language_init(&s->model, &s->params, c->model));
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&s->params, &rng);
    DAT_TRY(dat_generator_init(&s->generator, &s->model, BENCH_MEMORY_LIMIT));
    s->generator.cached = c->cached;
    int32_t *text = bench_random_labels(c->model->max_length, c->model->vocab_size, 2);
    dat_status status = dat_generator_append(&s->generator, text, c->model->max_length);
    free(text);
    return status;
}

/* The logits behind the context's last token. With a cache that is memory-bound: all weights and all that is
 * kept are read once. */
static bench_work generate_repeat(void *state)
{
    generate_state *s = state;
    const dat_real *logits;
    DAT_ASSERT(dat_generator_logits(&s->generator, &logits).code == DAT_CODE_OK);
    if (!s->generator.cached)
        return (bench_work){.flops = s->generator.tape.flops};
    size_t weights = (size_t)s->params.size * sizeof(dat_real);
    return (bench_work){.bytes = (double)(weights + s->generator.cache.arena.used)};
}

static void generate_release(void *state)
{
    generate_state *s = state;
    dat_generator_free(&s->generator);
    dat_language_free(&s->model);
    dat_params_free(&s->params);
    free(s);
}

static const bench_kind generate = {generate_prepare, generate_repeat, generate_release};

/* Heads of 64, symbols by four heads of symbolic attention over a frozen library. */
#define MODEL(vocabulary, length, layers, d, heads_sa, heads_ra)                                             \
    &(const dat_language_config)                                                                             \
    {                                                                                                        \
        .vocab_size = vocabulary, .max_length = length, .n_layers = layers, .positions = DAT_LANGUAGE_ROPE,  \
        .symbols = {.kind = DAT_SYMBOLIC_ATTENTION, .n_heads = 4, .n_symbols = 1024, .fixed_symbols = true}, \
        .block = {.dual = (heads_ra) > 0,                                                                    \
                  .attention = {.n_heads_sa = heads_sa,                                                      \
                                .n_heads_ra = heads_ra,                                                      \
                                .self_attention = {.d_model = d, .n_heads = heads_sa}},                      \
                  .d_model = d,                                                                              \
                  .activation = DAT_GELU,                                                                    \
                  .norm_first = true},                                                                       \
    }

/* AdamW with clipping. */
#define LANGUAGE(sequences, ...)                                                                             \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = build, .batch = sequences,                                                                  \
        .optimizer = {.adam = {6e-4, 0.9, 0.95, 1e-8},                                                       \
                      .weight_decay = 0.1,                                                                   \
                      .decoupled = true,                                                                     \
                      .max_grad_norm = 1},                                                                   \
        .model_config = MODEL(__VA_ARGS__),                                                                  \
    }

#define GENERATE(use_cache, ...)                                                                             \
    &(const generate_config)                                                                                 \
    {                                                                                                        \
        .model = MODEL(__VA_ARGS__), .cached = use_cache                                                     \
    }

const bench_case bench_language_cases[] = {
    {"step/language/dat_d384_l6", &bench_step, LANGUAGE(8, 256, 256, 6, 384, 3, 3)},
    {"step/language/transformer_d384_l6", &bench_step, LANGUAGE(8, 256, 256, 6, 384, 6, 0)},
    {"step/language/dat_d768_l12", &bench_step, LANGUAGE(1, 50304, 1024, 12, 768, 6, 6)},
    {"step/language/transformer_d768_l12", &bench_step, LANGUAGE(1, 50304, 1024, 12, 768, 12, 0)},
    {"generate/language/dat_d768_l12/cached", &generate, GENERATE(true, 50304, 1024, 12, 768, 6, 6)},
    {"generate/language/dat_d768_l12/uncached", &generate, GENERATE(false, 50304, 1024, 12, 768, 6, 6)},
    {0},
};
