#include "config.h"

#include "data/token_windows.h"
#include "models/language.h"

/* Of lm_architecture. */
static const char *const architectures[] = {"transformer", "dat", NULL};

#define FIELD(structure, member, kind) .key = #member, .type = kind, .offset = offsetof(structure, member)

#define DATA(member, kind) FIELD(lm_data_config, member, kind)
static const dat_field data_fields[] = {
    {DATA(text, DAT_FIELD_TEXT), "datasets/tinyshakespeare/tinyshakespeare.txt",
     .help = "text or JSON lines to read into memory"},
    {DATA(tokenizer, DAT_FIELD_TEXT), "characters",
     .help = "of the text: bytes, characters (those of the text), a tokenizer.json or GPT-2's folder"},
    {DATA(validation_share, DAT_FIELD_REAL), "0.1", 0, 1, .help = "of the text, its end"},
    {DATA(train, DAT_FIELD_TEXT), "\"\"",
     .help = "token files instead of the text, like \"data/train_*.bin\""},
    {DATA(validation, DAT_FIELD_TEXT), "\"\"", .help = "token files to validate on, with data.train"},
    {DATA(vocab_size, DAT_FIELD_INT), "0", 0, 1e8,
     .help = "tokens the model knows; 0: those of the tokenizer; needed with data.train"},
    {DATA(context, DAT_FIELD_INT), "64", 1, 1e6, .help = "tokens of an example"},
    {DATA(order, DAT_FIELD_CHOICE), "random", .choices = dat_window_order_names,
     .help = "where training examples begin: anywhere, or side by side as in the text"},
    {DATA(validation_windows, DAT_FIELD_INT), "0", 0, 1e9,
     .help = "examples to validate on, from the first token; 0: all there are"},
    {0},
};
static const dat_schema data_schema = {sizeof(lm_data_config), data_fields};

#define MODEL(member, kind) FIELD(lm_model_config, member, kind)
static const dat_field model_fields[] = {
    {MODEL(name, DAT_FIELD_TEXT), "model", .help = "label in tables and plots"},
    {MODEL(architecture, DAT_FIELD_CHOICE), "dat", .choices = architectures, .help = "kind of blocks"},
    {MODEL(d_model, DAT_FIELD_INT), "128", 1, 65536, .help = "width of a token"},
    {MODEL(dff, DAT_FIELD_INT), "0", 0, 1e6, .help = "width of the feed-forward block; 0: its default"},
    {MODEL(n_layers, DAT_FIELD_INT), "4", 1, 1000, .help = "blocks"},
    {MODEL(n_heads_sa, DAT_FIELD_INT), "2", 0, 4096, .help = "self-attention heads"},
    {MODEL(n_heads_ra, DAT_FIELD_INT), "2", 0, 4096, .help = "relational heads (dat)"},
    {MODEL(n_kv_heads, DAT_FIELD_INT), "0", 0, 4096, .help = "key/value heads of each kind; 0: one per head"},
    {MODEL(n_relations, DAT_FIELD_INT), "0", 0, 4096, .help = "relations; 0: n_heads_ra"},
    {MODEL(relation_dim, DAT_FIELD_INT), "0", 0, 65536,
     .help = "width of a relation's projections; 0: n_heads_ra * head_dim / n_relations"},
    {MODEL(symmetric_relations, DAT_FIELD_BOOL), "false", .help = "r(x, y) = r(y, x)"},
    {MODEL(ra_type, DAT_FIELD_CHOICE), "relational_attention", .choices = dat_ra_type_names,
     .help = "what relational heads are: relational attention, or the ablations rca and disrca"},
    {MODEL(relation_activation, DAT_FIELD_CHOICE), "identity", .choices = dat_activation_names,
     .help = "applied to relations"},
    {MODEL(symbols, DAT_FIELD_CHOICE), "symbolic_attention", .choices = dat_retriever_names,
     .help = "how relational heads get their symbols (dat)"},
    {MODEL(n_symbols, DAT_FIELD_INT), "0", 0, 65536, .help = "library of symbolic attention; 0: d_model"},
    {MODEL(symbol_heads, DAT_FIELD_INT), "4", 1, 4096, .help = "heads of symbolic attention"},
    {MODEL(train_symbols, DAT_FIELD_BOOL), "false", .help = "the library of symbolic attention is trained"},
    {MODEL(shared_symbols, DAT_FIELD_BOOL), "true", .help = "one way to symbols for all layers"},
    {MODEL(positions, DAT_FIELD_CHOICE), "RoPE", .choices = dat_language_position_names,
     .help = "how the model knows where tokens stand"},
    {MODEL(activation, DAT_FIELD_CHOICE), "gelu", .choices = dat_feed_forward_names,
     .help = "of the feed-forward block"},
    {MODEL(norm, DAT_FIELD_CHOICE), "layernorm", .choices = dat_norm_names, .help = "kind of norm"},
    {MODEL(norm_first, DAT_FIELD_BOOL), "true", .help = "normalise before attention and feed-forward"},
    {MODEL(bias, DAT_FIELD_BOOL), "false",
     .help =
         "biases in the blocks of a transformer; those of dat always have them in the feed-forward block"},
    {MODEL(dropout, DAT_FIELD_REAL), "0", 0, 0.99, .help = "rate, in the blocks"},
    {0},
};
static const dat_schema model_schema = {sizeof(lm_model_config), model_fields};

