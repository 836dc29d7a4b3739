/* The ops over shapes that the four experiments give them: relational games (64 images of 10 tokens, d =
 * 128), image classification (8 images of 65 tokens, d = 384), mathematics (8 questions of 161 characters, d
 * = 128) and language (1024 tokens, d = 768). */
#include "op.h"
#include "ops/ops.h"

/* --- calls: what op.h wants of every op --- */

static dat_tensor *linear(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_linear(t, in[0], in[1], in[2]);
}

static dat_tensor *linear_group(dat_tape *t, dat_tensor *const *in, const void *args)
{
    dat_tensor *const no_biases[DAT_MAX_GROUP] = {0};
    return dat_linear_group(t, in[0], *(const int *)args, in + 1, no_biases);
}

static dat_tensor *norm_linear(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_norm_linear(t, in[0], in[1], in[2], in[3], in[4]);
}

static dat_tensor *layer_norm(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_layer_norm(t, in[0], in[1], in[2]);
}

static dat_tensor *rms_norm(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_rms_norm(t, in[0], in[1]);
}

static dat_tensor *add(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_add(t, in[0], in[1]);
}

static dat_tensor *activation(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_activation_apply(t, in[0], *(const dat_activation *)args);
}

static dat_tensor *swiglu(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_swiglu(t, dat_all_columns(in[0]), dat_all_columns(in[1]));
}

static dat_tensor *softmax(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_softmax(t, in[0]);
}

static dat_tensor *dropout(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_dropout(t, in[0], 0.1);
}

static dat_tensor *add_dropout(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_add_dropout(t, in[0], in[1], 0.1);
}

static dat_tensor *prepend_token(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_prepend_token(t, in[0], in[1], in[2]);
}

static dat_tensor *first_rows(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_first_rows(t, in[0], in[0]->shape[0]);
}

static dat_tensor *concat(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_concat(t, in[0], in[1]);
}

static dat_tensor *mean_tokens(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_mean_tokens(t, in[0]);
}

static dat_tensor *select_token(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_select_token(t, in[0], 0);
}

static dat_tensor *reshape(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_reshape(t, in[0], 1, (int64_t[]){dat_count(in[0]) / in[0]->shape[0]});
}

static dat_tensor *patchify(dat_tape *t, dat_tensor *const *in, const void *args)
{
    int64_t side = *(const int *)args;
    return dat_patchify(t, in[0], side, side);
}

static dat_tensor *rope(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_rope(t, dat_all_columns(in[0]), in[1], in[2], *(const int *)args);
}

static dat_tensor *attention(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_attention(t, dat_all_columns(in[0]), dat_all_columns(in[1]), dat_all_columns(in[2]), args);
}

static dat_tensor *relational_attention(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_relational_attention_core(t, dat_all_columns(in[0]), dat_all_columns(in[1]),
                                         dat_all_columns(in[2]), dat_all_columns(in[3]), in[4], in[5], args);
}

static dat_tensor *disrca(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_disrca_core(t, dat_all_columns(in[0]), dat_all_columns(in[1]), dat_all_columns(in[2]),
                           dat_all_columns(in[3]), in[4], args);
}

static dat_tensor *neighbour_relations(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_neighbour_relations(t, dat_all_columns(in[0]), dat_all_columns(in[1]), args);
}

static dat_tensor *inner_products(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_inner_products(t, in[0], in[1]);
}

static dat_tensor *pair_rows(dat_tape *t, dat_tensor *const *in, const void *args)
{
    int64_t length = *(const int *)args;
    return dat_pair_rows(t, in[0], length, length);
}

/* Token ids or classes that visit all rows in a scattered order. */
static int32_t *scattered_ids(dat_tape *t, int64_t count, int64_t bound)
{
    const int64_t stride = 7919; /* a prime */
    int32_t *ids = dat_tape_take(t, (size_t)count * sizeof *ids);
    for (int64_t i = 0; ids && i < count; i++)
        ids[i] = (int32_t)(i * stride % bound);
    return ids;
}

static dat_tensor *embedding(dat_tape *t, dat_tensor *const *in, const void *args)
{
    const dat_tokens *tokens = args;
    int32_t *ids = scattered_ids(t, tokens->batch * tokens->length, in[0]->shape[0]);
    return dat_embedding(t, in[0], (dat_tokens){ids, tokens->batch, tokens->length});
}

static dat_tensor *add_positions(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_add_positions(t, in[0], in[1], 1);
}

static dat_tensor *cross_entropy(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    int32_t *targets = scattered_ids(t, dat_rows(in[0]), dat_width(in[0]));
    return dat_cross_entropy(t, in[0], &(dat_cross_entropy_args){.targets = targets, .ignore_index = -1});
}

/* --- the table --- */

#define RANK(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define IN(...)                                                                                              \
    {                                                                                                        \
        .rank = RANK(__VA_ARGS__), .shape = { __VA_ARGS__ }                                                  \
    }
#define CONSTANT(...)                                                                                        \
    {                                                                                                        \
        .rank = RANK(__VA_ARGS__), .shape = {__VA_ARGS__}, .constant = true                                  \
    }
