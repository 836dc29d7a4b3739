#include "models/language.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nn/choice.h"
#include "util/memory.h"

const char *const dat_language_position_names[] = {"pos_emb", "RoPE", NULL};

static dat_status check_symbols(const dat_language_config *c)
{
    DAT_TRY(
        dat_check_choice("language model", "symbol retriever", (int)c->symbols.kind, dat_retriever_names));
    const char *kind = dat_retriever_names[c->symbols.kind];
    if (c->symbols.d_model != c->block.d_model)
        return dat_usage("language model: symbols of width %" PRId64 " do not fit d_model = %" PRId64,
                         c->symbols.d_model, c->block.d_model);
    if (c->symbols.kind == DAT_POSITIONAL_SYMBOLS && c->symbols.max_length < c->max_length)
        return dat_usage("language model: %" PRId64
                         " positional symbols are fewer than max_length = %" PRId64,
                         c->symbols.max_length, c->max_length);
    if (c->symbols.kind == DAT_REL_SYM_ATTENTION && !c->symbols.causal_neighbours)
        return dat_usage("language model: symbols by %s need causal_neighbours, else they see later tokens",
                         kind);
    if (c->tied_library && (!c->separate_retrievers || c->symbols.kind == DAT_POSITION_RELATIVE))
        return dat_usage(
            "language model: tied_library needs separate_retrievers with more than their library, "
            "not %s %s retriever(s)",
            c->separate_retrievers ? "separate" : "one shared", kind);
    if (c->symbols_once && c->separate_retrievers)
        return dat_usage(
            "language model: symbols_once uses one retriever, so it excludes separate_retrievers");
    return DAT_OK;
}

static dat_status complete_config(dat_language_config *c)
{
    if (c->vocab_size < 1 || c->max_length < 1 || c->n_layers < 1 || c->block.d_model < 1)
        return dat_usage("language model: vocab_size = %" PRId64 ", max_length = %" PRId64
                         ", n_layers = %" PRId64 " and d_model = %" PRId64 " must be at least 1",
                         c->vocab_size, c->max_length, c->n_layers, c->block.d_model);
    DAT_TRY(dat_check_choice("language model", "positions", (int)c->positions, dat_language_position_names));
    if (!c->block.dual)
        return DAT_OK;
    c->block.bias = true; /* the reference does not pass `bias` on to dual blocks */
    c->symbols.d_model = c->symbols.d_model ? c->symbols.d_model : c->block.d_model;
    c->symbols.max_length = c->symbols.max_length ? c->symbols.max_length : c->max_length;
    return check_symbols(c);
}

static dat_status init_retrievers(dat_language_model *model, dat_params *params)
{
    const dat_language_config *c = &model->config;
    char name[DAT_SCOPE_SIZE];
    model->retrievers = dat_allocate((size_t)c->n_layers, sizeof model->retrievers[0]);
    for (int64_t i = 0; i < c->n_layers; i++) {
        dat_retriever *retriever = &model->retrievers[i];
        dat_scope(name, "layers", "symbol_retrievers.%" PRId64, i);
        if (i > 0 && !c->separate_retrievers)
            dat_retriever_tie(retriever, params, name, &model->retrievers[0]);
        else
            DAT_TRY(dat_retriever_init(retriever, params, name, &c->symbols));
        if (i > 0 && c->tied_library)
            dat_params_share(params, retriever->library, model->retrievers[0].library);
    }
    return DAT_OK;
}

