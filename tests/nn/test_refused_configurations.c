/* Impossible configs of every module: each is one that works with one thing changed, and is refused by a
 * message that names the values and the rule. tests/models/test_refused_models.c does the same for models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dat.h"
#include "support/refusals.h"

/* --- attention --- */

static dat_status init_attention(dat_params *params, const void *config)
{
    dat_attention_layer layer;
    return dat_attention_init(&layer, params, "layer.attn", config, NULL, NULL);
}

static void attention_is_refused(void **state)
{
    (void)state;
#define CONFIG dat_attention_config
    static const CONFIG base = {.d_model = 12, .n_heads = 4};
    static const refusal rows[] = {
        ONE(SET(d_model, 0), "d_model = 0", "at least 1", "layer.attn"),
        ONE(SET(d_model, -12), "d_model = -12", "at least 1"),
        ONE(SET(d_model, 14), "d_model = 14", "multiple of the total number of heads = 4"),
        ONE(SET(n_heads, 0), "n_heads = 0", "at least 1"),
        ONE(SET(n_heads, -4), "n_heads = -4", "at least 1"),
        ONE(SET(n_heads, 5), "d_model = 12", "multiple of the total number of heads = 5"),
        ONE(SET(n_kv_heads, 3), "n_heads = 4", "multiple of n_kv_heads = 3"),
        ONE(SET(n_kv_heads, 8), "n_heads = 4", "multiple of n_kv_heads = 8"),
        ONE(SET(n_kv_heads, -2), "n_heads = 4", "multiple of n_kv_heads = -2"),
        ONE(SET(total_n_heads, 5), "d_model = 12", "total number of heads = 5"),
        ONE(SET(total_n_heads, 3), "n_heads = 4", "total number of heads = 3"),
        ONE(SET(key_dim, -1), "key_dim = -1", "positive"),
        TWO(SET(symmetric, true), SET(n_kv_heads, 2), "symmetric", "n_kv_heads = 2", "n_heads = 4"),
        ONE(SET(dropout, 1), "dropout = 1", "less than 1"),
        ONE(SET(dropout, -0.1), "dropout = -0.1", "at least 0"),
        ONE(SET(dropout, NAN), "dropout = nan", "at least 0"),
    };
    EXPECT_REFUSALS(init_attention, base, rows);
#undef CONFIG
}

static dat_status init_relational(dat_params *params, const void *config)
{
    dat_relational_layer layer;
    return dat_relational_attention_init(&layer, params, "layer.attn", config);
}

static void relational_attention_is_refused(void **state)
{
    (void)state;
#define CONFIG dat_relational_config
    static const CONFIG base = {.attention = {.d_model = 12, .n_heads = 2, .total_n_heads = 4}};
    static const refusal rows[] = {
        ONE(SET(attention.n_heads, 5), "n_heads = 5", "total number of heads = 4", "layer.attn"),
        ONE(SET(attention.d_model, 10), "d_model = 10", "total number of heads = 4"),
        ONE(SET(n_relations, 4), "width 6", "multiple of n_relations = 4"),
        ONE(SET(n_relations, -1), "n_relations = -1", "at least 1"),
        ONE(SET(rel_proj_dim, -3), "rel_proj_dim = -3", "at least 1"),
        ONE(SET(relation_activation, DAT_N_ACTIVATIONS), "rel_activation = 6", "0 (identity) to 5 (sigmoid)"),
        ONE(SET(relation_activation, -1), "rel_activation = -1", "identity"),
        ONE(SET(relation_init, 2), "relation_init = 2", "0 (package) to 1 (paper)"),
    };
    EXPECT_REFUSALS(init_relational, base, rows);
#undef CONFIG
}

static dat_status init_rca(dat_params *params, const void *config)
{
    dat_rca_layer layer;
    return dat_rca_init(&layer, params, "layer.attn", config);
}

static dat_status init_disrca(dat_params *params, const void *config)
{
    dat_disrca_layer layer;
    return dat_disrca_init(&layer, params, "layer.attn", config);
}

static void ablations_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_rca_config
    static const CONFIG rca = {.attention = {.d_model = 12, .n_heads = 4}};
    static const refusal rca_rows[] = {
        ONE(SET(attention.n_kv_heads, 3), "n_heads = 4", "n_kv_heads = 3", "layer.attn"),
        TWO(SET(attention.symmetric, true), SET(attention.n_kv_heads, 1), "n_kv_heads = 1", "n_heads = 4"),
        ONE(SET(activation, 7), "activation = 7", "sigmoid"),
    };
    EXPECT_REFUSALS(init_rca, rca, rca_rows);
#undef CONFIG
#define CONFIG dat_disrca_config
    static const CONFIG disrca = {.attention = {.d_model = 12, .n_heads = 4}};
    static const refusal disrca_rows[] = {
        ONE(SET(attention.n_kv_heads, 2), "n_kv_heads = 2", "must be 1 or n_heads = 4", "layer.attn"),
        ONE(SET(attention.n_kv_heads, 3), "n_kv_heads = 3", "n_heads = 4"),
        TWO(SET(attention.symmetric, true), SET(attention.n_kv_heads, 1), "n_kv_heads = 1", "n_heads = 4"),
        ONE(SET(relation_activation, 6), "rel_activation = 6", "sigmoid"),
    };
    EXPECT_REFUSALS(init_disrca, disrca, disrca_rows);
