/* Encoder-decoder models: mathematics. */
#include <stdlib.h>

#include "models/seq2seq.h"
#include "step.h"
#include "util/memory.h"

enum { BATCH = 128, SOURCE = 161, TARGET = 31, VOCABULARY = 85, D_MODEL = 128, DFF = 256, HEADS = 8 };

typedef struct seq2seq_state {
    dat_seq2seq_model model;
    int32_t *source;           /* (batch, SOURCE) */
    int32_t *target, *answers; /* (batch, TARGET) */
} seq2seq_state;

static dat_tensor *loss(const void *model, dat_tape *tape, int64_t first, int64_t count)
{
    const seq2seq_state *s = model;
    dat_sequence source = {.tokens = {s->source + first * SOURCE, count, SOURCE}};
    dat_sequence target = {.tokens = {s->target + first * TARGET, count, TARGET}};
    dat_cross_entropy_args args = {.targets = s->answers + first * TARGET, .ignore_index = -1};
    dat_memory memory = dat_seq2seq_encode(tape, &s->model, &source);
    return dat_cross_entropy(tape, dat_seq2seq_decode(tape, &s->model, memory, &target, false), &args);
}

static void free_model(void *model)
{
    seq2seq_state *s = model;
    dat_seq2seq_free(&s->model);
    free(s->source);
    free(s->target);
    free(s->answers);
    free(s);
}

static dat_status build(const void *model_config, int64_t batch, bench_problem *problem)
{
    seq2seq_state *s = dat_allocate(1, sizeof *s);
    problem->model = s;
    problem->loss = loss;
    problem->free_model = free_model;
    s->source = bench_random_labels(batch * SOURCE, VOCABULARY, 2);
    s->target = bench_random_labels(batch * TARGET, VOCABULARY, 3);
    s->answers = bench_random_labels(batch * TARGET, VOCABULARY, 4);
    return dat_seq2seq_init(&s->model, &problem->params, model_config);
}

#define BLOCK(heads_sa, heads_ra)                                                                            \
    {                                                                                                        \
        .dual = (heads_ra) > 0,                                                                              \
        .attention = {.n_heads_sa = heads_sa,                                                                \
                      .n_heads_ra = heads_ra,                                                                \
                      .self_attention = {.d_model = D_MODEL, .n_heads = heads_sa}},                          \
        .d_model = D_MODEL, .dff = DFF, .activation = DAT_RELU, .bias = true, .dropout = 0.1                 \
    }

/* Two layers in each stack. */
#define MATH(heads_sa, heads_ra)                                                                             \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = build, .batch = BATCH, .optimizer = {.adam = {1e-4, 0.9, 0.995, 1e-9}},                     \
        .model_config = &(const dat_seq2seq_config)                                                          \
        {                                                                                                    \
            .source = {.vocab_size = VOCABULARY}, .target = {.vocab_size = VOCABULARY},                      \
            .max_source = SOURCE, .max_target = TARGET, .n_outputs = VOCABULARY, .n_layers_enc = 2,          \
            .n_layers_dec = 2, .encoder = BLOCK(heads_sa, heads_ra),                                         \
            .decoder = {.block = BLOCK(heads_sa, heads_ra), .cross = {.n_heads = HEADS}},                    \
            .causal_decoder = true, .positions = DAT_SEQ2SEQ_SINUSOIDAL,                                     \
            .symbols = {.kind = DAT_POSITION_RELATIVE, .max_rel_pos = SOURCE},                               \
        }                                                                                                    \
    }

const bench_case bench_seq2seq_cases[] = {
    {"step/math/dat_2l", &bench_step, MATH(4, 4)},
    {"step/math/transformer_2l", &bench_step, MATH(HEADS, 0)},
    {0},
};
