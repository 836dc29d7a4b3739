#include "model.h"

#include <stdlib.h>

#include "ops/ops.h"
#include "util/memory.h"

static dat_retriever_config symbol_config(const lm_config *config)
{
    const lm_model_config *m = &config->model;
    return (dat_retriever_config){
        .kind = (dat_retriever_kind)m->symbols,
        .n_heads = m->symbol_heads,
        .n_symbols = m->n_symbols ? m->n_symbols : m->d_model,
        .fixed_symbols = !m->train_symbols,
        .max_rel_pos = config->data.context,
        .rel_n_heads = m->symbol_heads,
        .neighbours = 2,
        .causal_neighbours = true,
        .normalise_relations = true,
    };
}

static dat_dual_config attention_config(const lm_model_config *m)
{
    dat_attention_config kv_heads = {.n_kv_heads = m->n_kv_heads};
    return (dat_dual_config){
        .n_heads_sa = m->n_heads_sa,
        .n_heads_ra = m->architecture == LM_DAT ? m->n_heads_ra : 0,
        .self_attention = {.d_model = m->d_model, .n_heads = m->n_heads_sa, .n_kv_heads = m->n_kv_heads},
        .ra_type = (dat_ra_type)m->ra_type,
        .relational = {.attention = kv_heads,
                       .n_relations = m->n_relations,
                       .rel_proj_dim = m->relation_dim,
                       .symmetric_relations = m->symmetric_relations,
                       .relation_activation = (dat_activation)m->relation_activation},
        .rca = {.attention = kv_heads},
        .disrca = {.attention = kv_heads},
    };
}

dat_status lm_model_init(dat_language_model *model, dat_params *params, const lm_config *config,
                         int64_t vocab_size)
{
    const lm_model_config *m = &config->model;
    dat_language_config language = {
        .vocab_size = vocab_size,
        .max_length = config->data.context,
        .n_layers = m->n_layers,
        .positions = (dat_language_positions)m->positions,
        .symbols = symbol_config(config),
        .separate_retrievers = !m->shared_symbols,
        .block = {.dual = m->architecture == LM_DAT,
                  .attention = attention_config(m),
                  .d_model = m->d_model,
                  .dff = m->dff,
                  .activation = m->activation,
                  .norm_type = (dat_norm_type)m->norm,
                  .norm_first = m->norm_first,
                  .bias = m->bias,
                  .dropout = m->dropout},
    };
    return dat_language_init(model, params, &language);
}

static lm_model_config describe_model(const dat_language_config *language)
{
    const dat_block_config *block = &language->block;
    const dat_dual_config *attention = &block->attention;
    const dat_retriever_config *symbols = &language->symbols;
    const dat_attention_config *self = &attention->self_attention;
    return (lm_model_config){
        .architecture = block->dual ? LM_DAT : LM_TRANSFORMER,
        .d_model = block->d_model,
        .dff = block->dff,
        .n_layers = language->n_layers,
        .n_heads_sa = block->dual ? attention->n_heads_sa : self->n_heads,
        .n_heads_ra = attention->n_heads_ra,
        .n_kv_heads = self->n_kv_heads,
        .n_relations = attention->relational.n_relations,
        .relation_dim = attention->relational.rel_proj_dim,
        .n_symbols = symbols->n_symbols,
        .symbol_heads = symbols->kind == DAT_SYMBOLIC_ATTENTION ? symbols->n_heads : 1,
        .symmetric_relations = attention->relational.symmetric_relations,
        .train_symbols = !symbols->fixed_symbols,
        .shared_symbols = !language->separate_retrievers,
        .norm_first = block->norm_first,
        .bias = block->bias,
        .ra_type = attention->ra_type,
        .relation_activation = (int)attention->relational.relation_activation,
        .symbols = (int)symbols->kind,
        .positions = (int)language->positions,
        .activation = block->activation,
        .norm = (int)block->norm_type,
        .dropout = block->dropout,
    };
}

void lm_config_describe(const dat_language_config *language, lm_config *config)
{
    config->model = describe_model(language);
    config->data.vocab_size = language->vocab_size;
    config->data.context = language->max_length;
}

dat_prediction lm_model_forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    dat_tokens tokens = {batch->examples.tokens, batch->count, batch->data->n_tokens};
    return dat_batch_prediction(batch, dat_language_forward(tape, model, tokens));
}

dat_status lm_model_cost(const dat_language_model *model, const dat_params *params, int64_t micro_batch,
                         int64_t memory_limit, lm_step_cost *cost)
{
    int64_t length = model->config.max_length;
    dat_tape tape;
    DAT_TRY(dat_tape_init(&tape, (size_t)memory_limit));
    tape.counting = true;
    dat_tape_begin(&tape, 0);
    int32_t *ids = dat_allocate((size_t)(micro_batch * length), sizeof ids[0]);
    dat_cross_entropy_args args = {.targets = ids, .ignore_index = DAT_NO_LABEL};
    dat_tensor *logits = dat_language_forward(&tape, model, (dat_tokens){ids, micro_batch, length});
    dat_tape_backward(&tape, dat_cross_entropy(&tape, logits, &args), 1);
    cost->flops = tape.flops / (double)micro_batch;
    cost->activations = (int64_t)tape.arena.peak;
    cost->parameters = 4 * dat_params_count(params, false) * (int64_t)sizeof(dat_real);
    dat_status status = tape.status;
    free(ids);
    dat_tape_free(&tape);
    return status;
}
