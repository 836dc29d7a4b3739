/* VisionTransformer and VisionDualAttnTransformer. */
#include <stdlib.h>
#include <string.h>

#include "golden_check/blocks.h"
#include "golden_check/images.h"
#include "golden_check/module.h"
#include "golden_check/symbols.h"
#include "models/vision.h"
#include "util/memory.h"

static void read_image(golden_arguments *arguments, dat_vision_config *config)
{
    golden_image image = golden_read_image(arguments);
    config->channels = image.channels;
    config->image_height = image.image_height;
    config->image_width = image.image_width;
    config->patch_height = image.patch_height;
    config->patch_width = image.patch_width;
}

static void rename_param(dat_params *params, const char *name, const char *new_name)
{
    dat_param *param = dat_params_find(params, name);
    if (!param)
        return;
    free(param->name);
    param->name = dat_copy_string(new_name);
}

static void build(golden_run *run, golden_arguments *arguments, dat_vision_model *model, bool dual)
{
    dat_vision_config config = {0};
    bool research = strcmp(golden_config_text(run->file, "source"), "abstract_transformer") == 0;
    read_image(arguments, &config);
    config.n_classes = golden_integer(arguments, "num_classes", 0);
    config.n_layers = golden_integer(arguments, "n_layers", 0);
    config.final_norm = golden_flag(arguments, "final_norm", research);
    config.pool = (dat_pool)golden_choice(arguments, "pool", dat_pool_names, DAT_POOL_CLS);
    golden_read_block(run, arguments, dual, &config.block);
    config.rope = golden_flag(arguments, "use_rope", false);
    if (dual) {
        golden_read_symbols(run, arguments, &config.symbols);
        config.symbols_once = !golden_flag(arguments, "update_symbols_each_layer", true);
    }
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_vision_init(model, &run->params, &config));
    if (research && !config.final_norm) { /* there the head is a list of one layer, which numbers it */
        rename_param(&run->params, "final_out.weight", "final_out.0.weight");
        rename_param(&run->params, "final_out.bias", "final_out.0.bias");
    }
}

static void build_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, false);
}

static void build_dual_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, true);
}

static dat_tensor *run_vision(golden_run *run, const void *module)
{
    return golden_classification_loss(run, dat_vision_forward(&run->tape, module, golden_input(run, "x")));
}

static void release(void *module)
{
    dat_vision_free(module);
}

const golden_module golden_vision_models[] = {
    {"VisionTransformer", sizeof(dat_vision_model), GOLDEN_MODEL_TOLERANCE, build_transformer, run_vision,
     release},
    {"VisionDualAttnTransformer", sizeof(dat_vision_model), GOLDEN_MODEL_TOLERANCE, build_dual_transformer,
     run_vision, release},
    {.name = NULL},
};
