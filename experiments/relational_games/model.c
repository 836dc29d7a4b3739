#include "model.h"

#include "data/relational_games.h"

static dat_patch_config patch_config(const games_model_config *m)
{
    return (dat_patch_config){
        .channels = DAT_GAMES_CHANNELS,
        .image_height = DAT_GAMES_IMAGE,
        .image_width = DAT_GAMES_IMAGE,
        .patch_height = m->patch_size,
        .patch_width = m->patch_size,
        .d_model = m->block.d_model,
    };
}

static dat_vision_config vision_config(const games_model_config *m)
{
    int64_t side = DAT_GAMES_IMAGE / m->patch_size, tokens = side * side + 1; /* with the class token */
    return (dat_vision_config){
        .channels = DAT_GAMES_CHANNELS,
        .image_height = DAT_GAMES_IMAGE,
        .image_width = DAT_GAMES_IMAGE,
        .patch_height = m->patch_size,
        .patch_width = m->patch_size,
        .n_classes = 2,
        .n_layers = m->block.n_layers,
        .symbols = dat_block_options_symbols(&m->block, tokens),
        .final_norm = m->final_norm,
        .pool = (dat_pool)m->pool,
        .block = dat_block_options_config(&m->block, m->architecture == GAMES_DAT),
    };
}

/* As the reference's comparison has it: self-attention among symbols, biases, positional symbols for the
 * patches. */
static dat_abstractor_config abstractor_config(const games_model_config *m)
{
    return (dat_abstractor_config){
        .patches = patch_config(m),
        .n_classes = 2,
        .n_layers = m->block.n_layers,
        .n_heads = m->block.n_heads_ra,
        .dff = m->block.dff,
        .activation = m->block.activation,
        .norm_first = m->block.norm_first,
        .self_attention = true,
        .bias = m->block.bias,
        .dropout = m->block.dropout,
        .symbols = {.kind = DAT_POSITIONAL_SYMBOLS},
    };
}

dat_status games_model_init(games_model *model, dat_params *params, const games_model_config *config)
{
    *model = (games_model){.architecture = (games_architecture)config->architecture};
    switch (model->architecture) {
    case GAMES_TRANSFORMER:
    case GAMES_DAT: {
        dat_vision_config vision = vision_config(config);
        return dat_vision_init(&model->vision, params, &vision);
    }
    case GAMES_PREDINET: {
        dat_predinet_config predinet = {patch_config(config), config->block.n_heads_ra,
                                        config->block.n_relations, 2};
        return dat_predinet_init(&model->predinet, params, &predinet);
    }
    case GAMES_CORELNET:
    case GAMES_CORELNET_SOFTMAX: {
        dat_corelnet_config corelnet = {patch_config(config), 2,
                                        model->architecture == GAMES_CORELNET_SOFTMAX};
        return dat_corelnet_init(&model->corelnet, params, &corelnet);
    }
    case GAMES_ABSTRACTOR: {
        dat_abstractor_config abstractor = abstractor_config(config);
        return dat_abstractor_init(&model->abstractor, params, &abstractor);
    }
    }
    return dat_usage("model.architecture: %d is not one of the known ones", config->architecture);
}

dat_tensor *games_model_forward(dat_tape *tape, const void *state, dat_tensor *images)
{
    const games_model *model = state;
    switch (model->architecture) {
    case GAMES_TRANSFORMER:
    case GAMES_DAT:
        return dat_vision_forward(tape, &model->vision, images);
    case GAMES_PREDINET:
        return dat_predinet_forward(tape, &model->predinet, images);
    case GAMES_CORELNET:
    case GAMES_CORELNET_SOFTMAX:
        return dat_corelnet_forward(tape, &model->corelnet, images);
    case GAMES_ABSTRACTOR:
        return dat_abstractor_forward(tape, &model->abstractor, images);
    }
    return NULL;
}

void games_model_free(games_model *model)
{
    dat_vision_free(&model->vision);
    dat_abstractor_free(&model->abstractor);
}
