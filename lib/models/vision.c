#include "models/vision.h"

#include <inttypes.h>
#include <stdlib.h>

#include "nn/choice.h"
#include "util/memory.h"

const char *const dat_pool_names[] = {"cls", "mean", NULL};

static dat_status check(const dat_vision_config *c)
{
    if (c->patch_height < 1 || c->patch_width < 1 || c->image_height < 1 || c->image_width < 1 ||
        c->image_height % c->patch_height || c->image_width % c->patch_width)
        return dat_usage("vision model: patches of %" PRId64 " x %" PRId64 " do not tile images of %" PRId64
                         " x %" PRId64,
                         c->patch_height, c->patch_width, c->image_height, c->image_width);
    if (c->n_layers < 1 || c->n_classes < 1 || c->channels < 1)
        return dat_usage("vision model: n_layers = %" PRId64 ", n_classes = %" PRId64
                         " and channels = %" PRId64 " must be at least 1",
                         c->n_layers, c->n_classes, c->channels);
    return dat_check_choice("vision model", "pool", (int)c->pool, dat_pool_names);
}

static dat_status init_symbols(dat_vision_model *model, dat_params *params)
{
    dat_retriever_config *symbols = &model->config.symbols;
    int64_t d = model->config.block.d_model, tokens = model->n_patches + 1;
    symbols->d_model = symbols->d_model ? symbols->d_model : d;
    if (symbols->d_model != d)
        return dat_usage("vision model: symbols are %" PRId64 " wide, but d_model = %" PRId64,
                         symbols->d_model, d);
    symbols->max_length = symbols->max_length ? symbols->max_length : tokens;
    if (symbols->kind == DAT_POSITIONAL_SYMBOLS && symbols->max_length < tokens)
        return dat_usage("vision model: %" PRId64 " positional symbols are fewer than the %" PRId64
                         " tokens of an image",
                         symbols->max_length, tokens);
    return dat_retriever_init(&model->symbol_retriever, params, "symbol_retriever", symbols);
}

static void init_embedding(dat_vision_model *model, dat_params *params)
{
    const dat_vision_config *c = &model->config;
    int64_t pixels = c->patch_height * c->patch_width * c->channels, d = c->block.d_model;
    dat_init normal = {DAT_INIT_NORMAL, 1};
    dat_norm_init(&model->patch_norm, params, "to_patch_embedding.1", DAT_LAYER_NORM, pixels);
    dat_linear_init(&model->patch_embedding, params, "to_patch_embedding.2", pixels, d, true);
    dat_norm_init(&model->embedding_norm, params, "to_patch_embedding.3", DAT_LAYER_NORM, d);
    model->positions =
        dat_params_add(params, "", "pos_embedding", 3, (int64_t[]){1, model->n_patches + 1, d}, normal);
    model->class_token = dat_params_add(params, "", "cls_token", 3, (int64_t[]){1, 1, d}, normal);
}

dat_status dat_vision_init(dat_vision_model *model, dat_params *params, const dat_vision_config *config)
{
    *model = (dat_vision_model){.config = *config};
    dat_vision_config *c = &model->config;
    DAT_TRY(check(c));
    int64_t d = c->block.d_model;
    model->n_patches = (c->image_height / c->patch_height) * (c->image_width / c->patch_width);
    if (c->block.dual)
        DAT_TRY(init_symbols(model, params));
    if (c->rope)
        DAT_TRY(dat_rope_angles_init(&model->angles, model->n_patches + 1, &c->block));
    init_embedding(model, params);
    model->blocks = dat_allocate((size_t)c->n_layers, sizeof model->blocks[0]);
    for (int64_t i = 0; i < c->n_layers; i++) {
        char name[DAT_SCOPE_SIZE];
        DAT_TRY(dat_encoder_block_init(&model->blocks[i], params,
                                       dat_scope(name, "", "encoder_blocks.%" PRId64, i), &c->block));
    }
    if (c->final_norm)
        dat_norm_init(&model->final_norm, params, "final_out.0", c->block.norm_type, d);
    dat_linear_init(&model->head, params, c->final_norm ? "final_out.1" : "final_out", d, c->n_classes, true);
    return DAT_OK;
}

/* Smaller images would run, with their patches at the wrong positions. */
static bool check_images(dat_tape *tape, const dat_vision_config *c, const dat_tensor *images)
{
    char text[DAT_SHAPE_TEXT_SIZE];
    return (images->rank == 4 && images->shape[1] == c->channels && images->shape[2] == c->image_height &&
            images->shape[3] == c->image_width) ||
           dat_fail(tape, "vision model: %s is %s, expected (batch, %" PRId64 ", %" PRId64 ", %" PRId64 ")",
                    images->name, dat_shape_text(images, text), c->channels, c->image_height, c->image_width);
}

/* All blocks, each with its symbols; `relations` receives those of block `layer`. */
static dat_tensor *encode(dat_tape *tape, const dat_vision_model *model, dat_tensor *x, int64_t layer,
                          dat_real *relations)
{
    const dat_vision_config *c = &model->config;
    const dat_retriever *retriever = &model->symbol_retriever;
    dat_attention_context context = {0};
    dat_symbols symbols = {0};
    if (c->rope)
        dat_rope_angles_use(tape, &model->angles, &context);
    bool each_block = !c->symbols_once && dat_retriever_reads_objects(retriever);
    for (int64_t i = 0; i < c->n_layers; i++) {
        if (c->block.dual && (i == 0 || each_block))
            symbols = dat_retrieve_symbols(tape, retriever, x);
        context.relations = i == layer ? relations : NULL;
        x = dat_encoder_block_forward(tape, &model->blocks[i], x, &symbols, &context);
    }
    return x;
}

dat_tensor *dat_vision_forward(dat_tape *tape, const dat_vision_model *model, dat_tensor *images)
{
    return dat_vision_forward_relations(tape, model, images, 0, NULL);
}

dat_tensor *dat_vision_forward_relations(dat_tape *tape, const dat_vision_model *model, dat_tensor *images,
                                         int64_t layer, dat_real *relations)
{
    const dat_vision_config *c = &model->config;
    if (!images || !check_images(tape, c, images))
        return NULL;
    dat_tensor *patches = dat_patchify(tape, images, c->patch_height, c->patch_width);
    dat_tensor *x = dat_norm_linear(tape, patches, model->patch_norm.gain, model->patch_norm.shift,
                                    model->patch_embedding.weight, model->patch_embedding.bias);
    x = dat_norm_forward(tape, &model->embedding_norm, x);
    x = dat_prepend_token(tape, x, model->class_token, model->positions); /* (B, n_patches + 1, d_model) */
    x = dat_dropout(tape, x, c->block.dropout);
    x = encode(tape, model, x, layer, relations);
    x = c->pool == DAT_POOL_MEAN ? dat_mean_tokens(tape, x) : dat_select_token(tape, x, 0);
    if (c->final_norm)
        x = dat_norm_forward(tape, &model->final_norm, x);
    return dat_linear_forward(tape, &model->head, x);
}

void dat_vision_free(dat_vision_model *model)
{
    dat_rope_angles_free(&model->angles);
    free(model->blocks);
    *model = (dat_vision_model){0};
}
