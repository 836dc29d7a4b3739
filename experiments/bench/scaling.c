/* One relational attention layer, forward and backward, over the sequence length: the core that computes tile
 * by tile beside the one that keeps every score and relation. */
#include <stdlib.h>

#include "nn/relational_attention.h"
#include "support/naive_attention.h"
#include "util/memory.h"

#include "bench.h"

enum { D_MODEL = 512, HEADS = 8, RELATIONS = 8 };

typedef dat_tensor *relational_core(dat_tape *tape, dat_columns query, dat_columns key, dat_columns query_rel,
                                    dat_columns key_rel, dat_tensor *symbols, dat_tensor *wr,
                                    const dat_relational_args *args);

typedef struct layer_config {
    relational_core *core;
    int64_t length;
    bool causal;
} layer_config;

typedef struct layer_state {
    layer_config config;
    dat_relational_layer layer;
    dat_params params;
    dat_tape tape;
    dat_real *x, *symbols, *cotangent; /* (1, length, D_MODEL) */
} layer_state;

static dat_real *random_values(int64_t count, uint64_t seed)
{
    dat_real *values = dat_allocate((size_t)count, sizeof *values);
    dat_rng rng = dat_rng_seed(seed);
    for (int64_t i = 0; i < count; i++)
        values[i] = (dat_real)(2 * dat_rng_uniform(&rng) - 1);
    return values;
}

static dat_status prepare(const void *config, void **state)
{
    layer_state *s = *state = dat_allocate(1, sizeof *s);
    s->config = *(const layer_config *)config;
    dat_relational_config layer = {.attention = {.d_model = D_MODEL, .n_heads = HEADS},
                                   .n_relations = RELATIONS};
    DAT_TRY(dat_relational_attention_init(&s->layer, &s->params, "", &layer));
    DAT_TRY(dat_tape_init(&s->tape, BENCH_MEMORY_LIMIT));
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&s->params, &rng);
    int64_t count = s->config.length * D_MODEL;
    s->x = random_values(count, 2);
    s->symbols = random_values(count, 3);
    s->cotangent = random_values(count, 4);
    return DAT_OK;
}

/* Forward and backward FLOPs of the naive core, which counts none itself: those that the library's op counts.
 */
static double naive_core_flops(const layer_config *config)
{
    const double n = (double)config->length, head_dim = D_MODEL / HEADS;
    double pairs = HEADS * (config->causal ? n * (n + 1) / 2 : n * n);
    double scores_and_values = 2 * pairs * (2 * head_dim), averages = 2 * pairs * RELATIONS;
    double relations = 2 * n * n * D_MODEL; /* never masked */
    double projected = 2 * n * D_MODEL * RELATIONS;
    return 3 * (scores_and_values + averages + relations + projected);
}

static dat_tensor *forward(layer_state *s)
{
    const dat_relational_config *c = &s->layer.config;
    dat_attention_context context = {.causal = s->config.causal};
    int64_t shape[] = {1, s->config.length, D_MODEL};
    dat_tensor *x = dat_tape_variable(&s->tape, "x", s->x, 3, shape);
    dat_symbols symbols = {.values = dat_tape_variable(&s->tape, "symbols", s->symbols, 3, shape)};
    dat_tensor *const inputs[DAT_RELATIONAL_PROJECTIONS] = {x, x, x, x};
    const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS];
    dat_columns out[DAT_RELATIONAL_PROJECTIONS];
    dat_relational_attention_layers(&s->layer, layers);
    dat_project(&s->tape, DAT_RELATIONAL_PROJECTIONS, inputs, layers, out);
    dat_relational_args args = {.attention = dat_attention_args_of(&c->attention, &context),
                                .n_relations = c->n_relations,
                                .relation_scale = 1 / sqrt((double)c->rel_proj_dim),
                                .relation_activation = c->relation_activation};
    dat_tensor *values = dat_symbol_values(&s->tape, &s->layer.wv, &symbols, &context, &args.attention);
    dat_tensor *heads = s->config.core(&s->tape, out[0], out[1], out[2], out[3], values, s->layer.wr, &args);
    return dat_linear_forward(&s->tape, &s->layer.wo, heads);
}

static bench_work repeat(void *state)
{
    layer_state *s = state;
    dat_params_zero_grads(&s->params);
    dat_tape_begin(&s->tape, 0);
    dat_tape_backward_from(&s->tape, forward(s), s->cotangent);
    DAT_ASSERT(s->tape.status.code == DAT_CODE_OK);
    bool naive = s->config.core == naive_relational_attention_core;
    return (bench_work){.flops = s->tape.flops + (naive ? naive_core_flops(&s->config) : 0)};
}

static void release(void *state)
{
    layer_state *s = state;
    dat_params_free(&s->params);
    dat_tape_free(&s->tape);
    free(s->x);
    free(s->symbols);
    free(s->cotangent);
    free(s);
}

static const bench_kind layer_pass = {prepare, repeat, release};

#define LAYER(...)                                                                                           \
    &layer_pass, &(const layer_config)                                                                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define TILED(n)                                                                                             \
    {"scaling/relational_attention/n" #n "/tiled", LAYER(dat_relational_attention_core, n, false)},          \
    {                                                                                                        \
        "scaling/causal_relational_attention/n" #n "/tiled", LAYER(dat_relational_attention_core, n, true)   \
    }
#define NAIVE(n)                                                                                             \
    {"scaling/relational_attention/n" #n "/naive", LAYER(naive_relational_attention_core, n, false)},        \
    {                                                                                                        \
        "scaling/causal_relational_attention/n" #n "/naive", LAYER(naive_relational_attention_core, n, true) \
    }

const bench_case bench_scaling_cases[] = {
    TILED(128),  NAIVE(128),  TILED(256),  NAIVE(256),  TILED(512),  NAIVE(512),  TILED(1024),
    NAIVE(1024), TILED(2048), NAIVE(2048), TILED(4096), NAIVE(4096), TILED(8192), {0},
};
