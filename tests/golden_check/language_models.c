/* TransformerLM and DualAttnTransformerLM. */
#include "golden_check/attention_arguments.h"
#include "golden_check/blocks.h"
#include "golden_check/module.h"
#include "golden_check/sequences.h"
#include "golden_check/symbols.h"
#include "models/language.h"

typedef struct language_case {
    dat_language_model model;
    int64_t ignored; /* target */
} language_case;

/* block_kwargs are arguments of EncoderBlock that TransformerLM does not have itself. */
static void read_block_options(golden_arguments *arguments, dat_block_config *config)
{
    golden_arguments options, attention;
    golden_nested(arguments, "block_kwargs", &options);
    golden_nested(&options, "attn_kwargs", &attention);
    golden_read_attention_options(&attention, &config->attention.self_attention);
    golden_arguments_close(&attention);
    golden_arguments_close(&options);
}

static void read_retrievers(golden_run *run, golden_arguments *arguments, dat_language_config *config)
{
    golden_arguments options;
    golden_read_symbols(run, arguments, &config->symbols);
    golden_nested(arguments, "symbol_retriever_config", &options);
    config->separate_retrievers = !golden_flag(&options, "shared_symbol_retriever", true);
    bool tied = golden_flag(&options, "weight_tie_symbol_library", false);
    config->tied_library = tied && config->separate_retrievers; /* nothing to tie when there is one */
    golden_arguments_close(&options);
}

static void build(golden_run *run, golden_arguments *arguments, language_case *c, bool dual)
{
    dat_language_config config = {
        .vocab_size = golden_integer(arguments, "vocab_size", 0),
        .max_length = golden_integer(arguments, "max_block_size", 0),
        .n_layers = golden_integer(arguments, "n_layers", 0),
        .positions = (dat_language_positions)golden_choice(arguments, "pos_enc_type",
                                                           dat_language_position_names, DAT_LANGUAGE_LEARNED),
    };
    golden_read_block(run, arguments, dual, &config.block);
    if (dual) {
        read_retrievers(run, arguments, &config);
    } else {
        read_block_options(arguments, &config.block);
        golden_flag(arguments, "use_flash_attention", true); /* the same numbers either way */
    }
    bool rope = config.positions == DAT_LANGUAGE_ROPE;
    if (golden_flag(arguments, "rope", rope) != rope)
        golden_wrong(&run->verdict, "rope contradicts pos_enc_type");
    c->ignored = golden_integer(arguments, "loss_ignore_idx", -1);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_language_init(&c->model, &run->params, &config));
}

static void build_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, false);
}

static void build_dual_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, true);
}

static dat_tensor *run_language(golden_run *run, const void *module)
{
    const language_case *c = module;
    dat_tokens tokens = golden_tokens(run, "x");
    return golden_token_loss(run, dat_language_forward(&run->tape, &c->model, tokens), c->ignored);
}

static void release(void *module)
{
    dat_language_free(&((language_case *)module)->model);
}

const golden_module golden_language_models[] = {
    {"TransformerLM", sizeof(language_case), GOLDEN_MODEL_TOLERANCE, build_transformer, run_language,
     release},
    {"DualAttnTransformerLM", sizeof(language_case), GOLDEN_MODEL_TOLERANCE, build_dual_transformer,
     run_language, release},
    {.name = NULL},
};
