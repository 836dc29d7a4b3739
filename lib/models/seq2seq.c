#include "models/seq2seq.h"

#include <inttypes.h>
#include <stdlib.h>

#include "nn/choice.h"
#include "util/memory.h"

const char *const dat_seq2seq_position_names[] = {"sinusoidal", "learned", "RoPE", NULL};

/* --- building --- */

static dat_status check_spec(const dat_sequence_spec *spec, const char *which)
{
    if (spec->vocab_size < 0 || spec->vector_size < 0 || (spec->vocab_size > 0) == (spec->vector_size > 0))
        return dat_usage("seq2seq model: the %s needs either a vocab_size or a vector_size, not %" PRId64
                         " and %" PRId64,
                         which, spec->vocab_size, spec->vector_size);
    return DAT_OK;
}

static dat_status check_sizes(const dat_seq2seq_config *c)
{
    DAT_TRY(check_spec(&c->source, "source"));
    DAT_TRY(check_spec(&c->target, "target"));
    DAT_TRY(dat_check_choice("seq2seq model", "positions", (int)c->positions, dat_seq2seq_position_names));
    if (c->n_layers_enc < 1 || c->n_layers_dec < 1 || c->n_outputs < 1)
        return dat_usage("seq2seq model: n_layers_enc = %" PRId64 ", n_layers_dec = %" PRId64
                         " and n_outputs = %" PRId64 " must be at least 1",
                         c->n_layers_enc, c->n_layers_dec, c->n_outputs);
    if (c->encoder.d_model != c->decoder.block.d_model || c->encoder.dual != c->decoder.block.dual)
        return dat_usage("seq2seq model: encoder and decoder must agree in d_model = %" PRId64 " and %" PRId64
                         " and in dual = %d and %d",
                         c->encoder.d_model, c->decoder.block.d_model, c->encoder.dual,
                         c->decoder.block.dual);
    return DAT_OK;
}

static dat_status complete_symbols(dat_seq2seq_config *c)
{
    int64_t longest = c->max_source > c->max_target ? c->max_source : c->max_target;
    dat_retriever_config *symbols = &c->symbols;
    symbols->d_model = symbols->d_model ? symbols->d_model : c->encoder.d_model;
    symbols->max_length = symbols->max_length ? symbols->max_length : longest;
    if (symbols->d_model != c->encoder.d_model)
        return dat_usage("seq2seq model: symbols of width %" PRId64 " do not fit d_model = %" PRId64,
                         symbols->d_model, c->encoder.d_model);
    if (symbols->kind == DAT_POSITIONAL_SYMBOLS && symbols->max_length < longest)
        return dat_usage("seq2seq model: %" PRId64 " positional symbols are fewer than the %" PRId64
                         " positions of the longest sequence",
                         symbols->max_length, longest);
    return DAT_OK;
}

/* `which` is "source" or "target", `max_length` and `block` are those of its stack. */
static dat_status init_entry(dat_sequence_entry *entry, dat_params *params, const dat_seq2seq_config *c,
                             const char *which, const dat_sequence_spec *spec, int64_t max_length,
                             const dat_block_config *block)
{
    char name[DAT_SCOPE_SIZE];
    dat_scope(name, "layers", "%s_embedder", which);
    if (spec->vocab_size)
        entry->embeddings =
            dat_params_add(params, name, "weight", 2, (int64_t[]){spec->vocab_size, block->d_model},
                           (dat_init){DAT_INIT_NORMAL, 1});
    else
        dat_linear_init(&entry->projection, params, name, spec->vector_size, block->d_model, true);
    if (c->positions == DAT_SEQ2SEQ_ROPE)
        return dat_rope_angles_init(&entry->angles, max_length, block);
    dat_position_config positions = {.learned = c->positions == DAT_SEQ2SEQ_LEARNED,
                                     .d_model = block->d_model,
                                     .max_length = max_length,
                                     .scale = true};
    positions.dropout = positions.learned ? c->position_dropout : 0;
    return dat_position_encoding_init(&entry->positions, params,
                                      dat_scope(name, "layers", "%s_pos_embedder", which), &positions);
}

static dat_status init_blocks(dat_seq2seq_model *model, dat_params *params)
{
    const dat_seq2seq_config *c = &model->config;
    char name[DAT_SCOPE_SIZE];
    model->encoder_blocks = dat_allocate((size_t)c->n_layers_enc, sizeof model->encoder_blocks[0]);
    model->decoder_blocks = dat_allocate((size_t)c->n_layers_dec, sizeof model->decoder_blocks[0]);
    for (int64_t i = 0; i < c->n_layers_enc; i++)
        DAT_TRY(dat_encoder_block_init(&model->encoder_blocks[i], params,
                                       dat_scope(name, "layers", "encoder_blocks.%" PRId64, i), &c->encoder));
    for (int64_t i = 0; i < c->n_layers_dec; i++)
        DAT_TRY(dat_decoder_block_init(&model->decoder_blocks[i], params,
                                       dat_scope(name, "layers", "decoder_blocks.%" PRId64, i), &c->decoder));
    return DAT_OK;
}

