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
static const dat_field model_fields[] = {
    {MODEL(name, DAT_FIELD_TEXT), "model", .help = "label in tables and plots"},
    {MODEL(architecture, DAT_FIELD_CHOICE), "dat", .choices = architectures, .help = "kind of encoder"},
    {MODEL(d_model, DAT_FIELD_INT), "128", 1, 65536, .help = "width of a token"},
    {MODEL(dff, DAT_FIELD_INT), "256", 0, 1e6, .help = "width of the feed-forward block; 0: its default"},
    {MODEL(n_layers, DAT_FIELD_INT), "2", 1, 1000, .help = "encoder blocks"},
    {MODEL(n_heads_sa, DAT_FIELD_INT), "1", 0, 4096, .help = "self-attention heads"},
    {MODEL(n_heads_ra, DAT_FIELD_INT), "1", 0, 4096,
     .help = "relational heads (dat); heads of predinet and abstractor"},
    {MODEL(n_kv_heads, DAT_FIELD_INT), "0", 0, 4096, .help = "key/value heads of each kind; 0: one per head"},
    {MODEL(n_relations, DAT_FIELD_INT), "0", 0, 4096, .help = "relations; 0: n_heads_ra (dat)"},
    {MODEL(relation_dim, DAT_FIELD_INT), "0", 0, 65536,
     .help = "width of a relation's projections; 0: n_heads_ra * head_dim / n_relations"},
    {MODEL(patch_size, DAT_FIELD_INT), "12", 1, 36, .help = "side of a square patch in pixels"},
    {MODEL(symmetric_relations, DAT_FIELD_BOOL), "true", .help = "r(x, y) = r(y, x)"},
    {MODEL(norm_first, DAT_FIELD_BOOL), "true", .help = "normalise before attention and feed-forward"},
    {MODEL(bias, DAT_FIELD_BOOL), "false", .help = "biases in the blocks"},
    {MODEL(final_norm, DAT_FIELD_BOOL), "false", .help = "a norm before the classifier"},
    {MODEL(ra_type, DAT_FIELD_CHOICE), "relational_attention", .choices = dat_ra_type_names,
     .help = "what relational heads are: relational attention, or the ablations rca and disrca"},
    {MODEL(symbols, DAT_FIELD_CHOICE), "positional_symbols", .choices = dat_retriever_names,
     .help = "how relational heads get their symbols (dat)"},
    {MODEL(n_symbols, DAT_FIELD_INT), "50", 1, 65536, .help = "library size of symbolic attention"},
    {MODEL(symbol_heads, DAT_FIELD_INT), "4", 1, 4096, .help = "heads of symbolic attention"},
    {MODEL(relation_init, DAT_FIELD_CHOICE), "paper", .choices = dat_relation_init_names,
     .help = "start of W_r: as in the paper's runs or as in the published package"},
    {MODEL(relation_activation, DAT_FIELD_CHOICE), "identity", .choices = dat_activation_names,
     .help = "applied to relations"},
    {MODEL(activation, DAT_FIELD_CHOICE), "swiglu", .choices = dat_feed_forward_names,
     .help = "of the feed-forward block"},
    {MODEL(norm, DAT_FIELD_CHOICE), "layernorm", .choices = dat_norm_names, .help = "kind of norm"},
    {MODEL(pool, DAT_FIELD_CHOICE), "mean", .choices = dat_pool_names, .help = "what the classifier sees"},
    {MODEL(dropout, DAT_FIELD_REAL), "0.1", 0, 0.99, .help = "rate, everywhere"},
    {0},
};
static const dat_schema model_schema = {sizeof(games_model_config), model_fields};

#define TRAIN(member, kind) FIELD(games_train_config, member, kind)
static const dat_field train_fields[] = {
    {TRAIN(epochs, DAT_FIELD_INT), "50", 1, 1e6, .help = "passes over the training images"},
    {TRAIN(batch_size, DAT_FIELD_INT), "256", 1, 1e6, .help = "images per optimizer step"},
    {TRAIN(micro_batch, DAT_FIELD_INT), "0", 0, 1e6,
     .help = "images processed at a time, gradients accumulate over a batch; 0: as many as fit the cache"},
    {TRAIN(evaluate_every, DAT_FIELD_INT), "10", 0, 1e6, .help = "epochs between validations; 0: never"},
    {TRAIN(learning_rate, DAT_FIELD_REAL), "0.001", 0, 10, .help = "of Adam, constant"},
    {TRAIN(beta1, DAT_FIELD_REAL), "0.9", 0, 1, .help = "of Adam"},
    {TRAIN(beta2, DAT_FIELD_REAL), "0.99", 0, 1, .help = "of Adam"},
    {TRAIN(checkpoint_seconds, DAT_FIELD_REAL), "30", 0, 1e6, .help = "between saves of the run file"},
    {0},
};
static const dat_schema train_schema = {sizeof(games_train_config), train_fields};

#define TOP(member, kind) FIELD(games_config, member, kind)
static const dat_field fields[] = {
    {TOP(figure, DAT_FIELD_TEXT), "\"\"", .help = "the report's figure that this run belongs to"},
    {TOP(data, DAT_FIELD_SECTION), .section = &data_schema, .help = "images"},
    {TOP(model, DAT_FIELD_SECTION), .section = &model_schema, .help = "network"},
    {TOP(train, DAT_FIELD_SECTION), .section = &train_schema, .help = "optimisation"},
    {TOP(seed, DAT_FIELD_INT), "0", 0, 9e15, .help = "of images, start, order and dropout"},
    {0},
};
const dat_schema games_schema = {sizeof(games_config), fields};