#define KERNEL(kind, function, arguments, ...)                                                               \
    &kind, &(const bench_op_config)                                                                          \
    {                                                                                                        \
        .call = function, .args = arguments, .in = __VA_ARGS__                                               \
    }
#define OP(name, ...)                                                                                        \
    {"op/" name "/forward", KERNEL(bench_op_forward, __VA_ARGS__)},                                          \
    {                                                                                                        \
        "op/" name "/backward", KERNEL(bench_op_backward, __VA_ARGS__)                                       \
    }

/* Arguments, in parentheses because OP passes them on. */
#define INTEGER(value)      (&(const int){value})
#define ACTIVATION(kind)    (&(const dat_activation){kind})
#define TOKENS(rows, width) (&(const dat_tokens){.batch = rows, .length = width})
#define NEIGHBOURS(...)     (&(const dat_neighbour_args){__VA_ARGS__})
#define ATTENTION(...)      (&(const dat_attention_args){__VA_ARGS__})
#define DISRCA(...)         (&(const dat_disrca_args){__VA_ARGS__})
#define HEADS(count, width) .n_heads = count, .n_kv_heads = count, .scale = 8.0 / (width)
/* As many relations as heads, of their width. */
#define RELATIONAL(count, width, ...)                                                                        \
    (&(const dat_relational_args){.attention = {HEADS(count, width), __VA_ARGS__},                           \
                                  .n_relations = count,                                                      \
                                  .relation_scale = 8.0 / (width)})
#define BY_DISTANCE(farthest) .layout = DAT_SYMBOLS_BY_DISTANCE, .max_distance = farthest

