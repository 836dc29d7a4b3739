#include "models/baselines/abstractor.h"

#include <inttypes.h>
#include <stdlib.h>

#include "nn/choice.h"
#include "util/memory.h"

static dat_status check(const dat_abstractor_config *c)
{
    if (c->n_layers < 1 || c->n_classes < 1)
        return dat_usage("Abstractor: n_layers = %" PRId64 " and n_classes = %" PRId64
                         " must both be at least 1",
                         c->n_layers, c->n_classes);
    if (!(c->dropout >= 0 && c->dropout < 1))
        return dat_usage("Abstractor: dropout = %g must be at least 0 and less than 1", c->dropout);
    return DAT_OK;
}

static dat_status complete_symbols(dat_retriever_config *symbols, int64_t d_model, int64_t n_objects)
{
    symbols->d_model = symbols->d_model ? symbols->d_model : d_model;
    symbols->max_length = symbols->max_length ? symbols->max_length : n_objects;
    DAT_TRY(dat_check_choice("Abstractor", "symbol retriever", (int)symbols->kind, dat_retriever_names));
    if (symbols->kind != DAT_POSITIONAL_SYMBOLS && symbols->kind != DAT_SYMBOLIC_ATTENTION)
        return dat_usage("Abstractor: symbols are its values, so %s cannot supply them; use %s or %s",
                         dat_retriever_names[symbols->kind], dat_retriever_names[DAT_POSITIONAL_SYMBOLS],
                         dat_retriever_names[DAT_SYMBOLIC_ATTENTION]);
    if (symbols->d_model != d_model)
        return dat_usage("Abstractor: the width of symbols = %" PRId64 " must equal d_model = %" PRId64,
                         symbols->d_model, d_model);
    if (symbols->kind == DAT_POSITIONAL_SYMBOLS && symbols->max_length < n_objects)
        return dat_usage("Abstractor: %" PRId64 " positional symbols are fewer than the %" PRId64
                         " objects of an image",
                         symbols->max_length, n_objects);
    return DAT_OK;
}

static dat_status init_layer(dat_abstractor_layer *layer, dat_params *params, const char *scope,
                             const dat_abstractor_config *c)
{
    char name[DAT_SCOPE_SIZE];
    int64_t d = c->patches.d_model;
    dat_attention_config attention = {
        .d_model = d, .n_heads = c->n_heads, .bias_out = c->bias, .dropout = c->dropout};
    DAT_TRY(dat_attention_init(&layer->relational_attention, params, dat_scope(name, scope, "rel_attn"),
                               &attention, NULL, NULL));
    if (c->self_attention)
        DAT_TRY(dat_attention_init(&layer->self_attention, params, dat_scope(name, scope, "self_attn"),
                                   &attention, NULL, NULL));
    dat_norm_init(&layer->norm1, params, dat_scope(name, scope, "norm1"), DAT_LAYER_NORM, d);
    dat_norm_init(&layer->norm2, params, dat_scope(name, scope, "norm2"), DAT_LAYER_NORM, d);
    return dat_feed_forward_init(&layer->feed_forward, params, dat_scope(name, scope, "ff_block"), d, c->dff,
                                 c->activation, c->bias);
}

static dat_status init_positions(dat_abstractor *model, dat_params *params)
{
    dat_position_config config = {.d_model = model->config.patches.d_model,
                                  .max_length = model->patches.n_objects,
                                  .scale = true,
                                  .dropout = model->config.dropout};
    return dat_position_encoding_init(&model->positions, params, "abstractor.add_pos_embedding", &config);
}

