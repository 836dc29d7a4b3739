/* VisionTransformer and VisionDualAttnTransformer. */
#include <string.h>

#include "golden_check/blocks.h"
#include "golden_check/module.h"
#include "models/vision.h"

/* image_shape is (channels, width, height), patch_size (width, height). */
static void read_image(golden_arguments *arguments, dat_vision_config *config)
{
    double image[3] = {0}, patch[2] = {0};
    golden_numbers(arguments, "image_shape", 3, image);
    golden_numbers(arguments, "patch_size", 2, patch);
    config->channels = (int64_t)image[0];
    config->image_width = (int64_t)image[1];
    config->image_height = (int64_t)image[2];
    config->patch_width = (int64_t)patch[0];
    config->patch_height = (int64_t)patch[1];
}

static void read_symbols(golden_arguments *arguments, dat_vision_config *config)
{
    const char *retrieval = golden_text(arguments, "symbol_retrieval");
    golden_arguments options;
    golden_nested(arguments, "symbol_retrieval_kwargs", &options);
    if (strcmp(retrieval, "positional_symbols") == 0) {
        config->symbol_count = golden_integer(&options, "max_length", 0);
        if (golden_integer(&options, "symbol_dim", 0) != config->block.d_model)
            golden_unsupported(options.verdict, "symbols of another width than d_model");
        if (golden_flag(&options, "sinusoidal", false))
            golden_unsupported(options.verdict, "sinusoidal symbols");
    } else {
        golden_unsupported(options.verdict, "symbol_retrieval '%s' in vision models", retrieval);
    }
    golden_arguments_close(&options);
    golden_flag(arguments, "update_symbols_each_layer",
                true); /* positional symbols do not depend on the layer */
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
    if (dual)
        read_symbols(arguments, &config);
    if (golden_flag(arguments, "use_rope", false))
        golden_unsupported(&run->verdict, "use_rope in vision models");
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_vision_init(model, &run->params, &config));
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
    dat_tensor *logits =
        golden_output(run, "logits", dat_vision_forward(&run->tape, module, golden_input(run, "x")));
    if (!logits)
        return NULL;
    dat_cross_entropy_args args = {.targets = golden_targets(run, "targets", dat_rows(logits)),
                                   .ignore_index = -100};
    return args.targets ? golden_output(run, "loss", dat_cross_entropy(&run->tape, logits, &args)) : NULL;
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
