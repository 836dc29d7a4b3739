/* DecoderBlock and DualAttnDecoderBlock. */
#include "nn/decoder_block.h"

#include "golden_check/attention_arguments.h"
#include "golden_check/blocks.h"
#include "golden_check/module.h"

void golden_read_decoder_options(const golden_run *run, golden_arguments *arguments, bool dual,
                                 dat_decoder_config *config)
{
    golden_arguments options;
    golden_read_block_options(run, arguments, dual, &config->block);
    config->cross.n_heads = golden_integer(arguments, "n_heads_cross", 0);
    if (!dual) { /* the reference ignores n_heads_cross here */
        config->cross.n_heads = config->block.attention.self_attention.n_heads;
        return;
    }
    golden_nested(arguments, "cross_kwargs", &options);
    config->cross.total_n_heads = golden_integer(&options, "total_n_heads", 0);
    golden_read_attention_options(&options, &config->cross);
    golden_arguments_close(&options);
}

typedef struct decoder_case {
    golden_flags flags;
    dat_decoder_block block;
} decoder_case;

static void build(golden_run *run, golden_arguments *arguments, decoder_case *c, bool dual)
{
    dat_decoder_config config = {.block.d_model = golden_integer(arguments, "d_model", 0)};
    c->flags = golden_read_flags(arguments, "causal");
    golden_read_decoder_options(run, arguments, dual, &config);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_decoder_block_init(&c->block, &run->params, "", &config));
}

static void build_decoder(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, false);
}

static void build_dual_decoder(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, true);
}

static dat_tensor *run_decoder(golden_run *run, const void *module)
{
    const decoder_case *c = module;
    dat_tensor *x = golden_input(run, "x"), *memory = golden_input(run, "context");
    dat_symbols symbols = {0};
    if (c->block.config.block.dual)
        symbols = golden_input_symbols(run);
    dat_attention_context context = golden_context(run, &c->flags);
    return golden_output(run, "output",
                         dat_decoder_block_forward(&run->tape, &c->block, x, (dat_memory){.states = memory},
                                                   &symbols, &context));
}

const golden_module golden_decoder_blocks[] = {
    {"DecoderBlock", sizeof(decoder_case), GOLDEN_MODULE_TOLERANCE, build_decoder, run_decoder, NULL},
    {"DualAttnDecoderBlock", sizeof(decoder_case), GOLDEN_MODULE_TOLERANCE, build_dual_decoder, run_decoder,
     NULL},
    {.name = NULL},
};