static dat_status init_positions(dat_language_model *model, dat_params *params)
{
    const dat_language_config *c = &model->config;
    if (c->positions == DAT_LANGUAGE_ROPE)
        return dat_rope_angles_init(&model->angles, c->max_length, &c->block);
    model->positions = dat_params_add(params, "layers.positional_embedder", "weight", 2,
                                      (int64_t[]){c->max_length, c->block.d_model}, (dat_init){0});
    return DAT_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* How the reference's language models start what they registered from index `first` on. For swiglu it scales
 * linear3, which is the input of the gated product and not the last layer; so do we, as published models did.
 */
static void set_inits(const dat_language_config *c, dat_params *params, int64_t first)
{
    const char *last = c->block.activation == DAT_SWIGLU ? ".linear3.weight" : ".linear2.weight";
    const double normal = 0.02, residual = normal / sqrt(2.0 * (double)c->n_layers);
    for (int64_t i = first; i < params->count; i++) {
        const dat_param *param = params->items[i];
        bool matrix = ends_with(param->name, ".weight") && param->tensor.rank == 2;
        bool writes_residual = ends_with(param->name, ".wo.weight") || ends_with(param->name, last);
        if (ends_with(param->name, ".bias"))
            dat_params_set_init(params, &param->tensor, (dat_init){.kind = DAT_INIT_ZEROS});
        else if (matrix || ends_with(param->name, ".wr"))
            dat_params_set_init(params, &param->tensor,
                                (dat_init){DAT_INIT_NORMAL, writes_residual ? residual : normal});
    }
}

dat_status dat_language_init(dat_language_model *model, dat_params *params, const dat_language_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *model = (dat_language_model){.config = *config};
    dat_language_config *c = &model->config;
    DAT_TRY(complete_config(c));
    int64_t first = params->count, d = c->block.d_model;
    model->embeddings = dat_params_add(params, "layers.token_embedder", "weight", 2,
                                       (int64_t[]){c->vocab_size, d}, (dat_init){0});
    if (c->block.dual)
        DAT_TRY(init_retrievers(model, params));
    model->blocks = dat_allocate((size_t)c->n_layers, sizeof model->blocks[0]);
    for (int64_t i = 0; i < c->n_layers; i++)
        DAT_TRY(dat_encoder_block_init(&model->blocks[i], params,
                                       dat_scope(name, "layers", "blocks.%" PRId64, i), &c->block));
    DAT_TRY(init_positions(model, params));
    dat_norm_init(&model->norm, params, "layers.norm", c->block.norm_type, d);
    dat_params_tie(params, "layers.final_out", "weight", model->embeddings);
    set_inits(c, params, first);
    return DAT_OK;
}

static bool check_length(dat_tape *tape, const dat_language_config *c, int64_t length)
{
    return length <= c->max_length ||
           dat_fail(tape,
                    "language model: sequences of %" PRId64 " tokens are longer than max_length = %" PRId64,
                    length, c->max_length);
}

/* What the blocks make of the tokens, which go on from those in the cache if there is one: (B, L, d_model).
 * The reference has a dropout layer behind the embeddings, but never applies it. */
static dat_tensor *run_blocks(dat_tape *tape, const dat_language_model *model, dat_decode_cache *cache,
                              dat_tokens tokens)
{
    const dat_language_config *c = &model->config;
    if (!check_length(tape, c, dat_decode_cache_position(cache) + tokens.length))
        return NULL;
    dat_attention_context context = {.causal = true, .cache = cache};
    dat_tensor *x = dat_embedding(tape, model->embeddings, tokens); /* (B, L, d_model) */
    if (c->positions == DAT_LANGUAGE_ROPE)
        dat_rope_angles_use(tape, &model->angles, &context);
    else
        x = dat_add_positions(tape, x, dat_decode_cache_rows(tape, cache, model->positions), 1);

    dat_symbols symbols = {0};
    bool relational = c->block.dual && c->block.attention.n_heads_ra > 0;
    for (int64_t i = 0; i < c->n_layers; i++) {
        if (relational && (i == 0 || !c->symbols_once))
            symbols = dat_retrieve_next_symbols(tape, &model->retrievers[i], cache, x);
        x = dat_encoder_block_forward(tape, &model->blocks[i], x, &symbols, &context);
    }
    return x;
}

static dat_tensor *logits_of(dat_tape *tape, const dat_language_model *model, dat_tensor *x)
{
    return dat_linear(tape, dat_norm_forward(tape, &model->norm, x), model->embeddings, NULL);
}

dat_tensor *dat_language_forward(dat_tape *tape, const dat_language_model *model, dat_tokens tokens)
{
    return logits_of(tape, model, run_blocks(tape, model, NULL, tokens));
}

static dat_tensor *last_logits(dat_tape *tape, const dat_language_model *model, dat_decode_cache *cache,
                               dat_tokens tokens)
{
    dat_tensor *x = run_blocks(tape, model, cache, tokens);
    return logits_of(tape, model, dat_select_token(tape, x, tokens.length - 1));
}

dat_tensor *dat_language_forward_last(dat_tape *tape, const dat_language_model *model, dat_tokens tokens)
{
    return last_logits(tape, model, NULL, tokens);
}

bool dat_language_can_cache(const dat_language_model *model)
{
    return dat_block_can_cache(&model->config.block, &model->config.symbols);
}

dat_tensor *dat_language_next(dat_tape *tape, const dat_language_model *model, dat_decode_cache *cache,
                              dat_tokens tokens)
{
    DAT_ASSERT(dat_language_can_cache(model));
    if (!dat_decode_cache_begin(tape, cache, tokens.length))
        return NULL;
    dat_tensor *logits = last_logits(tape, model, cache, tokens);
    dat_decode_cache_end(tape, cache, tokens.length);
    return logits;
}

void dat_language_free(dat_language_model *model)
{
    dat_rope_angles_free(&model->angles);
    free(model->retrievers);
    free(model->blocks);
    *model = (dat_language_model){0};
}
