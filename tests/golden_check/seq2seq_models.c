/* Seq2SeqTransformer and Seq2SeqDualAttnTransformer. */
#include "golden_check/attention_arguments.h"
#include "golden_check/blocks.h"
#include "golden_check/module.h"
#include "golden_check/sequences.h"
#include "golden_check/symbols.h"
#include "models/seq2seq.h"

typedef struct seq2seq_case {
    dat_seq2seq_model model;
    int64_t ignored; /* target */
} seq2seq_case;

static dat_sequence_spec read_spec(golden_arguments *arguments, const char *key)
{
    static const char *const names[] = {"token", "vector", NULL};
    golden_arguments options;
    dat_sequence_spec spec = {0};
    golden_nested(arguments, key, &options);
    if (golden_choice(&options, "type", names, 0) == 0)
        spec.vocab_size = golden_integer(&options, "vocab_size", 0);
    else
        spec.vector_size = golden_integer(&options, "dim", 0);
    golden_arguments_close(&options);
    return spec;
}

static void read_blocks(const golden_run *run, golden_arguments *arguments, bool dual,
                        dat_seq2seq_config *config)
{
    golden_arguments options;
    golden_nested(arguments, "encoder_kwargs", &options);
    golden_read_block_options(run, &options, dual, &config->encoder);
    config->causal_encoder = golden_flag(&options, "causal", false);
    golden_arguments_close(&options);

    golden_nested(arguments, "decoder_kwargs", &options);
    golden_read_decoder_options(run, &options, dual, &config->decoder);
    config->causal_decoder = golden_flag(&options, "causal", dual);
    golden_arguments_close(&options);
}

static void build(golden_run *run, golden_arguments *arguments, seq2seq_case *c, bool dual)
{
    dat_seq2seq_config config = {
        .source = read_spec(arguments, "input_spec"),
        .target = read_spec(arguments, "output_spec"),
        .max_source = golden_integer(arguments, "in_block_size", 0),
        .max_target = golden_integer(arguments, "out_block_size", 0),
        .n_outputs = golden_integer(arguments, "out_dim", 0),
        .n_layers_enc = golden_integer(arguments, "n_layers_enc", 0),
        .n_layers_dec = golden_integer(arguments, "n_layers_dec", 0),
        .positions = (dat_seq2seq_positions)golden_choice(arguments, "pos_enc_type",
                                                          dat_seq2seq_position_names, DAT_SEQ2SEQ_SINUSOIDAL),
        .tie_weights = golden_flag(arguments, "tie_weights", true),
    };
    config.encoder.d_model = config.decoder.block.d_model = golden_integer(arguments, "d_model", 0);
    read_blocks(run, arguments, dual, &config);
    if (dual) {
        config.n_layers_dec = config.n_layers_enc; /* the reference ignores n_layers_dec */
        config.symbols_once = !golden_flag(arguments, "update_symbols_each_layer", true);
        golden_read_symbols(run, arguments, &config.symbols);
    }
    c->ignored = golden_integer(arguments, "loss_ignore_idx", -1);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_seq2seq_init(&c->model, &run->params, &config));
}

static void build_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, false);
}

static void build_dual_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, true);
}

static dat_sequence read_sequence(golden_run *run, const dat_sequence_spec *spec, const char *name)
{
    if (spec->vocab_size)
        return (dat_sequence){.tokens = golden_tokens(run, name)};
    return (dat_sequence){.vectors = golden_input(run, name)};
}

static dat_tensor *run_seq2seq(golden_run *run, const void *module)
{
    const seq2seq_case *c = module;
    dat_sequence source = read_sequence(run, &c->model.config.source, "x");
    dat_sequence target = read_sequence(run, &c->model.config.target, "y");
    dat_memory memory = dat_seq2seq_encode(&run->tape, &c->model, &source);
    dat_tensor *logits = dat_seq2seq_decode(&run->tape, &c->model, memory, &target, false);
    return golden_token_loss(run, logits, c->ignored);
}

static void release(void *module)
{
    dat_seq2seq_free(&((seq2seq_case *)module)->model);
}

const golden_module golden_seq2seq_models[] = {
    {"Seq2SeqTransformer", sizeof(seq2seq_case), GOLDEN_MODEL_TOLERANCE, build_transformer, run_seq2seq,
     release},
    {"Seq2SeqDualAttnTransformer", sizeof(seq2seq_case), GOLDEN_MODEL_TOLERANCE, build_dual_transformer,
     run_seq2seq, release},
    {.name = NULL},
};
