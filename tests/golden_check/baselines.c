/* CoRelNet, CoRelNetSoftmax, PrediNet and AbstractorModel. */
#include <math.h>
#include <stdlib.h>

#include "golden_check/images.h"
#include "golden_check/module.h"
#include "golden_check/symbols.h"
#include "models/baselines/abstractor.h"
#include "models/baselines/corelnet.h"
#include "models/baselines/predinet.h"
#include "util/memory.h"

static dat_patch_config read_patches(golden_arguments *arguments)
{
    golden_image image = golden_read_image(arguments);
    return (dat_patch_config){
        .channels = image.channels,
        .image_height = image.image_height,
        .image_width = image.image_width,
        .patch_height = image.patch_height,
        .patch_width = image.patch_width,
        .d_model = golden_integer(arguments, "d_model", 0),
    };
}

/* --- CoRelNet, CoRelNetSoftmax --- */

static void build_any_corelnet(golden_run *run, golden_arguments *arguments, void *module, bool softmax)
{
    dat_corelnet_config config = {
        .patches = read_patches(arguments),
        .n_classes = golden_integer(arguments, "num_classes", 0),
        .softmax = softmax,
    };
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_corelnet_init(module, &run->params, &config));
}

static void build_corelnet(golden_run *run, golden_arguments *arguments, void *module)
{
    build_any_corelnet(run, arguments, module, false);
}

static void build_corelnet_softmax(golden_run *run, golden_arguments *arguments, void *module)
{
    build_any_corelnet(run, arguments, module, true);
}

static dat_tensor *run_corelnet(golden_run *run, const void *module)
{
    return golden_classification_loss(run, dat_corelnet_forward(&run->tape, module, golden_input(run, "x")));
}

/* --- PrediNet --- */

static void build_predinet(golden_run *run, golden_arguments *arguments, void *module)
{
    dat_predinet_config config = {
        .patches = read_patches(arguments),
        .n_heads = golden_integer(arguments, "n_heads", 0),
        .n_relations = golden_integer(arguments, "n_relations", 0),
        .n_classes = golden_integer(arguments, "n_classes", 0),
    };
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_predinet_init(module, &run->params, &config));
}

static dat_tensor *run_predinet(golden_run *run, const void *module)
{
    return golden_classification_loss(run, dat_predinet_forward(&run->tape, module, golden_input(run, "x")));
}

/* --- AbstractorModel --- */

typedef struct abstractor_case {
    dat_abstractor model;
    int64_t max_len; /* of the encoding of positions */
} abstractor_case;

static void read_symbols(golden_arguments *arguments, dat_retriever_config *config)
{
    static const char *const names[] = {"positional", "symbolic_attention", NULL};
    static const dat_retriever_kind kinds[] = {DAT_POSITIONAL_SYMBOLS, DAT_SYMBOLIC_ATTENTION};
    golden_arguments options;
    config->kind = kinds[golden_choice(arguments, "symbol_retriever_type", names, 0)];
    golden_nested(arguments, "symbol_retriever_kwargs", &options);
    golden_read_retriever(&options, config);
    golden_arguments_close(&options);
}

static void build_abstractor(golden_run *run, golden_arguments *arguments, void *module)
{
    abstractor_case *c = module;
    golden_arguments options;
    dat_abstractor_config config = {.patches = read_patches(arguments),
                                    .n_classes = golden_integer(arguments, "num_classes", 0)};
    golden_nested(arguments, "abstractor_kwargs", &options);
    config.n_layers = golden_integer(&options, "n_layers", 0);
    config.n_heads = golden_integer(&options, "n_heads", 0);
    config.dff = golden_integer(&options, "dff", 0);
    config.self_attention = golden_flag(&options, "use_self_attn", false);
    config.dropout = golden_number(&options, "dropout_rate", 0);
    config.activation = golden_choice(&options, "activation", dat_feed_forward_names, DAT_RELU);
    config.norm_first = golden_flag(&options, "norm_first", false);
    config.bias = golden_flag(&options, "bias", true);
    config.add_positions = golden_flag(&options, "symbol_add_pos_embedding", false);
    read_symbols(&options, &config.symbols);
    c->max_len = golden_integer(&options, "max_len", 0);
    golden_arguments_close(&options);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_abstractor_init(&c->model, &run->params, &config));
}

/* The file's encoding of positions must be the one of its arguments. */
static void check_positions(golden_run *run, const abstractor_case *c)
{
    int64_t d = c->model.config.patches.d_model;
    const dat_tensor *stored = golden_buffer(run, "abstractor.add_pos_embedding.pe");
    if (!stored || stored->rank != 2 || stored->shape[0] != c->max_len || stored->shape[1] != d ||
        c->max_len < c->model.patches.n_objects) {
        golden_wrong(&run->verdict, "the encoding of positions does not fit max_len and d_model");
        return;
    }
    dat_real *table = dat_allocate((size_t)dat_count(stored), sizeof table[0]);
    dat_sinusoidal_table(c->max_len, d, table);
    for (int64_t i = 0; i < dat_count(stored); i++)
        if (!(fabs((double)(stored->data[i] - table[i])) < 1e-5))
            golden_wrong(&run->verdict, "the encoding of positions is not sinusoidal");
    free(table);
}

static dat_tensor *run_abstractor(golden_run *run, const void *module)
{
    const abstractor_case *c = module;
    if (c->model.config.add_positions)
        check_positions(run, c);
    return golden_classification_loss(run,
                                      dat_abstractor_forward(&run->tape, &c->model, golden_input(run, "x")));
}

static void release_abstractor(void *module)
{
    dat_abstractor_free(&((abstractor_case *)module)->model);
}

const golden_module golden_baselines[] = {
    {"CoRelNet", sizeof(dat_corelnet), GOLDEN_MODEL_TOLERANCE, build_corelnet, run_corelnet, NULL},
    {"CoRelNetSoftmax", sizeof(dat_corelnet), GOLDEN_MODEL_TOLERANCE, build_corelnet_softmax, run_corelnet,
     NULL},
    {"PrediNet", sizeof(dat_predinet), GOLDEN_MODEL_TOLERANCE, build_predinet, run_predinet, NULL},
    {"AbstractorModel", sizeof(abstractor_case), GOLDEN_MODEL_TOLERANCE, build_abstractor, run_abstractor,
     release_abstractor},
    {.name = NULL},
};