#undef CONFIG
}

static dat_status init_dual(dat_params *params, const void *config)
{
    dat_dual_layer layer;
    return dat_dual_attention_init(&layer, params, "layer.attn", config);
}

static void dual_attention_is_refused(void **state)
{
    (void)state;
#define CONFIG dat_dual_config
    static const CONFIG base = {.n_heads_sa = 2, .n_heads_ra = 2, .self_attention = {.d_model = 16}};
    static const refusal rows[] = {
        TWO(SET(n_heads_sa, 0), SET(n_heads_ra, 0), "n_heads_sa = 0", "n_heads_ra = 0", "positive"),
        ONE(SET(n_heads_sa, -1), "n_heads_sa = -1", "negative", "layer.attn"),
        ONE(SET(n_heads_ra, -1), "n_heads_ra = -1", "negative"),
        ONE(SET(n_heads_sa, 3), "d_model = 16", "total number of heads = 5"),
        ONE(SET(self_attention.n_kv_heads, 4), "n_heads = 2", "n_kv_heads = 4"),
        ONE(SET(relational.attention.n_kv_heads, 4), "n_heads = 2", "n_kv_heads = 4"),
        ONE(SET(relational.n_relations, 3), "width 8", "n_relations = 3"),
        ONE(SET(ra_type, 3), "ra_type = 3", "0 (relational_attention) to 2 (disrca)"),
        TWO(SET(share_attention, true), SET(ra_type, DAT_RCA), "share_attn_params = true", "ra_type = rca"),
        THREE(SET(share_attention, true), SET(n_heads_sa, 3), SET(n_heads_ra, 1), "n_heads_sa = 3",
              "n_heads_ra = 1", "equal"),
        TWO(SET(share_attention, true), SET(self_attention.n_kv_heads, 1), "n_kv_heads = 1 and 2", "equal"),
        TWO(SET(share_attention, true), SET(relational.attention.key_dim, 3), "key_dim = 4 and 3", "equal"),
        TWO(SET(share_attention, true), SET(self_attention.symmetric, true), "symmetric = 1 and 0", "equal"),
        THREE(SET(share_attention, true), SET(ra_type, DAT_DISRCA), SET(disrca.attention.n_kv_heads, 1),
              "n_kv_heads = 2 and 1", "equal"),
    };
    EXPECT_REFUSALS(init_dual, base, rows);
#undef CONFIG
}

/* --- blocks --- */

static dat_status init_encoder(dat_params *params, const void *config)
{
    dat_encoder_block block;
    return dat_encoder_block_init(&block, params, "block", config);
}

static dat_status init_decoder(dat_params *params, const void *config)
{
    dat_decoder_block block;
    return dat_decoder_block_init(&block, params, "block", config);
}

static void blocks_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_block_config
    static const CONFIG plain = {.d_model = 12, .attention = {.self_attention = {.n_heads = 2}}};
    static const refusal plain_rows[] = {
        ONE(SET(d_model, 13), "block.self_attn", "d_model = 13", "heads = 2"),
        ONE(SET(d_model, 0), "d_model = 0", "at least 1"),
        ONE(SET(dff, -1), "block.ff_block", "dff = -1", "positive"),
        ONE(SET(activation, DAT_SWIGLU + 1), "activation = 7", "0 (identity) to 6 (swiglu)"),
        ONE(SET(activation, -1), "activation = -1", "swiglu"),
        ONE(SET(norm_type, 3), "norm_type = 3", "0 (layernorm) to 2 (none)"),
        ONE(SET(dropout, 1), "dropout = 1", "less than 1"),
        ONE(SET(attention.self_attention.total_n_heads, 4), "total_n_heads = 4", "equal n_heads = 2"),
    };
    EXPECT_REFUSALS(init_encoder, plain, plain_rows);
    static const CONFIG dual = {.dual = true, .d_model = 12, .attention = {.n_heads_sa = 1, .n_heads_ra = 2}};
    static const refusal dual_rows[] = {
        ONE(SET(attention.n_heads_sa, 3), "block.dual_attn", "d_model = 12", "heads = 5"),
        ONE(SET(attention.share_attention, true), "n_heads_sa = 1", "n_heads_ra = 2"),
        ONE(SET(dropout, 1.5), "dropout = 1.5", "less than 1"),
    };
    EXPECT_REFUSALS(init_encoder, dual, dual_rows);
