/* Impossible configs of every model: each is one that works with one thing changed, and is refused by a
 * message that names the values and the rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dat.h"
#include "support/refusals.h"

static dat_status init_language(dat_params *params, const void *config)
{
    dat_language_model model;
    dat_status status = dat_language_init(&model, params, config);
    dat_language_free(&model);
    return status;
}

static void language_models_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_language_config
    static const CONFIG base = {
        .vocab_size = 7,
        .max_length = 6,
        .n_layers = 2,
        .block = {.dual = true, .d_model = 8, .attention = {.n_heads_sa = 1, .n_heads_ra = 1}}};
    static const refusal rows[] = {
        ONE(SET(vocab_size, 0), "vocab_size = 0", "at least 1"),
        ONE(SET(max_length, 0), "max_length = 0", "at least 1"),
        ONE(SET(n_layers, -2), "n_layers = -2", "at least 1"),
        ONE(SET(block.d_model, 0), "d_model = 0", "at least 1"),
        ONE(SET(block.d_model, 9), "d_model = 9", "heads = 2"),
        ONE(SET(positions, 2), "positions = 2", "0 (pos_emb) to 1 (RoPE)"),
        TWO(SET(positions, DAT_LANGUAGE_ROPE), SET(block.d_model, 6), "head_dim = 3", "even"),
        ONE(SET(symbols.kind, 9), "symbol retriever = 9", "rel_sym_attn"),
        ONE(SET(symbols.d_model, 6), "width 6", "d_model = 8"),
        ONE(SET(symbols.max_length, 5), "5 positional symbols", "max_length = 6"),
        ONE(SET(symbols.kind, DAT_REL_SYM_ATTENTION), "rel_sym_attn", "causal_neighbours"),
        ONE(SET(tied_library, true), "tied_library", "separate_retrievers"),
        TWO(SET(symbols_once, true), SET(separate_retrievers, true), "symbols_once", "separate_retrievers"),
        THREE(SET(tied_library, true), SET(separate_retrievers, true),
              SET(symbols.kind, DAT_POSITION_RELATIVE), "tied_library", "position_relative"),
    };
    EXPECT_REFUSALS(init_language, base, rows);
#undef CONFIG
}

static dat_status init_seq2seq(dat_params *params, const void *config)
{
    dat_seq2seq_model model;
    dat_status status = dat_seq2seq_init(&model, params, config);
    dat_seq2seq_free(&model);
    return status;
}

static void encoder_decoder_models_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_seq2seq_config
#define BLOCK                                                                                                \
    {                                                                                                        \
        .dual = true, .d_model = 8, .attention = {.n_heads_sa = 1, .n_heads_ra = 1 }                         \
    }
    static const CONFIG base = {.source = {.vocab_size = 5},
                                .target = {.vocab_size = 6},
                                .max_source = 4,
                                .max_target = 7,
                                .n_outputs = 6,
                                .n_layers_enc = 1,
                                .n_layers_dec = 1,
                                .encoder = BLOCK,
                                .decoder = {.block = BLOCK, .cross = {.n_heads = 2}}};
    static const refusal rows[] = {
        ONE(SET(source.vector_size, 3), "source", "not 5 and 3"),
        ONE(SET(source.vocab_size, 0), "source", "not 0 and 0"),
        ONE(SET(target.vocab_size, -6), "target", "not -6 and 0"),
        ONE(SET(n_outputs, 0), "n_outputs = 0", "at least 1"),
        ONE(SET(n_layers_enc, 0), "n_layers_enc = 0", "at least 1"),
        ONE(SET(n_layers_dec, -1), "n_layers_dec = -1", "at least 1"),
        ONE(SET(max_source, 0), "source", "max_length = 0", "at least 1"),
        ONE(SET(max_target, 0), "target", "max_length = 0", "at least 1"),
        ONE(SET(encoder.d_model, 10), "d_model = 10 and 8", "agree"),
        ONE(SET(encoder.dual, false), "dual = 0 and 1", "agree"),
        TWO(SET(encoder.d_model, 9), SET(decoder.block.d_model, 9), "d_model = 9", "even"),
        THREE(SET(encoder.d_model, 6), SET(decoder.block.d_model, 6), SET(positions, DAT_SEQ2SEQ_ROPE),
              "head_dim = 3", "even"),
        ONE(SET(positions, 3), "positions = 3", "0 (sinusoidal) to 2 (RoPE)"),
        TWO(SET(positions, DAT_SEQ2SEQ_LEARNED), SET(position_dropout, 1), "dropout = 1", "less than 1"),
        ONE(SET(symbols.d_model, 6), "width 6", "d_model = 8"),
        ONE(SET(symbols.max_length, 6), "6 positional symbols", "7 positions"),
        ONE(SET(decoder.cross.n_heads, 3), "cross_attn", "d_model = 8", "heads = 3"),
    };
    EXPECT_REFUSALS(init_seq2seq, base, rows);
#undef BLOCK
#undef CONFIG
}

static dat_status init_vision(dat_params *params, const void *config)
{
    dat_vision_model model;
    dat_status status = dat_vision_init(&model, params, config);
    dat_vision_free(&model);
    return status;
}

static void vision_models_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_vision_config
    static const CONFIG base = {
        .channels = 3,
        .image_height = 12,
        .image_width = 8,
        .patch_height = 4,
        .patch_width = 2,
        .n_classes = 2,
        .n_layers = 1,
        .block = {.dual = true, .d_model = 8, .attention = {.n_heads_sa = 1, .n_heads_ra = 1}}};
    static const refusal rows[] = {
        ONE(SET(patch_height, 5), "5 x 2", "tile", "12 x 8"),
        ONE(SET(patch_width, 3), "4 x 3", "tile", "12 x 8"),
        ONE(SET(patch_width, 0), "4 x 0", "tile", "12 x 8"),
        ONE(SET(image_height, 0), "4 x 2", "tile", "0 x 8"),
        ONE(SET(channels, 0), "channels = 0", "at least 1"),
        ONE(SET(n_classes, 0), "n_classes = 0", "at least 1"),
        ONE(SET(n_layers, 0), "n_layers = 0", "at least 1"),
        ONE(SET(pool, 2), "pool = 2", "0 (cls) to 1 (mean)"),
        ONE(SET(block.d_model, 9), "d_model = 9", "heads = 2"),
        ONE(SET(block.dropout, 1), "dropout = 1", "less than 1"),
        TWO(SET(rope, true), SET(block.d_model, 6), "head_dim = 3", "even"),
        ONE(SET(symbols.d_model, 6), "6 wide", "d_model = 8"),
        ONE(SET(symbols.max_length, 12), "12 positional symbols", "13 tokens"),
        ONE(SET(symbols.kind, 4), "symbol retriever = 4", "rel_sym_attn"),
    };
    EXPECT_REFUSALS(init_vision, base, rows);
#undef CONFIG
}

/* --- baselines --- */

