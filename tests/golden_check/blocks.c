#include "golden_check/blocks.h"

#include "golden_check/attention_arguments.h"
#include "golden_check/module.h"

void golden_read_block_options(const golden_run *run, golden_arguments *arguments, bool dual,
                               dat_block_config *config)
{
    config->dual = dual;
    config->dff = golden_integer(arguments, "dff", 0);
    config->activation = golden_choice(arguments, "activation", dat_feed_forward_names, DAT_RELU);
    config->norm_type = (dat_norm_type)golden_choice(arguments, "norm_type", dat_norm_names, DAT_LAYER_NORM);
    config->norm_first = golden_flag(arguments, "norm_first", true);
    config->bias = golden_flag(arguments, "bias", true);
    config->dropout = golden_number(arguments, "dropout_rate", 0);
    if (dual) {
        golden_read_dual(run, arguments, config->d_model, &config->attention);
        return;
    }
    golden_arguments options;
    dat_attention_config *attention = &config->attention.self_attention;
    attention->n_heads = golden_integer(arguments, "n_heads", 0);
    golden_nested(arguments, "attn_kwargs", &options);
    golden_read_attention_options(&options, attention);
    golden_arguments_close(&options);
}

void golden_read_block(const golden_run *run, golden_arguments *arguments, bool dual,
                       dat_block_config *config)
{
    config->d_model = golden_integer(arguments, "d_model", 0);
    golden_read_block_options(run, arguments, dual, config);
}

typedef struct block_case {
    golden_flags flags;
    dat_encoder_block block;
} block_case;

static void build_block(golden_run *run, golden_arguments *arguments, block_case *c, bool dual)
{
    dat_block_config config = {0};
    c->flags = golden_read_flags(arguments, "causal");
    golden_read_block(run, arguments, dual, &config);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_encoder_block_init(&c->block, &run->params, "", &config));
}

static void build_encoder(golden_run *run, golden_arguments *arguments, void *module)
{
    build_block(run, arguments, module, false);
}

static void build_dual_encoder(golden_run *run, golden_arguments *arguments, void *module)
{
    build_block(run, arguments, module, true);
}

static dat_tensor *run_block(golden_run *run, const void *module)
{
    const block_case *c = module;
    dat_tensor *x = golden_input(run, "x");
    dat_symbols symbols = {0};
    if (c->block.config.dual)
        symbols = golden_input_symbols(run);
    dat_attention_context context = golden_context(run, &c->flags);
    return golden_output(run, "output",
                         dat_encoder_block_forward(&run->tape, &c->block, x, &symbols, &context));
}

const golden_module golden_blocks[] = {
    {"EncoderBlock", sizeof(block_case), GOLDEN_MODULE_TOLERANCE, build_encoder, run_block, NULL},
    {"DualAttnEncoderBlock", sizeof(block_case), GOLDEN_MODULE_TOLERANCE, build_dual_encoder, run_block,
     NULL},
    {.name = NULL},
};
