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
        .d_model = m->d_model,
    };
}

/* Every kind of symbols has room for all tokens: patches and the class token. */
static dat_retriever_config symbol_config(const games_model_config *m)
{
    int64_t side = DAT_GAMES_IMAGE / m->patch_size, tokens = side * side + 1;
    return (dat_retriever_config){
        .kind = (dat_retriever_kind)m->symbols,
        .d_model = m->d_model,
        .n_heads = m->symbol_heads,
        .n_symbols = m->n_symbols,
        .max_length = tokens,
        .max_rel_pos = tokens,
        .rel_n_heads = m->symbol_heads,
        .neighbours = 2,
        .normalise_relations = true,
    };
}

static dat_dual_config attention_config(const games_model_config *m)
{
    dat_attention_config kv_heads = {.n_kv_heads = m->n_kv_heads};
    return (dat_dual_config){
        .n_heads_sa = m->n_heads_sa,
        .n_heads_ra = m->architecture == GAMES_DAT ? m->n_heads_ra : 0,
        .self_attention = {.d_model = m->d_model, .n_heads = m->n_heads_sa, .n_kv_heads = m->n_kv_heads},
        .ra_type = (dat_ra_type)m->ra_type,
        .relational = {.attention = kv_heads,
                       .n_relations = m->n_relations,
                       .rel_proj_dim = m->relation_dim,
                       .symmetric_relations = m->symmetric_relations,
                       .relation_activation = (dat_activation)m->relation_activation,
                       .relation_init = (dat_relation_init)m->relation_init},
        .rca = {.attention = kv_heads},
        .disrca = {.attention = kv_heads},
    };
}

static dat_vision_config vision_config(const games_model_config *m)
{
    return (dat_vision_config){
        .channels = DAT_GAMES_CHANNELS,
        .image_height = DAT_GAMES_IMAGE,
        .image_width = DAT_GAMES_IMAGE,
        .patch_height = m->patch_size,
        .patch_width = m->patch_size,
        .n_classes = 2,
        .n_layers = m->n_layers,
        .symbols = symbol_config(m),
        .final_norm = m->final_norm,
        .pool = (dat_pool)m->pool,
        .block = {.dual = m->architecture == GAMES_DAT,
                  .attention = attention_config(m),
                  .d_model = m->d_model,
                  .dff = m->dff,
                  .activation = m->activation,
                  .norm_type = (dat_norm_type)m->norm,
                  .norm_first = m->norm_first,
                  .bias = m->bias,
                  .dropout = m->dropout},
    };
}

/* As the reference's comparison has it: self-attention among symbols, biases, positional symbols for the
 * patches. */
static dat_abstractor_config abstractor_config(const games_model_config *m)
{
    return (dat_abstractor_config){
        .patches = patch_config(m),
        .n_classes = 2,
        .n_layers = m->n_layers,
        .n_heads = m->n_heads_ra,
        .dff = m->dff,
        .activation = m->activation,
        .norm_first = m->norm_first,
        .self_attention = true,
        .bias = m->bias,
        .dropout = m->dropout,
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
        dat_predinet_config predinet = {patch_config(config), config->n_heads_ra, config->n_relations, 2};
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
