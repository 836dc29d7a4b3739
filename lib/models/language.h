/* Language models: causal blocks over tokens that predict the token after each, as the reference's
 * TransformerLM and DualAttnTransformerLM. Parameter names are its state_dict keys. */
#ifndef DAT_MODELS_LANGUAGE_H
#define DAT_MODELS_LANGUAGE_H

#include "nn/blocks.h"
#include "nn/position.h"
#include "nn/symbols.h"

typedef enum dat_language_positions { DAT_LANGUAGE_LEARNED, DAT_LANGUAGE_ROPE } dat_language_positions;

/* "pos_emb", "RoPE", as in the reference; ends with NULL. */
extern const char *const dat_language_position_names[];

typedef struct dat_language_config {
    int64_t vocab_size;
    int64_t max_length; /* of a sequence; the reference's max_block_size */
    int64_t n_layers;
    dat_block_config block; /* bias is ignored by dual blocks: their feed-forward always has one, as in the
                               reference and the published models */
    dat_language_positions positions;
    dat_retriever_config symbols; /* of dual blocks, as all below; d_model and max_length 0: the model's */
    bool separate_retrievers;     /* one for each layer instead of one for all */
    bool tied_library;            /* separate retrievers share their symbol library */
    bool symbols_once;            /* retrieve symbols from the embedded tokens only, for all layers */
} dat_language_config;

typedef struct dat_language_model {
    dat_language_config config;
    dat_tensor *embeddings;    /* (vocab_size, d_model): of the tokens, and the output layer's weight */
    dat_tensor *positions;     /* (max_length, d_model) of learned positions */
    dat_rope_angles angles;    /* of RoPE */
    dat_retriever *retrievers; /* n_layers, owned; NULL unless blocks are dual */
    dat_encoder_block *blocks; /* n_layers, owned */
    dat_norm norm;             /* before the output layer */
} dat_language_model;

/* Checks the config and registers all parameters. They start as in the reference: N(0, 0.02), but biases at
 * 0, what writes to the residual stream at N(0, 0.02 / sqrt(2 n_layers)), norms and symbol libraries as
 * always. The caller frees the model whatever the result. */
dat_status dat_language_init(dat_language_model *model, dat_params *params,
                             const dat_language_config *config);

/* tokens (B, L), L <= max_length -> logits (B, L, vocab_size) of each next token. */
dat_tensor *dat_language_forward(dat_tape *tape, const dat_language_model *model, dat_tokens tokens);

/* tokens (B, L), L <= max_length -> logits (B, vocab_size) of the token after each sequence. */
dat_tensor *dat_language_forward_last(dat_tape *tape, const dat_language_model *model, dat_tokens tokens);

/* Whether dat_language_next can be used: see dat_block_can_cache. */
bool dat_language_can_cache(const dat_language_model *model);

/* tokens (B, L) that go on from the positions in the cache, which get L more -> logits (B, vocab_size) of the
 * token after each sequence, as dat_language_forward_last gives for all tokens at once. The cache has room
 * for up to max_length positions. */
dat_tensor *dat_language_next(dat_tape *tape, const dat_language_model *model, dat_decode_cache *cache,
                              dat_tokens tokens);

void dat_language_free(dat_language_model *model);

#endif
