/* Encoder-decoder models: mathematics. Training steps, and answers to a batch of questions. */
#include <stdlib.h>

#include "data/math.h"
#include "math/model.h"
#include "models/seq2seq_greedy.h"
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

/* --- without padding --- */

/* Problems of all levels, ordered and sliced by length. */
typedef struct trimmed_state {
    dat_seq2seq_model model;
    dat_math_dataset *problems;
    dat_dataset data;
    dat_batch batch;
    dat_batch blank; /* two problems, which are of full length */
} trimmed_state;

static dat_tensor *slice_loss(const trimmed_state *s, dat_tape *tape, const dat_batch *slice)
{
    dat_tally tally = {0};
    return dat_batch_loss(tape, math_model_forward, &s->model, slice, &tally);
}

static int64_t trimmed_slice_count(const void *model, int64_t first, int64_t micro_batch)
{
    const trimmed_state *s = model;
    return dat_batch_slice(&s->batch, first, micro_batch).count;
}

static dat_tensor *trimmed_loss(const void *model, dat_tape *tape, int64_t first, int64_t count)
{
    const trimmed_state *s = model;
    dat_batch batch = s->batch;
    batch.lengths = NULL; /* to be sliced by count */
    dat_batch slice = dat_batch_slice(&batch, first, count);
    return slice_loss(s, tape, &slice);
}

static dat_tensor *full_loss(const void *model, dat_tape *tape, int64_t count)
{
    const trimmed_state *s = model;
    dat_batch slice = s->blank;
    slice.count = count;
    return slice_loss(s, tape, &slice);
}

static void free_trimmed(void *model)
{
    trimmed_state *s = model;
    dat_batch_free(&s->batch);
    dat_batch_free(&s->blank);
    dat_math_free(s->problems);
    dat_seq2seq_free(&s->model);
    free(s);
}

static dat_status build_trimmed(const void *model_config, int64_t batch, bench_problem *problem)
{
    static const dat_math_level levels[] = {DAT_MATH_EASY, DAT_MATH_MEDIUM, DAT_MATH_HARD};
    int64_t indices[BATCH];
    trimmed_state *s = dat_allocate(1, sizeof *s);
    problem->model = s;
    problem->loss = trimmed_loss;
    problem->full_loss = full_loss;
    problem->slice_count = trimmed_slice_count;
    problem->free_model = free_trimmed;
    s->problems = dat_math_generate(DAT_MATH_ADD, levels, sizeof levels / sizeof levels[0], 2, batch);
    s->data = dat_math_as_dataset(s->problems);
    s->data.length = dat_math_example_length;
    for (int64_t i = 0; i < BATCH; i++)
        indices[i] = i;
    dat_batch_init(&s->batch, &s->data, batch);
    dat_batch_read(&s->batch, 0, indices, batch);
    dat_batch_init(&s->blank, &s->data, 2);
    return dat_seq2seq_init(&s->model, &problem->params, model_config);
}

/* --- answers --- */

typedef dat_status greedy(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence *source,
                          int32_t start, int32_t end, int64_t max_length, int32_t *out);

typedef struct answer_config {
    const dat_seq2seq_config *model;
    greedy *decode;
} answer_config;

typedef struct answer_state {
    dat_params params;
    dat_seq2seq_model model;
    dat_tape tape;
    greedy *decode;
    int32_t *source, *answers; /* (BATCH, SOURCE) and (BATCH, TARGET) */
} answer_state;

enum { START = 1, END = 2 };

/* A model whose answers never end. */
static dat_status answer_prepare(const void *config, void **state)
{
    const answer_config *c = config;
    answer_state *s = *state = dat_allocate(1, sizeof *s);
    s->decode = c->decode;
    DAT_TRY(dat_seq2seq_init(&s->model, &s->params, c->model));
    DAT_TRY(dat_tape_init(&s->tape, BENCH_MEMORY_LIMIT));
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&s->params, &rng);
    s->model.head.bias->data[END] = -1000;
    s->source = bench_random_labels(BATCH * SOURCE, VOCABULARY, 2);
    s->answers = dat_allocate(BATCH * TARGET, sizeof *s->answers);
    return DAT_OK;
}

static bench_work answer_repeat(void *state)
{
    answer_state *s = state;
    dat_sequence source = {.tokens = {s->source, BATCH, SOURCE}};
    dat_status status = s->decode(&s->tape, &s->model, &source, START, END, TARGET, s->answers);
    DAT_ASSERT(status.code == DAT_CODE_OK);
    return (bench_work){0};
}

static void answer_release(void *state)
{
    answer_state *s = state;
    dat_tape_free(&s->tape);
    dat_seq2seq_free(&s->model);
    dat_params_free(&s->params);
    free(s->source);
    free(s->answers);
    free(s);
}

static const bench_kind answer = {answer_prepare, answer_repeat, answer_release};

/* --- cases --- */

#define BLOCK(heads_sa, heads_ra)                                                                            \
    {                                                                                                        \
        .dual = (heads_ra) > 0,                                                                              \
        .attention = {.n_heads_sa = heads_sa,                                                                \
                      .n_heads_ra = heads_ra,                                                                \
                      .self_attention = {.d_model = D_MODEL, .n_heads = heads_sa}},                          \
        .d_model = D_MODEL, .dff = DFF, .activation = DAT_RELU, .bias = true, .dropout = 0.1                 \
    }

/* Two layers in each stack. */
#define MODEL(heads_sa, heads_ra)                                                                            \
    &(const dat_seq2seq_config)                                                                              \
    {                                                                                                        \
        .source = {.vocab_size = VOCABULARY}, .target = {.vocab_size = VOCABULARY}, .max_source = SOURCE,    \
        .max_target = TARGET, .n_outputs = VOCABULARY, .n_layers_enc = 2, .n_layers_dec = 2,                 \
        .encoder = BLOCK(heads_sa, heads_ra),                                                                \
        .decoder = {.block = BLOCK(heads_sa, heads_ra), .cross = {.n_heads = HEADS}},                        \
        .causal_decoder = true, .positions = DAT_SEQ2SEQ_SINUSOIDAL,                                         \
        .symbols = {.kind = DAT_POSITION_RELATIVE, .max_rel_pos = SOURCE},                                   \
    }

#define MATH(made_by, heads_sa, heads_ra)                                                                    \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = made_by, .batch = BATCH, .optimizer = {.adam = {1e-4, 0.9, 0.995, 1e-9}},                   \
        .model_config = MODEL(heads_sa, heads_ra),                                                           \
    }

#define ANSWER(decode_greedily, heads_sa, heads_ra)                                                          \
    &(const answer_config)                                                                                   \
    {                                                                                                        \
        .model = MODEL(heads_sa, heads_ra), .decode = decode_greedily                                        \
    }

const bench_case bench_seq2seq_cases[] = {
    {"step/math/dat_2l", &bench_step, MATH(build, 4, 4)},
    {"step/math/dat_2l_trimmed", &bench_step, MATH(build_trimmed, 4, 4)},
    {"step/math/transformer_2l", &bench_step, MATH(build, HEADS, 0)},
    {"step/math/transformer_2l_trimmed", &bench_step, MATH(build_trimmed, HEADS, 0)},
    {"generate/math/dat_2l/cached", &answer, ANSWER(dat_seq2seq_greedy, 4, 4)},
    {"generate/math/dat_2l/uncached", &answer, ANSWER(dat_seq2seq_greedy_uncached, 4, 4)},
    {0},
};