#undef CONFIG
#define CONFIG dat_decoder_config
    static const CONFIG decoder = {.block = {.d_model = 12, .attention = {.self_attention = {.n_heads = 2}}},
                                   .cross = {.n_heads = 4}};
    static const refusal decoder_rows[] = {
        ONE(SET(block.attention.self_attention.n_heads, 5), "block.self_attn", "d_model = 12", "heads = 5"),
        ONE(SET(cross.n_heads, 0), "block.cross_attn", "n_heads = 0", "at least 1"),
        ONE(SET(cross.n_heads, 5), "block.cross_attn", "d_model = 12", "heads = 5"),
        ONE(SET(cross.n_kv_heads, 3), "n_heads = 4", "n_kv_heads = 3"),
        ONE(SET(cross.total_n_heads, 6), "block.cross_attn", "total_n_heads = 6", "equal n_heads = 4"),
        ONE(SET(block.norm_type, -1), "norm_type = -1", "layernorm"),
        ONE(SET(block.dropout, -1), "dropout = -1", "at least 0"),
    };
    EXPECT_REFUSALS(init_decoder, decoder, decoder_rows);
#undef CONFIG
}

/* --- symbols and positions --- */

static dat_status init_retriever(dat_params *params, const void *config)
{
    dat_retriever retriever;
    return dat_retriever_init(&retriever, params, "symbols", config);
}

static void retrievers_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_retriever_config
    static const CONFIG base = {.kind = DAT_REL_SYM_ATTENTION,
                                .d_model = 12,
                                .n_heads = 2,
                                .n_symbols = 3,
                                .rel_n_heads = 3,
                                .neighbours = 1};
    static const refusal rows[] = {
        ONE(SET(kind, 4), "symbol retriever = 4", "0 (positional_symbols) to 3 (rel_sym_attn)", "symbols"),
        ONE(SET(kind, -1), "symbol retriever = -1", "positional_symbols"),
        ONE(SET(kind, DAT_POSITIONAL_SYMBOLS), "max_length = 0", "at least 1"),
        TWO(SET(kind, DAT_POSITION_RELATIVE), SET(max_rel_pos, -1), "max_rel_pos = -1", "negative"),
        ONE(SET(d_model, 0), "d_model = 0", "at least 1"),
        ONE(SET(n_heads, 5), "d_model = 12", "n_heads = 5", "multiple"),
        ONE(SET(n_heads, 0), "n_heads = 0", "multiple"),
        ONE(SET(n_symbols, 0), "n_symbols = 0", "at least 1"),
        ONE(SET(dropout, 1), "dropout = 1", "less than 1"),
        ONE(SET(rel_n_heads, 5), "d_model = 12", "rel_n_heads = 5", "multiple"),
        ONE(SET(neighbours, 0), "nbhd_delta = 0", "include_self = 0"),
        ONE(SET(neighbours, -1), "nbhd_delta = -1", "neighbours"),
    };
    EXPECT_REFUSALS(init_retriever, base, rows);
#undef CONFIG
}

static dat_status init_encoding(dat_params *params, const void *config)
{
    dat_position_encoding encoding;
    dat_status status = dat_position_encoding_init(&encoding, params, "positions", config);
    dat_position_encoding_free(&encoding);
    return status;
}

static dat_status init_angles(dat_params *params, const void *config)
{
    (void)params;
    dat_rope_angles angles;
    dat_status status = dat_rope_angles_init(&angles, 5, config);
    dat_rope_angles_free(&angles);
    return status;
}

static void positions_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_position_config
    static const CONFIG sinusoids = {.d_model = 6, .max_length = 5};
    static const refusal sinusoid_rows[] = {
        ONE(SET(d_model, 5), "d_model = 5", "even", "positions"),
        ONE(SET(d_model, 0), "d_model = 0", "at least 1"),
        ONE(SET(max_length, 0), "max_length = 0", "at least 1"),
        ONE(SET(dropout, 1), "dropout = 1", "less than 1"),
    };
    EXPECT_REFUSALS(init_encoding, sinusoids, sinusoid_rows);
    static const CONFIG learned = {.learned = true, .d_model = 5, .max_length = 5};
    static const refusal learned_rows[] = {
        ONE(SET(max_length, -1), "max_length = -1", "at least 1"),
        ONE(SET(dropout, NAN), "dropout = nan", "at least 0"),
    };
    EXPECT_REFUSALS(init_encoding, learned, learned_rows);
#undef CONFIG
#define CONFIG dat_block_config
    static const CONFIG block = {
        .dual = true, .d_model = 16, .attention = {.n_heads_sa = 2, .n_heads_ra = 2}};
    static const refusal block_rows[] = {
        ONE(SET(d_model, 12), "head_dim = 3", "even"),
        ONE(SET(attention.n_heads_sa, 30), "head_dim = 0", "even"),
        ONE(SET(attention.self_attention.key_dim, 6), "key_dim = 6", "head_dim = 4"),
        ONE(SET(attention.relational.attention.key_dim, 2), "key_dim = 2", "head_dim = 4"),
        TWO(SET(attention.ra_type, DAT_RCA), SET(attention.rca.attention.key_dim, 6), "key_dim = 6",
            "head_dim = 4"),
    };
    EXPECT_REFUSALS(init_angles, block, block_rows);
#undef CONFIG
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_refused),  cmocka_unit_test(relational_attention_is_refused),
        cmocka_unit_test(ablations_are_refused), cmocka_unit_test(dual_attention_is_refused),
        cmocka_unit_test(blocks_are_refused),    cmocka_unit_test(retrievers_are_refused),
        cmocka_unit_test(positions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
