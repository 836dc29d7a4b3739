#include "vision_steps.h"

#include <stdlib.h>

#include "models/vision.h"
#include "ops/ops.h"
#include "optim/adam.h"
#include "util/memory.h"

enum { BATCH = 512, MICRO_BATCH = 64, SIDE = 36, CHANNELS = 3 };

typedef struct vision_bench {
    dat_vision_model model;
    dat_params params;
    dat_adam adam;
    dat_tape tape;
    dat_real *images; /* (BATCH, 3, 36, 36) */
    int32_t *labels;
    uint64_t step;
} vision_bench;

static dat_vision_config games_config(int64_t n_heads_sa, int64_t n_heads_ra)
{
    return (dat_vision_config){
        .channels = CHANNELS,
        .image_height = SIDE,
        .image_width = SIDE,
        .patch_height = 12,
        .patch_width = 12,
        .n_classes = 2,
        .n_layers = 2,
        .symbols = {.kind = DAT_POSITIONAL_SYMBOLS},
        .pool = DAT_POOL_MEAN,
        .block = {.dual = n_heads_ra > 0,
                  .attention = {.n_heads_sa = n_heads_sa,
                                .n_heads_ra = n_heads_ra,
                                .self_attention = {.d_model = 128, .n_heads = n_heads_sa},
                                .relational = {.symmetric_relations = true}},
                  .d_model = 128,
                  .dff = 256,
                  .activation = DAT_SWIGLU,
                  .norm_first = true,
                  .dropout = 0.1},
    };
}

static dat_status prepare(const dat_vision_config *config, void **state)
{
    vision_bench *bench = dat_allocate(1, sizeof *bench);
    *state = bench;
    DAT_TRY(dat_vision_init(&bench->model, &bench->params, config));
    DAT_TRY(dat_tape_init(&bench->tape, (size_t)4 << 30));
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&bench->params, &rng);
    dat_adam_init(&bench->adam, &bench->params, &(dat_adam_config){1e-3, 0.9, 0.99, 1e-8});
    int64_t count = (int64_t)BATCH * CHANNELS * SIDE * SIDE;
    bench->images = dat_allocate((size_t)count, sizeof(dat_real));
    bench->labels = dat_allocate(BATCH, sizeof bench->labels[0]);
    for (int64_t i = 0; i < count; i++)
        bench->images[i] = (dat_real)dat_rng_uniform(&rng);
    for (int64_t i = 0; i < BATCH; i++)
        bench->labels[i] = (int32_t)dat_rng_below(&rng, 2);
    return DAT_OK;
}

dat_status bench_games_dat_1_1(void **state)
{
    dat_vision_config config = games_config(1, 1);
    return prepare(&config, state);
}

dat_status bench_games_dat_0_2(void **state)
{
    dat_vision_config config = games_config(0, 2);
    return prepare(&config, state);
}

dat_status bench_games_transformer(void **state)
{
    dat_vision_config config = games_config(2, 0);
    return prepare(&config, state);
}

static dat_tensor *slice_loss(vision_bench *bench, int64_t start)
{
    int64_t shape[] = {MICRO_BATCH, CHANNELS, SIDE, SIDE};
    dat_real *images = bench->images + start * CHANNELS * SIDE * SIDE;
    dat_cross_entropy_args args = {.targets = bench->labels + start, .ignore_index = -1};
    dat_tape_begin(&bench->tape, bench->step * BATCH + (uint64_t)start);
    dat_tensor *input = dat_tape_input(&bench->tape, "images", images, 4, shape);
    return dat_cross_entropy(&bench->tape, dat_vision_forward(&bench->tape, &bench->model, input), &args);
}

double bench_vision_step(void *state)
{
    vision_bench *bench = state;
    double flops = 0;
    bench->tape.training = bench->tape.recording = true;
    dat_params_zero_grads(&bench->params);
    for (int64_t start = 0; start < BATCH; start += MICRO_BATCH) {
        dat_tensor *loss = slice_loss(bench, start);
        dat_tape_backward(&bench->tape, loss, (dat_real)MICRO_BATCH / BATCH);
        flops += bench->tape.flops;
    }
    DAT_ASSERT(bench->tape.status.code == DAT_CODE_OK);
    dat_adam_step(&bench->adam, &bench->params, 1e-3);
    bench->step++;
    return flops;
}

double bench_vision_evaluate(void *state)
{
    vision_bench *bench = state;
    double flops = 0;
    bench->tape.training = bench->tape.recording = false;
    for (int64_t start = 0; start < BATCH; start += MICRO_BATCH) {
        slice_loss(bench, start);
        flops += bench->tape.flops;
    }
    DAT_ASSERT(bench->tape.status.code == DAT_CODE_OK);
    return flops;
}

void bench_vision_release(void *state)
{
    vision_bench *bench = state;
    dat_adam_free(&bench->adam);
    dat_vision_free(&bench->model);
    dat_params_free(&bench->params);
    dat_tape_free(&bench->tape);
    free(bench->images);
    free(bench->labels);
    free(bench);
}
