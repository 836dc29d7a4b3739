#include "golden_check/hub.h"

#include <stdlib.h>

#include "golden_check/module.h"
#include "golden_check/sequences.h"
#include "io/json.h"
#include "models/hub.h"
#include "models/language_generate.h"
#include "util/folder.h"

/* Address space of a generator; the models are tiny. */
static const size_t MEMORY_LIMIT = (size_t)1 << 30;

/* The folder's config must be the one that the reference was built with. */
static void check_config(golden_run *run, const char *folder)
{
    json_t *json;
    char *path = dat_path_in(folder, "config.json");
    if (golden_accept(&run->verdict, dat_json_read(path, &json)) &&
        !json_equal(json, json_object_get(run->file->config, "config")))
        golden_wrong(&run->verdict, "config.json is not the config of expected.h5");
    json_decref(json);
    free(path);
}

/* Scores of every layer, one layer after another, where the file has them. */
typedef struct layer_scores {
    dat_real *symbols;    /* (layers, B, heads, L, n_symbols) */
    dat_real *self;       /* (layers, B, n_heads_sa, L, L) */
    dat_real *relational; /* (layers, B, n_heads_ra, L, L) */
    dat_real *relations;  /* (layers, B, L, L, n_relations) */
} layer_scores;

static dat_real *take_scores(golden_run *run, const char *name)
{
    const golden_array *array = golden_find(&run->file->outputs, name);
    return array ? golden_sink(run, name, 1, &array->count) : NULL;
}

/* Where layer `layer` of them begins; `per_layer` values each. */
static dat_real *of_layer(dat_real *scores, int64_t layer, int64_t per_layer)
{
    return scores ? scores + layer * per_layer : NULL;
}

static int64_t per_layer(const golden_run *run, const char *name, int64_t layers)
{
    const golden_array *array = golden_find(&run->file->outputs, name);
    return array ? array->count / layers : 0;
}

/* One block's scores for its input x. The attention is run once more for them: blocks do not hand them out.
 */
static void score_block(golden_run *run, const dat_language_model *model, int64_t i, dat_tensor *x,
                        dat_symbols *symbols, const dat_attention_context *context,
                        const layer_scores *scores)
{
    const dat_encoder_block *block = &model->blocks[i];
    int64_t layers = model->config.n_layers;
    dat_attention_context with_scores = *context;
    with_scores.scores = of_layer(scores->relational, i, per_layer(run, "ra_attn_scores", layers));
    with_scores.relations = of_layer(scores->relations, i, per_layer(run, "ra_rels", layers));
    symbols->values = dat_symbolic_attention_forward(
        &run->tape, &model->retrievers[i], x,
        of_layer(scores->symbols, i, per_layer(run, "symbol_attn_scores", layers)));
    dat_dual_attention_forward(&run->tape, &block->attention.both,
                               dat_norm_forward(&run->tape, &block->norm1, x), symbols, &with_scores,
                               of_layer(scores->self, i, per_layer(run, "sa_attn_scores", layers)));
}

static void score_layers(golden_run *run, const dat_language_model *model, dat_tokens tokens)
{
    const dat_language_config *c = &model->config;
    layer_scores scores = {take_scores(run, "symbol_attn_scores"), take_scores(run, "sa_attn_scores"),
                           take_scores(run, "ra_attn_scores"), take_scores(run, "ra_rels")};
    if (!c->block.dual || !c->block.norm_first || c->symbols.kind != DAT_SYMBOLIC_ATTENTION) {
        golden_unsupported(&run->verdict, "scores are checked of pre-norm models with symbolic attention");
        return;
    }
    dat_attention_context context = {.causal = true};
    dat_tensor *x = dat_embedding(&run->tape, model->embeddings, tokens);
    if (c->positions == DAT_LANGUAGE_ROPE)
        dat_rope_angles_use(&run->tape, &model->angles, &context);
    else
        x = dat_add_positions(&run->tape, x, model->positions, 1);
    for (int64_t i = 0; i < c->n_layers; i++) {
        dat_symbols symbols = {.layout = DAT_SYMBOLS_BY_SENDER};
        score_block(run, model, i, x, &symbols, &context, &scores);
        x = dat_encoder_block_forward(&run->tape, &model->blocks[i], x, &symbols, &context);
    }
}

