/* TransformerLM and DualAttnTransformerLM. */
#include "golden_check/module.h"
#include "golden_check/sequences.h"
#include "models/hub_config.h"

typedef struct language_case {
    dat_language_model model;
    int64_t ignored; /* target */
} language_case;

/* The library reads the arguments itself: they are what config.json of a published model holds. */
static void build(golden_run *run, golden_arguments *arguments, language_case *c, bool dual)
{
    dat_language_config config;
    bool rope = golden_flag(arguments, "rope", false);
    c->ignored = golden_integer(arguments, "loss_ignore_idx", -1);
    if (!golden_accept(&run->verdict, dat_hub_config_read(arguments->unread, &config)))
        return;
    json_object_clear(arguments->unread);
    if (config.block.dual != dual)
        golden_wrong(&run->verdict, "the arguments are those of the other language model");
    if (rope && config.positions != DAT_LANGUAGE_ROPE)
        golden_wrong(&run->verdict, "rope contradicts pos_enc_type");
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_language_init(&c->model, &run->params, &config));
}

static void build_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, false);
}

static void build_dual_transformer(golden_run *run, golden_arguments *arguments, void *module)
{
    build(run, arguments, module, true);
}

static dat_tensor *run_language(golden_run *run, const void *module)
{
    const language_case *c = module;
    dat_tokens tokens = golden_tokens(run, "x");
    return golden_token_loss(run, dat_language_forward(&run->tape, &c->model, tokens), c->ignored);
}

static void release(void *module)
{
    dat_language_free(&((language_case *)module)->model);
}

const golden_module golden_language_models[] = {
    {"TransformerLM", sizeof(language_case), GOLDEN_MODEL_TOLERANCE, build_transformer, run_language,
     release},
    {"DualAttnTransformerLM", sizeof(language_case), GOLDEN_MODEL_TOLERANCE, build_dual_transformer,
     run_language, release},
    {.name = NULL},
};
