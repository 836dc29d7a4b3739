#include "config.h"

#include <string.h>

static const char *const architectures[] = {[MATH_TRANSFORMER] = "transformer", [MATH_DAT] = "dat", NULL};
static const char *const paddings[] = {
    [MATH_PADDING_REFERENCE] = "reference", [MATH_PADDING_TRIMMED] = "trimmed", NULL};

#define FIELD(structure, member, kind) .key = #member, .type = kind, .offset = offsetof(structure, member)

#define DATA(member, kind) FIELD(math_data_config, member, kind)
static const dat_field data_fields[] = {
    {DATA(module, DAT_FIELD_CHOICE), .choices = dat_math_module_names, .help = "which kind of problems"},
    {DATA(train_levels, DAT_FIELD_TEXT), "\"easy, medium, hard\"",
     .help = "difficulties to train on, in equal parts: easy, medium, hard"},
    {DATA(train_size, DAT_FIELD_INT), "1999998", 1, 1e9, .help = "pairs that an epoch passes over"},
    {DATA(test_size, DAT_FIELD_INT), "10000", 1, 1e7, .help = "pairs of each test set"},
    {DATA(folder, DAT_FIELD_TEXT), "\"\"",
     .help = "folder of official files to train on and interpolate from; empty: generate"},
    {DATA(padding, DAT_FIELD_CHOICE), "reference", .choices = paddings,
     .help = "reference: attention sees the padding of all texts to the longest possible; trimmed: it sees "
             "none, and steps go faster"},
    {0},
};
static const dat_schema data_schema = {sizeof(math_data_config), data_fields};

#define MODEL(member, kind) FIELD(math_model_config, member, kind)
#define S                   math_model_config
static const dat_field model_fields[] = {
    {MODEL(name, DAT_FIELD_TEXT), "model", .help = "label of runs"},
    {MODEL(family, DAT_FIELD_TEXT), "DAT", .help = "line in plots and tables, of models of several sizes"},
    {MODEL(architecture, DAT_FIELD_CHOICE), "dat", .choices = architectures, .help = "kind of blocks"},
    DAT_BLOCK_D_MODEL(S, "128"),
    DAT_BLOCK_DFF(S, "256"),
    DAT_BLOCK_N_LAYERS(S, "2", "blocks of the encoder, and as many of the decoder"),
    DAT_BLOCK_N_HEADS_SA(S, "4", "self-attention heads of the encoder"),
    DAT_BLOCK_N_HEADS_RA(S, "4", "relational heads of the encoder (dat)"),
    {MODEL(decoder_heads_sa, DAT_FIELD_INT), "8", 0, 4096, .help = "self-attention heads of the decoder"},
    {MODEL(decoder_heads_ra, DAT_FIELD_INT), "0", 0, 4096, .help = "relational heads of the decoder (dat)"},
    DAT_BLOCK_N_KV_HEADS(S, "0"),
    DAT_BLOCK_N_RELATIONS(S, "0", "relations; 0: as many as relational heads"),
    DAT_BLOCK_RELATION_DIM(S, "0"),
    DAT_BLOCK_SYMMETRIC_RELATIONS(S, "false"),
    DAT_BLOCK_NORM_FIRST(S, "false"),
    DAT_BLOCK_BIAS(S, "true"),
    DAT_BLOCK_RA_TYPE(S, "relational_attention"),
    DAT_BLOCK_SYMBOLS(S, "position_relative"),
    DAT_BLOCK_N_SYMBOLS(S, "128"),
    DAT_BLOCK_SYMBOL_HEADS(S, "4"),
    DAT_BLOCK_RELATION_INIT(S, "package"),
    DAT_BLOCK_RELATION_ACTIVATION(S, "identity"),
    DAT_BLOCK_ACTIVATION(S, "relu"),
    DAT_BLOCK_NORM(S, "layernorm"),
    DAT_BLOCK_DROPOUT(S, "0.1"),
    {0},
};
#undef S
static const dat_schema model_schema = {sizeof(math_model_config), model_fields};

#define TOP(member, kind) FIELD(math_config, member, kind)
static const dat_field fields[] = {
    {TOP(figure, DAT_FIELD_TEXT), "\"\"", .help = "the report's figure that this run belongs to"},
    {TOP(data, DAT_FIELD_SECTION), .section = &data_schema, .help = "problems"},
    {TOP(model, DAT_FIELD_SECTION), .section = &model_schema, .help = "network"},
    {TOP(train, DAT_FIELD_SECTION), .section = &dat_train_options_schema, .help = "optimisation"},
    {TOP(seed, DAT_FIELD_INT), "0", 0, 9e15, .help = "of start, order and dropout"},
    {0},
};
const dat_schema math_schema = {sizeof(math_config), fields};

/* The level that `name` of `length` characters is called, or -1. */
static int find_level(const char *name, size_t length)
{
    for (int level = 0; level < DAT_MATH_N_TRAINING_LEVELS; level++)
        if (strlen(dat_math_level_names[level]) == length &&
            strncmp(dat_math_level_names[level], name, length) == 0)
            return level;
    return -1;
}

static bool has_level(const math_levels *levels, int level)
{
    for (int i = 0; i < levels->n; i++)
        if ((int)levels->items[i] == level)
            return true;
    return false;
}

dat_status math_levels_parse(const char *text, math_levels *levels)
{
    static const char separators[] = ", ";
    *levels = (math_levels){0};
    for (const char *name = text + strspn(text, separators); *name; name += strspn(name, separators)) {
        size_t length = strcspn(name, separators);
        int level = find_level(name, length);
        if (level < 0 || has_level(levels, level))
            return dat_usage(
                "data.train_levels: \"%.*s\" in \"%s\" is %s; expected some of easy, medium, hard",
                (int)length, name, text, level < 0 ? "not a training level" : "there twice");
        levels->items[levels->n++] = (dat_math_level)level;
        name += length;
    }
    return levels->n ? DAT_OK : dat_usage("data.train_levels is empty; expected some of easy, medium, hard");
}
