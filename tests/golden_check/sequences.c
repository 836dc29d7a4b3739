/* Embedding, SinusoidalPositionalEncoding and LearnedPositionalEmbeddings. */
#include "golden_check/sequences.h"

#include <inttypes.h>

#include "golden_check/module.h"
#include "nn/position.h"

dat_tokens golden_tokens(golden_run *run, const char *name)
{
    const dat_tensor *values = golden_input(run, name);
    if (!values || values->rank != 2) {
        golden_wrong(&run->verdict, "inputs/%s should be (batch, length) token ids", name);
        return (dat_tokens){0};
    }
    int32_t *ids = dat_tape_take(&run->tape, (size_t)dat_count(values) * sizeof *ids);
    for (int64_t i = 0; ids && i < dat_count(values); i++)
        ids[i] = (int32_t)values->data[i];
    return (dat_tokens){ids, values->shape[0], values->shape[1]};
}

dat_tensor *golden_token_loss(golden_run *run, dat_tensor *logits, int64_t ignore_index)
{
    golden_output(run, "logits", logits);
    if (!logits)
        return NULL;
    dat_cross_entropy_args args = {.targets = golden_targets(run, "targets", dat_rows(logits)),
                                   .ignore_index = (int32_t)ignore_index};
    return args.targets ? golden_output(run, "loss", dat_cross_entropy(&run->tape, logits, &args)) : NULL;
}

/* --- Embedding --- */

typedef struct embedding_case {
    dat_tensor *table;
} embedding_case;

static void build_embedding(golden_run *run, golden_arguments *arguments, void *module)
{
    int64_t shape[2] = {golden_integer(arguments, "num_embeddings", 0),
                        golden_integer(arguments, "embedding_dim", 0)};
    ((embedding_case *)module)->table =
        dat_params_add(&run->params, "", "weight", 2, shape, (dat_init){DAT_INIT_NORMAL, 1});
}

static dat_tensor *run_embedding(golden_run *run, const void *module)
{
    dat_tensor *table = ((const embedding_case *)module)->table;
    return golden_output(run, "output", dat_embedding(&run->tape, table, golden_tokens(run, "ids")));
}

/* --- position encodings --- */

static void build_encoding(golden_run *run, golden_arguments *arguments, void *module, bool learned)
{
    dat_position_config config = {.learned = learned,
                                  .d_model = golden_integer(arguments, "d_model", 0),
                                  .max_length = golden_integer(arguments, "max_len", 2048),
                                  .scale = golden_flag(arguments, "scale", true),
                                  .dropout = golden_number(arguments, "dropout", 0.1)};
    golden_accept(&run->verdict, dat_position_encoding_init(module, &run->params, "", &config));
}

static void build_sinusoidal(golden_run *run, golden_arguments *arguments, void *module)
{
    build_encoding(run, arguments, module, false);
}

static void build_learned(golden_run *run, golden_arguments *arguments, void *module)
{
    build_encoding(run, arguments, module, true);
}

/* The file's whole table, of which the output shows as many rows as the input has. */
static void check_sinusoids(golden_run *run, const dat_position_encoding *encoding)
{
    const dat_tensor *pe = golden_buffer(run, "pe");
    int64_t count = encoding->config.max_length * encoding->config.d_model;
    if (!pe || dat_count(pe) != count) {
        golden_wrong(&run->verdict, "buffers/pe should have %" PRId64 " values", count);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)pe->data[i] - (double)encoding->sinusoids[i]) < 1e-5))
            golden_wrong(&run->verdict, "buffers/pe is another table than ours");
}

static dat_tensor *run_encoding(golden_run *run, const void *module)
{
    const dat_position_encoding *encoding = module;
    if (!encoding->config.learned)
        check_sinusoids(run, encoding);
    return golden_output(run, "output",
                         dat_position_encoding_forward(&run->tape, encoding, golden_input(run, "x")));
}

static void release_encoding(void *module)
{
    dat_position_encoding_free(module);
}

const golden_module golden_sequences[] = {
    {"Embedding", sizeof(embedding_case), GOLDEN_MODULE_TOLERANCE, build_embedding, run_embedding, NULL},
    {"SinusoidalPositionalEncoding", sizeof(dat_position_encoding), GOLDEN_MODULE_TOLERANCE, build_sinusoidal,
     run_encoding, release_encoding},
    {"LearnedPositionalEmbeddings", sizeof(dat_position_encoding), GOLDEN_MODULE_TOLERANCE, build_learned,
     run_encoding, release_encoding},
    {.name = NULL},
};