static dat_status init_corelnet(dat_params *params, const void *config)
{
    dat_corelnet model;
    return dat_corelnet_init(&model, params, config);
}

static dat_status init_predinet(dat_params *params, const void *config)
{
    dat_predinet model;
    return dat_predinet_init(&model, params, config);
}

static dat_status init_abstractor(dat_params *params, const void *config)
{
    dat_abstractor model;
    dat_status status = dat_abstractor_init(&model, params, config);
    dat_abstractor_free(&model);
    return status;
}

#define PATCHES                                                                                              \
    {                                                                                                        \
        .channels = 1, .image_height = 4, .image_width = 6, .patch_height = 2, .patch_width = 3,             \
        .d_model = 6                                                                                         \
    }

static void comparing_baselines_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_corelnet_config
    static const CONFIG corelnet = {.patches = PATCHES, .n_classes = 2};
    static const refusal corelnet_rows[] = {
        ONE(SET(n_classes, 0), "n_classes = 0", "at least 1"),
        ONE(SET(patches.patch_width, 4), "2 x 4", "tile", "4 x 6"),
        ONE(SET(patches.patch_height, 0), "0 x 3", "tile", "4 x 6"),
        ONE(SET(patches.channels, 0), "channels = 0", "at least 1"),
        ONE(SET(patches.d_model, 0), "d_model = 0", "at least 1"),
    };
    EXPECT_REFUSALS(init_corelnet, corelnet, corelnet_rows);
#undef CONFIG
#define CONFIG dat_predinet_config
    static const CONFIG predinet = {.patches = PATCHES, .n_heads = 2, .n_relations = 3, .n_classes = 2};
    static const refusal predinet_rows[] = {
        ONE(SET(n_heads, 7), "d_model = 6", "at least n_heads = 7"),
        ONE(SET(n_heads, 0), "n_heads = 0", "at least 1"),
        ONE(SET(n_relations, 0), "n_relations = 0", "at least 1"),
        ONE(SET(n_classes, -1), "n_classes = -1", "at least 1"),
        ONE(SET(patches.patch_height, 3), "3 x 3", "tile", "4 x 6"),
    };
    EXPECT_REFUSALS(init_predinet, predinet, predinet_rows);
#undef CONFIG
}

static void abstractors_are_refused(void **state)
{
    (void)state;
#define CONFIG dat_abstractor_config
    static const CONFIG base = {.patches = PATCHES, .n_classes = 2, .n_layers = 1, .n_heads = 2};
    static const refusal rows[] = {
        ONE(SET(n_layers, 0), "n_layers = 0", "at least 1"),
        ONE(SET(n_classes, 0), "n_classes = 0", "at least 1"),
        ONE(SET(n_heads, 4), "d_model = 6", "heads = 4"),
        ONE(SET(dff, -1), "dff = -1", "positive"),
        ONE(SET(activation, 7), "activation = 7", "swiglu"),
        ONE(SET(dropout, 1), "dropout = 1", "less than 1"),
        ONE(SET(patches.patch_width, 5), "2 x 5", "tile", "4 x 6"),
        ONE(SET(symbols.d_model, 8), "symbols = 8", "d_model = 6"),
        ONE(SET(symbols.max_length, 3), "3 positional symbols", "4 objects"),
        ONE(SET(symbols.kind, DAT_POSITION_RELATIVE), "position_relative", "symbolic_attention"),
        ONE(SET(symbols.kind, DAT_REL_SYM_ATTENTION), "rel_sym_attn", "symbolic_attention"),
        ONE(SET(symbols.kind, 5), "symbol retriever = 5", "rel_sym_attn"),
        THREE(SET(patches.d_model, 7), SET(n_heads, 1), SET(add_positions, true), "d_model = 7", "even"),
    };
    EXPECT_REFUSALS(init_abstractor, base, rows);
#undef CONFIG
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language_models_are_refused), cmocka_unit_test(encoder_decoder_models_are_refused),
        cmocka_unit_test(vision_models_are_refused),   cmocka_unit_test(comparing_baselines_are_refused),
        cmocka_unit_test(abstractors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
