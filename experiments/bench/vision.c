/* Vision models: relational games and image classification. */
#include <stdlib.h>

#include "images.h"
#include "step.h"
#include "util/memory.h"

typedef struct vision_state {
    dat_vision_model model;
    dat_real *images; /* (batch, channels, height, width) */
    int32_t *labels;  /* (batch) */
} vision_state;

static dat_tensor *loss(const void *model, dat_tape *tape, int64_t first, int64_t count)
{
    const vision_state *s = model;
    const dat_vision_config *c = &s->model.config;
    int64_t shape[] = {count, c->channels, c->image_height, c->image_width};
    dat_real *images = s->images + first * shape[1] * shape[2] * shape[3];
    dat_cross_entropy_args args = {.targets = s->labels + first, .ignore_index = -1};
    dat_tensor *input = dat_tape_input(tape, "images", images, 4, shape);
    return dat_cross_entropy(tape, dat_vision_forward(tape, &s->model, input), &args);
}

static void free_model(void *model)
{
    vision_state *s = model;
    dat_vision_free(&s->model);
    free(s->images);
    free(s->labels);
    free(s);
}

static dat_status build(const void *model_config, int64_t batch, bench_problem *problem)
{
    const dat_vision_config *c = model_config;
    vision_state *s = dat_allocate(1, sizeof *s);
    problem->model = s;
    problem->loss = loss;
    problem->free_model = free_model;
    int64_t values = batch * c->channels * c->image_height * c->image_width;
    dat_rng rng = dat_rng_seed(2);
    s->images = dat_allocate((size_t)values, sizeof *s->images);
    for (int64_t i = 0; i < values; i++)
        s->images[i] = (dat_real)dat_rng_uniform(&rng);
    s->labels = bench_random_labels(batch, c->n_classes, 3);
    return dat_vision_init(&s->model, &problem->params, c);
}

/* Section 4.1 of the paper; DAT(s,r) has s self-attention and r relational heads. */
#define GAMES(heads_sa, heads_ra)                                                                            \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = build, .batch = 512, .optimizer = {.adam = {1e-3, 0.9, 0.99, 1e-8}},                        \
        .model_config = &(const dat_vision_config)                                                           \
        {                                                                                                    \
            .channels = 3, .image_height = 36, .image_width = 36, .patch_height = 12, .patch_width = 12,     \
            .n_classes = 2, .n_layers = 2, .symbols = {.kind = DAT_POSITIONAL_SYMBOLS},                      \
            .pool = DAT_POOL_MEAN,                                                                           \
            .block = {.dual = (heads_ra) > 0,                                                                \
                      .attention = {.n_heads_sa = heads_sa,                                                  \
                                    .n_heads_ra = heads_ra,                                                  \
                                    .self_attention = {.d_model = 128, .n_heads = heads_sa},                 \
                                    .relational = {.symmetric_relations = true}},                            \
                      .d_model = 128,                                                                        \
                      .dff = 256,                                                                            \
                      .activation = DAT_SWIGLU,                                                              \
                      .norm_first = true,                                                                    \
                      .dropout = 0.1},                                                                       \
        }                                                                                                    \
    }

#define IMAGES(heads_sa, heads_ra)                                                                           \
    &(const bench_step_config)                                                                               \
    {                                                                                                        \
        .build = build, .batch = BENCH_IMAGES_BATCH, .optimizer = {.adam = DAT_ADAM_DEFAULTS},               \
        .model_config = BENCH_IMAGES_MODEL(heads_sa, heads_ra)                                               \
    }

const bench_case bench_vision_cases[] = {
    {"step/relational_games/dat_1_1", &bench_step, GAMES(1, 1)},
    {"step/relational_games/dat_0_2", &bench_step, GAMES(0, 2)},
    {"step/relational_games/transformer", &bench_step, GAMES(2, 0)},
    {"eval/relational_games/dat_1_1", &bench_evaluation, GAMES(1, 1)},
    {"step/image_classification/vidat", &bench_step, IMAGES(6, 6)},
    {"step/image_classification/vit", &bench_step, IMAGES(12, 0)},
    {"eval/image_classification/vidat", &bench_evaluation, IMAGES(6, 6)},
    {"eval/image_classification/vit", &bench_evaluation, IMAGES(12, 0)},
    {0},
};