/* The generated text of one prompt, as the file has it. */
typedef struct continuation {
    dat_real *tokens;  /* [length + n_new] */
    dat_real *logits;  /* [n_new][vocab_size], of each step */
    dat_real *margins; /* [n_new]: between the two largest logits */
} continuation;

static dat_real margin(const dat_real *logits, int64_t count, int32_t best)
{
    dat_real second = -INFINITY;
    for (int64_t i = 0; i < count; i++)
        if (i != best && logits[i] > second)
            second = logits[i];
    return logits[best] - second;
}

static dat_status continue_text(const dat_language_model *model, const int32_t *prompt, int64_t length,
                                int64_t n_new, const continuation *out)
{
    dat_generator generator;
    const dat_real *logits;
    const dat_sampling greedy = {.temperature = 0, .top_p = 1};
    dat_rng rng = dat_rng_seed(0);
    int64_t vocab_size = model->config.vocab_size;
    dat_status status = dat_generator_init(&generator, model, MEMORY_LIMIT);
    if (status.code == DAT_CODE_OK)
        status = dat_generator_append(&generator, prompt, length);
    for (int64_t i = 0; i < length; i++)
        out->tokens[i] = (dat_real)prompt[i];
    for (int64_t i = 0; i < n_new && status.code == DAT_CODE_OK; i++) {
        status = dat_generator_logits(&generator, &logits);
        if (status.code != DAT_CODE_OK)
            break;
        int32_t token = dat_sample(&greedy, &rng, logits, vocab_size);
        out->tokens[length + i] = (dat_real)token;
        out->margins[i] = margin(logits, vocab_size, token);
        for (int64_t j = 0; j < vocab_size; j++)
            out->logits[i * vocab_size + j] = logits[j];
        status = dat_generator_append(&generator, &token, 1);
    }
    dat_generator_free(&generator);
    return status;
}

/* Every prompt's continuation, of as many tokens as the file has. */
static void generate(golden_run *run, const dat_language_model *model, dat_tokens prompts)
{
    const golden_array *expected = golden_find(&run->file->outputs, "generated");
    int64_t vocab_size = model->config.vocab_size;
    if (!expected || expected->rank != 2 || expected->shape[0] != prompts.batch ||
        expected->shape[1] < prompts.length) {
        golden_wrong(&run->verdict, "outputs/generated is no continuation of the prompts");
        return;
    }
    int64_t length = expected->shape[1], n_new = length - prompts.length;
    const continuation all = {
        .tokens = golden_sink(run, "generated", 2, (int64_t[]){prompts.batch, length}),
        .logits = golden_sink(run, "gen_logits", 3, (int64_t[]){prompts.batch, n_new, vocab_size}),
        .margins = golden_sink(run, "gen_margins", 2, (int64_t[]){prompts.batch, n_new}),
    };
    if (!all.tokens || !all.logits || !all.margins) {
        golden_wrong(&run->verdict, "the file has no gen_logits or gen_margins");
        return;
    }
    for (int64_t b = 0; b < prompts.batch; b++) {
        const continuation one = {all.tokens + b * length, all.logits + b * n_new * vocab_size,
                                  all.margins + b * n_new};
        golden_accept(&run->verdict,
                      continue_text(model, prompts.ids + b * prompts.length, prompts.length, n_new, &one));
    }
}

void golden_check_hub(golden_run *run, const char *folder)
{
    dat_language_model model = {0};
    run->tolerance = GOLDEN_MODEL_TOLERANCE;
    check_config(run, folder);
    dat_tape_begin(&run->tape, 0);
    dat_tokens prompts = golden_tokens(run, "prompt");
    if (golden_accept(&run->verdict, dat_hub_load(folder, &model, &run->params)) && prompts.ids) {
        golden_check_ties(run);
        golden_output(run, "logits", dat_language_forward(&run->tape, &model, prompts));
        score_layers(run, &model, prompts);
        generate(run, &model, prompts);
    }
    if (golden_accept(&run->verdict, run->tape.status) && run->verdict.outcome == GOLDEN_FINE)
        golden_check_outputs(run);
    dat_language_free(&model);
}
