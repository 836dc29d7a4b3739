/* Language models. */
#include <stdlib.h>

#include "models/language.h"
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

/* Heads of 64, symbols by four heads of symbolic attention over a frozen library; AdamW with clipping. */
#define LANGUAGE(sequences, vocabulary, length, layers, d, heads_sa, heads_ra)                               \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = build, .batch = sequences,                                                                  \
        .optimizer = {.adam = {6e-4, 0.9, 0.95, 1e-8},                                                       \
                      .weight_decay = 0.1,                                                                   \
                      .decoupled = true,                                                                     \
                      .max_grad_norm = 1},                                                                   \
        .model_config = &(const dat_language_config)                                                         \
        {                                                                                                    \
            .vocab_size = vocabulary, .max_length = length, .n_layers = layers,                              \
            .positions = DAT_LANGUAGE_ROPE,                                                                  \
            .symbols = {.kind = DAT_SYMBOLIC_ATTENTION,                                                      \
                        .n_heads = 4,                                                                        \
                        .n_symbols = 1024,                                                                   \
                        .fixed_symbols = true},                                                              \
            .block = {.dual = (heads_ra) > 0,                                                                \
                      .attention = {.n_heads_sa = heads_sa,                                                  \
                                    .n_heads_ra = heads_ra,                                                  \
                                    .self_attention = {.d_model = d, .n_heads = heads_sa}},                  \
                      .d_model = d,                                                                          \
                      .activation = DAT_GELU,                                                                \
                      .norm_first = true},                                                                   \
        }                                                                                                    \
    }

const bench_case bench_language_cases[] = {
    {"step/language/dat_d384_l6", &bench_step, LANGUAGE(8, 256, 256, 6, 384, 3, 3)},
    {"step/language/transformer_d384_l6", &bench_step, LANGUAGE(8, 256, 256, 6, 384, 6, 0)},
    {"step/language/dat_d768_l12", &bench_step, LANGUAGE(1, 50304, 1024, 12, 768, 6, 6)},
    {"step/language/transformer_d768_l12", &bench_step, LANGUAGE(1, 50304, 1024, 12, 768, 12, 0)},
    {0},
};