/* A case is one to three lines. */
/* clang-format off */
const bench_case bench_op_cases[] = {
    /* rows x inputs x outputs */
    OP("linear/640x128x128", linear, NULL, {IN(640, 128), IN(128, 128)}),
    OP("linear/640x128x512", linear, NULL, {IN(640, 128), IN(512, 128)}),
    OP("linear/520x384x384", linear, NULL, {IN(520, 384), IN(384, 384), IN(384)}),
    OP("linear/1288x128x256", linear, NULL, {IN(1288, 128), IN(256, 128), IN(256)}),
    OP("linear/1288x256x128", linear, NULL, {IN(1288, 256), IN(128, 256), IN(128)}),
    OP("linear/1024x768x3072", linear, NULL, {IN(1024, 768), IN(3072, 768)}),
    OP("linear/1024x3072x768", linear, NULL, {IN(1024, 3072), IN(768, 3072)}),
    OP("linear/1024x768x50304", linear, NULL, {IN(1024, 768), IN(50304, 768)}),
    OP("linear_group/640x128x2x256", linear_group, INTEGER(2), {IN(640, 128), IN(256, 128), IN(256, 128)}),
    OP("linear_group/520x384x3x384", linear_group, INTEGER(3),
       {IN(520, 384), IN(384, 384), IN(384, 384), IN(384, 384)}),
    OP("norm_linear/576x432x128", norm_linear, NULL,
       {CONSTANT(576, 432), IN(432), IN(432), IN(128, 432), IN(128)}),

    OP("layer_norm/640x128", layer_norm, NULL, {IN(640, 128), IN(128), IN(128)}),
    OP("layer_norm/520x384", layer_norm, NULL, {IN(520, 384), IN(384), IN(384)}),
    OP("layer_norm/1288x128", layer_norm, NULL, {IN(1288, 128), IN(128), IN(128)}),
    OP("layer_norm/1024x768", layer_norm, NULL, {IN(1024, 768), IN(768), IN(768)}),
    OP("rms_norm/1024x768", rms_norm, NULL, {IN(1024, 768), IN(768)}),
    OP("add/1024x768", add, NULL, {IN(1024, 768), IN(1024, 768)}, .linear = true),
    OP("activation/relu_1288x256", activation, ACTIVATION(DAT_RELU), {IN(1288, 256)}),
    OP("activation/gelu_520x384", activation, ACTIVATION(DAT_GELU), {IN(520, 384)}),
    OP("activation/gelu_1024x3072", activation, ACTIVATION(DAT_GELU), {IN(1024, 3072)}),
    OP("swiglu/640x256", swiglu, NULL, {IN(640, 256), IN(640, 256)}),
    OP("softmax/1024x1024", softmax, NULL, {IN(1024, 1024)}),
    OP("dropout/640x128", dropout, NULL, {IN(640, 128)}, .linear = true),
    OP("add_dropout/640x128", add_dropout, NULL, {IN(640, 128), IN(640, 128)}, .linear = true),
    OP("add_dropout/1288x128", add_dropout, NULL, {IN(1288, 128), IN(1288, 128)}, .linear = true),

    OP("prepend_token/64x9x128", prepend_token, NULL, {IN(64, 9, 128), IN(128), IN(1, 10, 128)}, .linear = true),
    OP("prepend_token/8x64x384", prepend_token, NULL, {IN(8, 64, 384), IN(384), IN(1, 65, 384)}, .linear = true),
    OP("first_rows/65x384", first_rows, NULL, {IN(65, 384)}, .linear = true),
    OP("concat/640x64+64", concat, NULL, {IN(640, 64), IN(640, 64)}, .linear = true),
    OP("mean_tokens/64x10x128", mean_tokens, NULL, {IN(64, 10, 128)}, .linear = true),
    OP("mean_tokens/8x65x384", mean_tokens, NULL, {IN(8, 65, 384)}, .linear = true),
    OP("select_token/8x65x384", select_token, NULL, {IN(8, 65, 384)}, .linear = true),
    OP("reshape/64x9x128", reshape, NULL, {IN(64, 9, 128)}, .linear = true),
    OP("patchify/64x3x36x36", patchify, INTEGER(12), {IN(64, 3, 36, 36)}, .linear = true),
    OP("patchify/8x3x32x32", patchify, INTEGER(4), {IN(8, 3, 32, 32)}, .linear = true),
    OP("rope/1x1024x12x64", rope, INTEGER(12), {IN(1, 1024, 768), CONSTANT(1024, 32), CONSTANT(1024, 32)},
       .linear = true),

    /* batch x length (x keys) x heads x width */
    OP("attention/64x10x2x64", attention, ATTENTION(HEADS(2, 64)),
       {IN(64, 10, 128), IN(64, 10, 128), IN(64, 10, 128)}),
    OP("attention/8x65x12x32", attention, ATTENTION(HEADS(12, 32)),
       {IN(8, 65, 384), IN(8, 65, 384), IN(8, 65, 384)}),
    OP("attention/8x161x8x16", attention, ATTENTION(HEADS(8, 16)),
       {IN(8, 161, 128), IN(8, 161, 128), IN(8, 161, 128)}),
    OP("attention/8x31x161x8x16", attention, ATTENTION(HEADS(8, 16)),
       {IN(8, 31, 128), IN(8, 161, 128), IN(8, 161, 128)}),
    OP("attention/causal_1x1024x12x64", attention, ATTENTION(HEADS(12, 64), .causal = true),
       {IN(1, 1024, 768), IN(1, 1024, 768), IN(1, 1024, 768)}),
    OP("relational_attention/64x10x1x64", relational_attention, RELATIONAL(1, 64, .layout = DAT_SYMBOLS_BY_SENDER),
       {IN(64, 10, 64), IN(64, 10, 64), IN(64, 10, 64), IN(64, 10, 64), IN(1, 10, 64), IN(1, 64, 1)}),
    OP("relational_attention/8x65x6x32", relational_attention, RELATIONAL(6, 32, BY_DISTANCE(65)),
       {IN(8, 65, 192), IN(8, 65, 192), IN(8, 65, 192), IN(8, 65, 192), IN(131, 192), IN(6, 32, 6)}),
    OP("relational_attention/8x161x4x16", relational_attention, RELATIONAL(4, 16, BY_DISTANCE(161)),
       {IN(8, 161, 64), IN(8, 161, 64), IN(8, 161, 64), IN(8, 161, 64), IN(323, 64), IN(4, 16, 4)}),
    OP("relational_attention/causal_1x1024x6x64", relational_attention, RELATIONAL(6, 64, .causal = true),
       {IN(1, 1024, 384), IN(1, 1024, 384), IN(1, 1024, 384), IN(1, 1024, 384), IN(1, 1024, 384), IN(6, 64, 6)}),
    OP("disrca/8x65x6x32", disrca,
       DISRCA(.attention = {HEADS(6, 32), BY_DISTANCE(65)}, .relation_scale = 0.25),
       {IN(8, 65, 192), IN(8, 65, 192), IN(8, 65, 192), IN(8, 65, 192), IN(131, 192)}),
    OP("neighbour_relations/8x161x4x32", neighbour_relations,
       NEIGHBOURS(.n_heads = 4, .distance = 2, .softmax = true, .scale = 0.25),
       {IN(8, 161, 128), IN(8, 161, 128)}),
    OP("inner_products/64x9x128", inner_products, NULL, {IN(64, 9, 128), IN(64, 9, 128)}),
    OP("pair_rows/65x65x192", pair_rows, INTEGER(65), {IN(131, 192)}, .linear = true),

    OP("embedding/8x161_of_85x128", embedding, TOKENS(8, 161), {IN(85, 128)},
       .linear = true),
    OP("embedding/1x1024_of_50304x768", embedding, TOKENS(1, 1024),
       {IN(50304, 768)}, .linear = true),
    OP("add_positions/8x161x128", add_positions, NULL, {IN(8, 161, 128), IN(161, 128)}, .linear = true),
    OP("cross_entropy/64x2", cross_entropy, NULL, {IN(64, 2)}),
    OP("cross_entropy/248x85", cross_entropy, NULL, {IN(248, 85)}),
    OP("cross_entropy/1024x50304", cross_entropy, NULL, {IN(1024, 50304)}),
    {0},
};
/* clang-format on */
