#include "golden_check/symbols.h"

#include "golden_check/attention_arguments.h"
#include "golden_check/module.h"

void golden_read_retriever(golden_arguments *arguments, dat_retriever_config *config)
{
    switch (config->kind) {
    case DAT_POSITIONAL_SYMBOLS:
        config->d_model = golden_integer(arguments, "symbol_dim", 0);
        config->max_length = golden_integer(arguments, "max_length", 0);
        golden_flag(arguments, "sinusoidal", false); /* kept by the reference, but without effect */
        return;
    case DAT_POSITION_RELATIVE:
        config->d_model = golden_integer(arguments, "symbol_dim", 0);
        config->max_rel_pos = golden_integer(arguments, "max_rel_pos", 0);
        return;
    case DAT_SYMBOLIC_ATTENTION:
        config->n_heads = golden_integer(arguments, "n_heads", 0);
        config->scale = golden_number(arguments, "scale", 0);
        config->fixed_symbols = !golden_flag(arguments, "trainable_symbols", true);
        break;
    case DAT_REL_SYM_ATTENTION:
        config->n_heads = golden_integer(arguments, "symbolic_attn_n_heads", 0);
        config->scale = golden_number(arguments, "symbolic_attn_scale", 0);
        config->rel_n_heads = golden_integer(arguments, "rel_n_heads", 0);
        config->neighbours = golden_integer(arguments, "nbhd_delta", 0);
        config->causal_neighbours = golden_flag(arguments, "causal_nbhd", true);
        config->include_self = golden_flag(arguments, "include_self", false);
        config->normalise_relations = golden_flag(arguments, "normalize_rels", true);
        config->rel_scale = golden_number(arguments, "rel_scale", 0);
        break;
    }
    config->d_model = golden_integer(arguments, "d_model", 0);
    config->n_symbols = golden_integer(arguments, "n_symbols", 0);
    config->dropout = golden_number(arguments, "dropout", 0);
}

void golden_read_symbols(golden_run *run, golden_arguments *arguments, dat_retriever_config *config)
{
    golden_arguments options;
    config->kind = (dat_retriever_kind)golden_choice(arguments, "symbol_retrieval", dat_retriever_names,
                                                     DAT_SYMBOLIC_ATTENTION);
    golden_nested(arguments, "symbol_retrieval_kwargs", &options);
    golden_read_retriever(&options, config);
    golden_arguments_close(&options);
    if (golden_relative_symbols(run) && config->kind != DAT_POSITION_RELATIVE)
        golden_wrong(&run->verdict, "use_relative_positional_symbols does not fit symbol_retrieval '%s'",
                     dat_retriever_names[config->kind]);
}

/* --- the retrievers --- */

static void build(golden_run *run, golden_arguments *arguments, void *module, dat_retriever_kind kind)
{
    dat_retriever_config config = {.kind = kind};
    golden_read_retriever(arguments, &config);
    golden_accept(&run->verdict, dat_retriever_init(module, &run->params, "", &config));
}

static void build_positional(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, DAT_POSITIONAL_SYMBOLS);
}

static void build_position_relative(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, DAT_POSITION_RELATIVE);
}

static void build_symbolic_attention(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, DAT_SYMBOLIC_ATTENTION);
}

static void build_rel_sym_attention(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, DAT_REL_SYM_ATTENTION);
}

/* Symbols that the batch shares here are repeated for each sequence there. */
static dat_tensor *for_each_sequence(golden_run *run, dat_tensor *symbols, int64_t batch)
{
    int64_t shape[] = {batch, symbols->shape[1], symbols->shape[2]};
    dat_tensor *zeros = dat_tape_input(&run->tape, "zeros", NULL, 3, shape);
    zeros->data = dat_tape_scratch(&run->tape, dat_count(zeros));
    for (int64_t i = 0; i < dat_count(zeros); i++)
        zeros->data[i] = 0;
    return dat_add(&run->tape, zeros, symbols);
}

static dat_tensor *run_retriever(golden_run *run, const void *module)
{
    dat_tensor *x = golden_input(run, "x");
    if (!x)
        return NULL;
    dat_symbols symbols = dat_retrieve_symbols(&run->tape, module, x);
    if (symbols.values && symbols.layout == DAT_SYMBOLS_BY_DISTANCE)
        symbols.values = dat_pair_rows(&run->tape, symbols.values, x->shape[1], x->shape[1]);
    else if (symbols.values && symbols.values->shape[0] < x->shape[0])
        symbols.values = for_each_sequence(run, symbols.values, x->shape[0]);
    return golden_output(run, "output", symbols.values);
}

static dat_tensor *run_symbolic_attention(golden_run *run, const void *module)
{
    const dat_retriever *retriever = module;
    dat_tensor *x = golden_input(run, "x");
    if (!x)
        return NULL;
    dat_real *scores = golden_sink(
        run, "attn_scores", 4,
        (int64_t[]){x->shape[0], retriever->config.n_heads, x->shape[1], retriever->config.n_symbols});
    return golden_output(run, "output", dat_symbolic_attention_forward(&run->tape, retriever, x, scores));
}

/* --- RelativePositionalEncoding --- */

typedef struct encoding_case {
    int64_t queries, keys;
    dat_tensor *table;
} encoding_case;

static void build_encoding(golden_run *run, golden_arguments *arguments, void *module)
{
    encoding_case *c = module;
    int64_t dim = golden_integer(arguments, "dim", 0), farthest = golden_integer(arguments, "max_rel_pos", 0);
    c->queries = golden_integer(arguments, "length_q", 0);
    c->keys = golden_integer(arguments, "length_k", c->queries);
    c->table = dat_params_add(&run->params, "", "rel_pos_embeddings", 2, (int64_t[]){2 * farthest + 1, dim},
                              (dat_init){DAT_INIT_NORMAL, 1});
}

static dat_tensor *run_encoding(golden_run *run, const void *module)
{
    const encoding_case *c = module;
    return golden_output(run, "output", dat_pair_rows(&run->tape, c->table, c->queries, c->keys));
}

const golden_module golden_symbol_retrievers[] = {
    {"PositionalSymbolRetriever", sizeof(dat_retriever), GOLDEN_MODULE_TOLERANCE, build_positional,
     run_retriever, NULL},
    {"PositionRelativeSymbolRetriever", sizeof(dat_retriever), GOLDEN_MODULE_TOLERANCE,
     build_position_relative, run_retriever, NULL},
    {"SymbolicAttention", sizeof(dat_retriever), GOLDEN_MODULE_TOLERANCE, build_symbolic_attention,
     run_symbolic_attention, NULL},
    {"RelationalSymbolicAttention", sizeof(dat_retriever), GOLDEN_MODULE_TOLERANCE, build_rel_sym_attention,
     run_retriever, NULL},
    {"RelativePositionalEncoding", sizeof(encoding_case), GOLDEN_MODULE_TOLERANCE, build_encoding,
     run_encoding, NULL},
    {.name = NULL},
};
