#include "checkpoint_run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "io/run_file.h"
#include "kept_parameters.h"
#include "language_modeling/corpus.h"
#include "language_modeling/model.h"
#include "models/hub_config.h"
#include "train/describe.h"
#include "train/environment.h"
#include "util/memory.h"

static const char EXPERIMENT[] = "language_modeling";

/* --- reading --- */

/* The number of tokens that the run's model knows, which its config need not say: rows of the embeddings. 0,
 * which no model can have, when the run has none. */
static int64_t vocab_size_of(const dat_run *run)
{
    for (int64_t i = 0; i < run->n_parameters; i++)
        if (strcmp(run->parameters[i].name, "layers.token_embedder.weight") == 0)
            return run->parameters[i].shape[0];
    return 0;
}

static dat_status read_model(const char *path, const dat_run *run, checkpoint *c)
{
    lm_config config;
    if (strcmp(run->experiment, EXPERIMENT) != 0 || !run->config_resolved)
        return dat_usage(
            "%.200s: it is a run of \"%s\", expected one of %s, the only experiment whose models "
            "are language models",
            path, run->experiment, EXPERIMENT);
    DAT_TRY(dat_status_prefix(dat_config_parse_resolved(run->config_resolved, &lm_schema, &config), "%.200s",
                              path));
    DAT_TRY(
        dat_status_prefix(lm_model_init(&c->model, &c->params, &config, vocab_size_of(run)), "%.200s", path));
    return kept_parameters_restore(path, run, "train.keep_best", &c->params);
}

static dat_status read_tokenizer(const char *path, const dat_run *run, checkpoint *c)
{
    const dat_fact *tokenizer = dat_run_find_environment(run, LM_TOKENIZER);
    if (c->tokenizer || !tokenizer || !tokenizer->text)
        return DAT_OK;
    return dat_tokenizer_of_json(tokenizer->text, path, &c->tokenizer);
}

dat_status checkpoint_read_run(const char *path, checkpoint *c)
{
    dat_run run;
    DAT_TRY(dat_run_load(path, true, &run));
    dat_status status = read_model(path, &run, c);
    if (status.code == DAT_CODE_OK)
        status = read_tokenizer(path, &run, c);
    dat_run_free(&run);
    return status;
}

/* --- writing --- */

/* Names the first argument of the hub's config that ours does not repeat. */
static dat_status check_same(const json_t *wanted, const json_t *got, const char *source)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)wanted, key, value)
    {
        if (json_equal(value, json_object_get(got, key)))
            continue;
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        dat_status status = dat_failure("%.150s: configs of %s have no way to say \"%s\": %.150s", source,
                                        EXPERIMENT, key, text);
        free(text);
        return status;
    }
    return DAT_OK;
}

/* Whether the config makes the model: both are compared as the hub would describe them. */
static dat_status check_config(const dat_language_model *model, const lm_config *config, const char *source)
{
    dat_language_model again;
    dat_params params = {0};
    json_t *wanted = NULL, *got = NULL;
    dat_status status = lm_model_init(&again, &params, config, config->data.vocab_size);
    if (status.code == DAT_CODE_OK)
        status = dat_hub_config_write(&model->config, &wanted);
    if (status.code == DAT_CODE_OK)
        status = dat_hub_config_write(&again.config, &got);
    if (status.code == DAT_CODE_OK)
        status = check_same(wanted, got, source);
    json_decref(wanted);
    json_decref(got);
    dat_language_free(&again);
    dat_params_free(&params);
    return status;
}

/* The name of the folder at `source` as the model's. */
static void set_name(const char *source, char name[DAT_TEXT_SIZE])
{
    size_t length = strlen(source);
    while (length > 1 && source[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && source[start - 1] != '/')
        start--;
    snprintf(name, DAT_TEXT_SIZE, "%.*s", (int)(length - start), source + start);
}

/* The resolved config of the model; the caller frees it. */
static dat_status resolve(const dat_language_model *model, const char *source, char **resolved)
{
    lm_config config, read;
    DAT_TRY(dat_config_parse_resolved("", &lm_schema, &config));
    lm_config_describe(&model->config, &config);
    set_name(source, config.model.name);
    config.data.text[0] = '\0'; /* it was trained on something else */
    *resolved = dat_config_resolve(&lm_schema, &config);
    dat_status status =
        dat_status_prefix(dat_config_parse_resolved(*resolved, &lm_schema, &read), "%.200s", source);
    return status.code == DAT_CODE_OK ? check_config(model, &read, source) : status;
}

dat_status checkpoint_write_run(const char *path, const checkpoint *c, const char *source)
{
    dat_run run = {.state = DAT_RUN_COMPLETE};
    dat_status status = resolve(&c->model, source, &run.config_resolved);
    if (status.code == DAT_CODE_OK) {
        snprintf(run.experiment, sizeof run.experiment, "%s", EXPERIMENT);
        snprintf(run.run_id, sizeof run.run_id, "%.100s", source);
        run.config_path = dat_copy_string(source);
        dat_record_environment(&run);
        dat_run_set_model(&run, &c->params);
        dat_run_set_blob(&run, "parameters", c->params.values,
                         (size_t)c->params.size * sizeof c->params.values[0]);
        char *tokenizer = c->tokenizer ? dat_tokenizer_to_json(c->tokenizer) : NULL;
        if (tokenizer)
            dat_run_set_environment_text(&run, LM_TOKENIZER, tokenizer);
        free(tokenizer);
        status = dat_run_save(&run, path);
    }
    dat_run_free(&run);
    return status;
}