dat_status dat_seq2seq_init(dat_seq2seq_model *model, dat_params *params, const dat_seq2seq_config *config)
{
    *model = (dat_seq2seq_model){.config = *config};
    dat_seq2seq_config *c = &model->config;
    DAT_TRY(check_sizes(c));
    DAT_TRY(init_entry(&model->source, params, c, "source", &c->source, c->max_source, &c->encoder));
    DAT_TRY(init_entry(&model->target, params, c, "target", &c->target, c->max_target, &c->decoder.block));
    if (c->encoder.dual) {
        DAT_TRY(complete_symbols(c));
        DAT_TRY(dat_retriever_init(&model->retriever, params, "layers.symbol_retriever", &c->symbols));
    }
    DAT_TRY(init_blocks(model, params));
    dat_linear_init(&model->head, params, "layers.final_out", c->encoder.d_model, c->n_outputs, true);
    dat_linear_layer second_name;
    if (c->tie_weights)
        dat_linear_tie(&second_name, params, "layers.target_embedder.weights", &model->head);
    return DAT_OK;
}

/* --- running --- */

/* A sequence with its positions: (B, L, d_model). RoPE leaves the positions to the context of its attention.
 */
static dat_tensor *enter(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence_entry *entry,
                         const dat_sequence *sequence, dat_attention_context *context)
{
    dat_tensor *x = entry->embeddings ? dat_embedding(tape, entry->embeddings, sequence->tokens)
                                      : dat_linear_forward(tape, &entry->projection, sequence->vectors);
    if (model->config.positions != DAT_SEQ2SEQ_ROPE)
        return dat_position_encoding_next(tape, &entry->positions, context->cache, x);
    dat_rope_angles_use(tape, &entry->angles, context);
    return x;
}

/* Symbols for layer `layer` of a stack whose input is x, if it has relational heads. */
static void update_symbols(dat_tape *tape, const dat_seq2seq_model *model, const dat_block_config *block,
                           int64_t layer, const int64_t *lengths, const dat_decode_cache *cache,
                           dat_tensor *x, dat_symbols *symbols)
{
    bool relational = block->dual && block->attention.n_heads_ra > 0;
    const dat_retriever_config *c = &model->config.symbols;
    if (relational && lengths && c->kind == DAT_REL_SYM_ATTENTION && !c->causal_neighbours)
        dat_fail(tape,
                 "seq2seq model: symbols of kind %s see padding ahead, so sequences must not have lengths",
                 dat_retriever_names[c->kind]);
    if (relational && (layer == 0 || !model->config.symbols_once))
        *symbols = dat_retrieve_next_symbols(tape, &model->retriever, cache, x);
}

dat_memory dat_seq2seq_encode(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence *source)
{
    const dat_seq2seq_config *c = &model->config;
    dat_attention_context context = {.causal = c->causal_encoder, .key_lengths = source->lengths};
    dat_symbols symbols = {0};
    dat_tensor *x = enter(tape, model, &model->source, source, &context);
    for (int64_t i = 0; i < c->n_layers_enc; i++) {
        update_symbols(tape, model, &c->encoder, i, source->lengths, NULL, x, &symbols);
        x = dat_encoder_block_forward(tape, &model->encoder_blocks[i], x, &symbols, &context);
    }
    return (dat_memory){x, source->lengths};
}

static dat_tensor *decode(dat_tape *tape, const dat_seq2seq_model *model, dat_decode_cache *cache,
                          dat_memory memory, const dat_sequence *target, bool last_only)
{
    const dat_seq2seq_config *c = &model->config;
    dat_attention_context context = {
        .causal = c->causal_decoder, .key_lengths = target->lengths, .cache = cache};
    dat_symbols symbols = {0};
    dat_tensor *y = enter(tape, model, &model->target, target, &context);
    for (int64_t i = 0; i < c->n_layers_dec; i++) {
        update_symbols(tape, model, &c->decoder.block, i, target->lengths, cache, y, &symbols);
        y = dat_decoder_block_forward(tape, &model->decoder_blocks[i], y, memory, &symbols, &context);
    }
    if (last_only && y)
        y = dat_select_token(tape, y, y->shape[1] - 1);
    return dat_linear_forward(tape, &model->head, y);
}

dat_tensor *dat_seq2seq_decode(dat_tape *tape, const dat_seq2seq_model *model, dat_memory memory,
                               const dat_sequence *target, bool last_only)
{
    return decode(tape, model, NULL, memory, target, last_only);
}

bool dat_seq2seq_can_cache(const dat_seq2seq_model *model)
{
    const dat_seq2seq_config *c = &model->config;
    return c->causal_decoder && dat_block_can_cache(&c->decoder.block, &c->symbols);
}

dat_tensor *dat_seq2seq_next(dat_tape *tape, const dat_seq2seq_model *model, dat_decode_cache *cache,
                             dat_memory memory, dat_tokens target)
{
    DAT_ASSERT(dat_seq2seq_can_cache(model));
    if (!dat_decode_cache_begin(tape, cache, target.length))
        return NULL;
    dat_tensor *logits = decode(tape, model, cache, memory, &(dat_sequence){.tokens = target}, true);
    dat_decode_cache_end(tape, cache, target.length);
    return logits;
}

static void free_entry(dat_sequence_entry *entry)
{
    dat_position_encoding_free(&entry->positions);
    dat_rope_angles_free(&entry->angles);
}

void dat_seq2seq_free(dat_seq2seq_model *model)
{
    free_entry(&model->source);
    free_entry(&model->target);
    free(model->encoder_blocks);
    free(model->decoder_blocks);
    *model = (dat_seq2seq_model){0};
}
