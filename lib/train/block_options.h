/* What configs of experiments say about blocks of attention and feed-forward: one struct, the rows of a
 * schema for it, and the configs of nn/ that follow. */
#ifndef DAT_TRAIN_BLOCK_OPTIONS_H
#define DAT_TRAIN_BLOCK_OPTIONS_H

#include "io/config.h"
#include "nn/blocks.h"
#include "nn/symbols.h"

typedef struct dat_block_options {
    int64_t d_model, dff, n_layers, n_heads_sa, n_heads_ra, n_kv_heads, n_relations, relation_dim;
    int64_t n_symbols, symbol_heads;
    bool symmetric_relations, norm_first, bias;
    int ra_type, symbols, relation_init, relation_activation, activation, norm;
    double dropout;
} dat_block_options;

/* Rows of the schema of a struct S that has a dat_block_options called `block`, each with the experiment's
 * own default (YAML text). */
#define DAT_BLOCK_ROW(S, member, kind) .key = #member, .type = kind, .offset = offsetof(S, block.member)
/* clang-format off */
#define DAT_BLOCK_INT(S, member, fallback, low, high, text)                                                  \
    {DAT_BLOCK_ROW(S, member, DAT_FIELD_INT), fallback, low, high, .help = text}
#define DAT_BLOCK_CHOICE(S, member, fallback, names, text)                                                   \
    {DAT_BLOCK_ROW(S, member, DAT_FIELD_CHOICE), fallback, .choices = names, .help = text}
#define DAT_BLOCK_BOOL(S, member, fallback, text)                                                            \
    {DAT_BLOCK_ROW(S, member, DAT_FIELD_BOOL), fallback, .help = text}
#define DAT_BLOCK_REAL(S, member, fallback, low, high, text)                                                 \
    {DAT_BLOCK_ROW(S, member, DAT_FIELD_REAL), fallback, low, high, .help = text}
/* clang-format on */

#define DAT_BLOCK_D_MODEL(S, fallback) DAT_BLOCK_INT(S, d_model, fallback, 1, 65536, "width of a token")
#define DAT_BLOCK_DFF(S, fallback)                                                                           \
    DAT_BLOCK_INT(S, dff, fallback, 0, 1e6, "width of the feed-forward block; 0: its default")
#define DAT_BLOCK_N_LAYERS(S, fallback, text)    DAT_BLOCK_INT(S, n_layers, fallback, 1, 1000, text)
#define DAT_BLOCK_N_HEADS_SA(S, fallback, text)  DAT_BLOCK_INT(S, n_heads_sa, fallback, 0, 4096, text)
#define DAT_BLOCK_N_HEADS_RA(S, fallback, text)  DAT_BLOCK_INT(S, n_heads_ra, fallback, 0, 4096, text)
#define DAT_BLOCK_N_RELATIONS(S, fallback, text) DAT_BLOCK_INT(S, n_relations, fallback, 0, 4096, text)
#define DAT_BLOCK_N_KV_HEADS(S, fallback)                                                                    \
    DAT_BLOCK_INT(S, n_kv_heads, fallback, 0, 4096, "key/value heads of each kind; 0: one per head")
#define DAT_BLOCK_RELATION_DIM(S, fallback)                                                                  \
    DAT_BLOCK_INT(S, relation_dim, fallback, 0, 65536,                                                       \
                  "width of a relation's projections; 0: n_heads_ra * head_dim / n_relations")
#define DAT_BLOCK_SYMMETRIC_RELATIONS(S, fallback)                                                           \
    DAT_BLOCK_BOOL(S, symmetric_relations, fallback, "r(x, y) = r(y, x)")
#define DAT_BLOCK_NORM_FIRST(S, fallback)                                                                    \
    DAT_BLOCK_BOOL(S, norm_first, fallback, "normalise before attention and feed-forward")
#define DAT_BLOCK_BIAS(S, fallback) DAT_BLOCK_BOOL(S, bias, fallback, "biases in the blocks")
#define DAT_BLOCK_RA_TYPE(S, fallback)                                                                       \
    DAT_BLOCK_CHOICE(S, ra_type, fallback, dat_ra_type_names,                                                \
                     "what relational heads are: relational attention, or the ablations rca and disrca")
#define DAT_BLOCK_SYMBOLS(S, fallback)                                                                       \
    DAT_BLOCK_CHOICE(S, symbols, fallback, dat_retriever_names,                                              \
                     "how relational heads get their symbols (dat)")
#define DAT_BLOCK_N_SYMBOLS(S, fallback)                                                                     \
    DAT_BLOCK_INT(S, n_symbols, fallback, 1, 65536, "library size of symbolic attention")
#define DAT_BLOCK_SYMBOL_HEADS(S, fallback)                                                                  \
    DAT_BLOCK_INT(S, symbol_heads, fallback, 1, 4096, "heads of symbolic attention")
#define DAT_BLOCK_RELATION_INIT(S, fallback)                                                                 \
    DAT_BLOCK_CHOICE(S, relation_init, fallback, dat_relation_init_names,                                    \
                     "start of W_r: as in the paper's runs or as in the published package")
#define DAT_BLOCK_RELATION_ACTIVATION(S, fallback)                                                           \
    DAT_BLOCK_CHOICE(S, relation_activation, fallback, dat_activation_names, "applied to relations")
#define DAT_BLOCK_ACTIVATION(S, fallback)                                                                    \
    DAT_BLOCK_CHOICE(S, activation, fallback, dat_feed_forward_names, "of the feed-forward block")
#define DAT_BLOCK_NORM(S, fallback)    DAT_BLOCK_CHOICE(S, norm, fallback, dat_norm_names, "kind of norm")
#define DAT_BLOCK_DROPOUT(S, fallback) DAT_BLOCK_REAL(S, dropout, fallback, 0, 0.99, "rate, everywhere")

/* A block by these options: a Dual Attention Transformer's, or a Transformer's, which has no relational heads
 * whatever the options say. */
dat_block_config dat_block_options_config(const dat_block_options *options, bool dual);

/* Symbols by these options, with room for sequences of `longest` tokens. */
dat_retriever_config dat_block_options_symbols(const dat_block_options *options, int64_t longest);

#endif