dat_status dat_abstractor_init(dat_abstractor *model, dat_params *params, const dat_abstractor_config *config)
{
    *model = (dat_abstractor){.config = *config};
    dat_abstractor_config *c = &model->config;
    int64_t d = c->patches.d_model;
    DAT_TRY(check(c));
    DAT_TRY(dat_patch_embedder_init(&model->patches, params, "Abstractor", &c->patches));
    DAT_TRY(complete_symbols(&c->symbols, d, model->patches.n_objects));
    DAT_TRY(dat_retriever_init(&model->symbol_retriever, params, "abstractor.symbol_retriever", &c->symbols));
    if (c->add_positions)
        DAT_TRY(init_positions(model, params));
    model->layers = dat_allocate((size_t)c->n_layers, sizeof model->layers[0]);
    for (int64_t i = 0; i < c->n_layers; i++) {
        char name[DAT_SCOPE_SIZE];
        dat_scope(name, "abstractor", "abstractor_layers.%" PRId64, i);
        DAT_TRY(init_layer(&model->layers[i], params, name, c));
    }
    dat_perceptron_init(&model->predictor, params, "mlp_predictor", d, d, c->n_classes);
    return DAT_OK;
}

/* The symbols that stand in for `objects`. Positional ones are shared by the batch, (1, n, d), unless every
 * image needs a copy for dropout of its own. */
static dat_tensor *symbols_for(dat_tape *tape, const dat_abstractor *model, dat_tensor *objects)
{
    const dat_retriever *retriever = &model->symbol_retriever;
    if (!objects || dat_retriever_reads_objects(retriever) || model->config.dropout == 0)
        return dat_retrieve_symbols(tape, retriever, objects).values;
    int64_t count = dat_count(objects);
    dat_real *zeros = dat_tape_take(tape, (size_t)count * sizeof(dat_real));
    for (int64_t i = 0; zeros && i < count; i++)
        zeros[i] = 0;
    dat_tensor *blank = zeros ? dat_tape_input(tape, "blank", zeros, 3, objects->shape) : NULL;
    return dat_add_positions(tape, blank, retriever->library, 1);
}

/* A residual branch of attention from and to x; it moves `values`, or x itself. Attention drops its output
 * once, and a post-norm layer drops once more after its norm. */
static dat_tensor *attend(dat_tape *tape, const dat_abstractor *model, const dat_abstractor_layer *layer,
                          const dat_attention_layer *attention, dat_tensor *x, dat_tensor *values)
{
    const dat_attention_context context = {0};
    double rate = model->config.dropout;
    dat_tensor *read = model->config.norm_first ? dat_norm_forward(tape, &layer->norm1, x) : x;
    dat_tensor *out = dat_attention_forward(tape, attention, read, read, values ? values : read, &context);
    x = dat_add_dropout(tape, x, out, rate);
    return model->config.norm_first ? x : dat_dropout(tape, dat_norm_forward(tape, &layer->norm1, x), rate);
}

/* The residual stream of relational attention is the objects', not the symbols', and with norm_first the
 * symbols are not normalised: both as in the reference. */
static dat_tensor *layer_forward(dat_tape *tape, const dat_abstractor *model,
                                 const dat_abstractor_layer *layer, dat_tensor *objects, dat_tensor *symbols)
{
    const dat_abstractor_config *c = &model->config;
    if (c->self_attention)
        symbols = attend(tape, model, layer, &layer->self_attention, symbols, NULL);
    if (!symbols)
        return NULL;
    dat_tensor *x = attend(tape, model, layer, &layer->relational_attention, objects, symbols);
    dat_tensor *read = c->norm_first ? dat_norm_forward(tape, &layer->norm2, x) : x;
    x = dat_add_dropout(tape, x, dat_feed_forward_forward(tape, &layer->feed_forward, read), c->dropout);
    return c->norm_first ? x : dat_norm_forward(tape, &layer->norm2, x);
}

dat_tensor *dat_abstractor_forward(dat_tape *tape, const dat_abstractor *model, dat_tensor *images)
{
    dat_tensor *objects = dat_patch_embedder_forward(tape, &model->patches, images);
    dat_tensor *x = symbols_for(tape, model, objects);
    if (model->config.add_positions)
        x = dat_position_encoding_forward(tape, &model->positions, x);
    for (int64_t i = 0; i < model->config.n_layers; i++)
        x = layer_forward(tape, model, &model->layers[i], objects, x);
    return dat_perceptron_forward(tape, &model->predictor, dat_mean_tokens(tape, x));
}

void dat_abstractor_free(dat_abstractor *model)
{
    dat_position_encoding_free(&model->positions);
    free(model->layers);
    *model = (dat_abstractor){0};
}
