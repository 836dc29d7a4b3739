/* Symbols: what relational attention sends to say who is speaking. A retriever assigns symbols to the objects
 * of a sequence, by what they are (symbolic attention), where they are (positional, position-relative) or how
 * they relate to their neighbours (relational symbolic attention). */
#ifndef DAT_NN_SYMBOLS_H
#define DAT_NN_SYMBOLS_H

#include "nn/decode_cache.h"
#include "nn/linear.h"

/* Symbols and where the one of sender j for receiver i is found in `values`: (B or 1, L, d), (2 max_distance
 * + 1, d) or (L, L, d) by layout (see ops.h). Relational heads take any layout, so nothing here corresponds
 * to the reference's flag use_relative_positional_symbols. */
typedef struct dat_symbols {
    dat_tensor *values;
    dat_symbol_layout layout;
    int64_t max_distance; /* of DAT_SYMBOLS_BY_DISTANCE */
} dat_symbols;

typedef enum dat_retriever_kind {
    DAT_POSITIONAL_SYMBOLS,
    DAT_POSITION_RELATIVE,
    DAT_SYMBOLIC_ATTENTION,
    DAT_REL_SYM_ATTENTION,
} dat_retriever_kind;

/* "positional_symbols", "position_relative", "symbolic_attention", "rel_sym_attn", as in the reference; ends
 * with NULL. */
extern const char *const dat_retriever_names[];

/* The reference's arguments of all four kinds; each reads its own. */
typedef struct dat_retriever_config {
    dat_retriever_kind kind;
    int64_t d_model;   /* width of symbols (symbol_dim, d_model) */
    int64_t n_heads;   /* of symbolic attention, also inside of rel_sym_attn */
    int64_t n_symbols; /* library size of both attention kinds */
    double scale;      /* of symbolic attention's dot products; 0: 1/sqrt(d_model / n_heads) */
    double dropout;    /* on symbolic attention's probabilities while training (the reference drops always) */
    bool fixed_symbols;  /* the library is not trained */
    int64_t max_length;  /* positional_symbols */
    int64_t max_rel_pos; /* position_relative: larger distances count as this one */
    int64_t rel_n_heads; /* rel_sym_attn from here on */
    int64_t neighbours;  /* how far they reach (nbhd_delta) */
    bool causal_neighbours, include_self;
    bool normalise_relations; /* softmax over a position's neighbours */
    double rel_scale;         /* of normalised relations; 0: 1/sqrt(d_model / rel_n_heads) */
} dat_retriever_config;

typedef struct dat_retriever {
    dat_retriever_config config; /* with its zeros replaced */
    dat_tensor *library;         /* symbols: (n_symbols, d), (max_length, d) or (2 max_rel_pos + 1, d) */
    dat_tensor *templates;       /* (n_symbols, d) of the attention kinds */
    dat_linear_layer query;      /* symbolic attention's q_proj, with bias */
    dat_linear_layer rel_query, rel_key, model_projection; /* of rel_sym_attn */
} dat_retriever;

/* Checks the config and registers the parameters under `scope` by the reference's names. */
dat_status dat_retriever_init(dat_retriever *retriever, dat_params *params, const char *scope,
                              const dat_retriever_config *config);

/* The same parameters under another scope, for a retriever that appears once per layer in a state_dict. */
void dat_retriever_tie(dat_retriever *retriever, dat_params *params, const char *scope,
                       const dat_retriever *original);

/* Whether symbols depend on the objects themselves and not just on their positions. */
bool dat_retriever_reads_objects(const dat_retriever *retriever);

/* Symbols for the sequences x (B, L, d). Values are NULL after an error. */
dat_symbols dat_retrieve_symbols(dat_tape *tape, const dat_retriever *retriever, dat_tensor *x);

/* The same for the positions x (B, L, d) of a step of decoding, except relational symbolic attention. A cache
 * of NULL has none before them. */
dat_symbols dat_retrieve_next_symbols(dat_tape *tape, const dat_retriever *retriever,
                                      const dat_decode_cache *cache, dat_tensor *x);

/* The symbols of symbolic attention for x (B, L, d): (B, L, d). `scores`, if not NULL, receives its
 * probabilities (B, n_heads, L, n_symbols). */
dat_tensor *dat_symbolic_attention_forward(dat_tape *tape, const dat_retriever *retriever, dat_tensor *x,
                                           dat_real *scores);

#endif