#define TRAIN(member, kind) FIELD(lm_train_config, member, kind)
static const dat_field train_fields[] = {
    {TRAIN(steps, DAT_FIELD_INT), "2000", 1, 1e9, .help = "optimizer steps; the cosine ends with them"},
    {TRAIN(evaluate_every, DAT_FIELD_INT), "250", 1, 1e9, .help = "steps between validations"},
    {TRAIN(batch_size, DAT_FIELD_INT), "12", 1, 1e6, .help = "examples per optimizer step"},
    {TRAIN(micro_batch, DAT_FIELD_INT), "12", 1, 1e6,
     .help = "examples processed at a time; gradients accumulate over a batch"},
    {TRAIN(learning_rate, DAT_FIELD_REAL), "0.001", 0, 10, .help = "of AdamW, after the warm-up"},
    {TRAIN(min_learning_rate, DAT_FIELD_REAL), "0.0001", 0, 10, .help = "where the cosine ends"},
    {TRAIN(warmup, DAT_FIELD_INT), "100", 0, 1e9, .help = "steps that the learning rate rises from 0"},
    {TRAIN(beta1, DAT_FIELD_REAL), "0.9", 0, 1, .help = "of AdamW"},
    {TRAIN(beta2, DAT_FIELD_REAL), "0.99", 0, 1, .help = "of AdamW"},
    {TRAIN(weight_decay, DAT_FIELD_REAL), "0.1", 0, 10, .help = "of tensors of rank 2 and more"},
    {TRAIN(max_grad_norm, DAT_FIELD_REAL), "1", 0, 1e6, .help = "longer gradients are clipped; 0: never"},
    {TRAIN(keep_best, DAT_FIELD_BOOL), "false",
     .help = "keep the parameters of the least validation loss in the run file"},
    {TRAIN(checkpoint_seconds, DAT_FIELD_REAL), "30", 0, 1e6, .help = "between saves of the run file"},
    {0},
};
static const dat_schema train_schema = {sizeof(lm_train_config), train_fields};

#define TOP(member, kind) FIELD(lm_config, member, kind)
static const dat_field fields[] = {
    {TOP(figure, DAT_FIELD_TEXT), "\"\"", .help = "the report's figure that this run belongs to"},
    {TOP(data, DAT_FIELD_SECTION), .section = &data_schema, .help = "text"},
    {TOP(model, DAT_FIELD_SECTION), .section = &model_schema, .help = "network"},
    {TOP(train, DAT_FIELD_SECTION), .section = &train_schema, .help = "optimisation"},
    {TOP(seed, DAT_FIELD_INT), "0", 0, 9e15, .help = "of start, order and dropout"},
    {0},
};
const dat_schema lm_schema = {sizeof(lm_config), fields};
