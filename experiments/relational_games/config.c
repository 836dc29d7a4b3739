#include "config.h"

#include "data/relational_games.h"
#include "models/vision.h"

/* Of games_architecture. */
static const char *const architectures[] = {"transformer",      "dat",        "predinet", "corelnet",
                                            "corelnet_softmax", "abstractor", NULL};

#define FIELD(structure, member, kind) .key = #member, .type = kind, .offset = offsetof(structure, member)

#define DATA(member, kind) FIELD(games_data_config, member, kind)
static const dat_field data_fields[] = {
    {DATA(task, DAT_FIELD_CHOICE), .choices = dat_games_task_names, .help = "which question the images ask"},
    {DATA(train_size, DAT_FIELD_INT), "1000", 1, 1e7, .help = "training images (pentos)"},
    {DATA(validation_size, DAT_FIELD_INT), "1000", 0, 1e7, .help = "pentos images evaluated during training"},
    {DATA(test_size, DAT_FIELD_INT), "10000", 1, 1e7, .help = "held-out pentos images (in_distribution)"},
    {DATA(ood_size, DAT_FIELD_INT), "50000", 0, 1e7, .help = "generated hexos and stripes images each"},
    {DATA(near, DAT_FIELD_REAL), "-1", -1, 1,
     .help = "probability that a different object shares shape or colour; -1: calibrated default"},
    {DATA(repeat, DAT_FIELD_REAL), "-1", -1, 1,
     .help = "xoccurs: share of negatives with the object and a repeat; -1: default"},
    {DATA(folder, DAT_FIELD_TEXT), "\"\"",
     .help = "folder of official npz files to use instead of generating"},
    {DATA(published, DAT_FIELD_TEXT), "datasets/relational_games",
     .help = "folder of published npz files to evaluate on too, where it has the task; empty: none"},
    {0},
};
static const dat_schema data_schema = {sizeof(games_data_config), data_fields};

#define MODEL(member, kind) FIELD(games_model_config, member, kind)
#define S                   games_model_config
static const dat_field model_fields[] = {
    {MODEL(name, DAT_FIELD_TEXT), "model", .help = "label in tables and plots"},
    {MODEL(architecture, DAT_FIELD_CHOICE), "dat", .choices = architectures, .help = "kind of encoder"},
    DAT_BLOCK_D_MODEL(S, "128"),
    DAT_BLOCK_DFF(S, "256"),
    DAT_BLOCK_N_LAYERS(S, "2", "encoder blocks"),
    DAT_BLOCK_N_HEADS_SA(S, "1", "self-attention heads"),
    DAT_BLOCK_N_HEADS_RA(S, "1", "relational heads (dat); heads of predinet and abstractor"),
    DAT_BLOCK_N_KV_HEADS(S, "0"),
    DAT_BLOCK_N_RELATIONS(S, "0", "relations; 0: n_heads_ra (dat)"),
    DAT_BLOCK_RELATION_DIM(S, "0"),
    {MODEL(patch_size, DAT_FIELD_INT), "12", 1, 36, .help = "side of a square patch in pixels"},
    DAT_BLOCK_SYMMETRIC_RELATIONS(S, "true"),
    DAT_BLOCK_NORM_FIRST(S, "true"),
    DAT_BLOCK_BIAS(S, "false"),
    {MODEL(final_norm, DAT_FIELD_BOOL), "false", .help = "a norm before the classifier"},
    DAT_BLOCK_RA_TYPE(S, "relational_attention"),
    DAT_BLOCK_SYMBOLS(S, "positional_symbols"),
    DAT_BLOCK_N_SYMBOLS(S, "50"),
    DAT_BLOCK_SYMBOL_HEADS(S, "4"),
    DAT_BLOCK_RELATION_INIT(S, "paper"),
    DAT_BLOCK_RELATION_ACTIVATION(S, "identity"),
    DAT_BLOCK_ACTIVATION(S, "swiglu"),
    DAT_BLOCK_NORM(S, "layernorm"),
    {MODEL(pool, DAT_FIELD_CHOICE), "mean", .choices = dat_pool_names, .help = "what the classifier sees"},
    DAT_BLOCK_DROPOUT(S, "0.1"),
    {0},
};
#undef S
static const dat_schema model_schema = {sizeof(games_model_config), model_fields};

#define TOP(member, kind) FIELD(games_config, member, kind)
static const dat_field fields[] = {
    {TOP(figure, DAT_FIELD_TEXT), "\"\"", .help = "the report's figure that this run belongs to"},
    {TOP(data, DAT_FIELD_SECTION), .section = &data_schema, .help = "images"},
    {TOP(model, DAT_FIELD_SECTION), .section = &model_schema, .help = "network"},
    {TOP(train, DAT_FIELD_SECTION), .section = &dat_train_options_schema, .help = "optimisation"},
    {TOP(seed, DAT_FIELD_INT), "0", 0, 9e15, .help = "of images, start, order and dropout"},
    {0},
};
const dat_schema games_schema = {sizeof(games_config), fields};
