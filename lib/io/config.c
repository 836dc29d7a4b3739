#include "io/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "io/config_chain.h"
#include "io/config_label.h"
#include "io/config_overrides.h"
#include "io/config_schema.h"
#include "io/config_sweep.h"
#include "io/config_words.h"
#include "util/memory.h"

/* Overlays, and the keys beside the schema's own at the top of an overlay and of a file. */
#define OVERLAY_NAMES "quick", "medium", "smoke"
static const char *const overlay_names[] = {OVERLAY_NAMES, NULL};
static const char *const overlay_keys[] = {"sweep", NULL};
static const char *const file_keys[] = {"inherit", "sweep", OVERLAY_NAMES, NULL};

/* What loading a config builds up, layer by layer. */
typedef struct config_loader {
    const dat_schema *schema;
    dat_config_chain chain;
    dat_overrides overrides;
    dat_values values; /* all layers below the sweep */
    dat_sweep sweep;
} config_loader;

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; ++words)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Applies a file or an overlay but for its `special` keys; where a sweep may be (not NULL) it is merged. */
static dat_status apply_layer(const dat_schema *schema, const dat_yaml_node *layer,
                              const char *const *special, dat_values *values, dat_sweep *sweep)
{
    dat_schema_target root = dat_schema_root(schema);
    for (int64_t i = 0; i < layer->count; ++i) {
        const dat_yaml_node *key = &layer->keys[i], *item = &layer->items[i];
        dat_schema_target target;
        if (sweep && strcmp(key->text, "sweep") == 0) {
            DAT_TRY(dat_sweep_merge(sweep, schema, item));
        } else if (!is_one_of(key->text, special)) {
            DAT_TRY(dat_schema_find(&root, key, special, &target));
            DAT_TRY(dat_schema_apply(&target, item, values));
        }
    }
    return DAT_OK;
}

/* Checks every overlay of a file, chosen or not: a typo should not wait for the day somebody uses it. */
static dat_status check_overlays(const dat_schema *schema, const dat_config_file *file)
{
    dat_status status = DAT_OK;
    dat_values values = dat_values_new(schema);
    dat_sweep sweep = {0};
    for (const char *const *name = overlay_names; *name && status.code == DAT_CODE_OK; ++name) {
        const dat_yaml_node *overlay = dat_yaml_find(&file->root, *name);
        if (overlay && overlay->kind != DAT_YAML_MAPPING)
            status = dat_yaml_error(overlay, "%s: an overlay must be a mapping of sections", *name);
        else if (overlay)
            status = apply_layer(schema, overlay, overlay_keys, &values, &sweep);
    }
    dat_sweep_free(&sweep);
    dat_values_free(&values);
    return status;
}

static dat_status unknown_preset(const config_loader *loader, const char *preset)
{
    char defined[64] = "";
    for (const char *const *name = overlay_names; *name; ++name) {
        bool found = false;
        for (int64_t i = 0; i < loader->chain.count; ++i)
            found = found || dat_yaml_find(&loader->chain.files[i].root, *name);
        if (found && defined[0])
            dat_text_append(defined, sizeof defined, ", ");
        if (found)
            dat_text_append(defined, sizeof defined, *name);
    }
    char excerpt[DAT_YAML_EXCERPT];
    dat_yaml_excerpt(preset, excerpt);
    return dat_usage("%.200s has no preset \"%s\"; it defines %s", loader->chain.files[0].path, excerpt,
                     defined[0] ? defined : "none");
}

static dat_status apply_preset(config_loader *loader, const char *preset)
{
    bool found = false;
    for (int64_t i = loader->chain.count - 1; i >= 0 && is_one_of(preset, overlay_names); --i) {
        const dat_yaml_node *overlay = dat_yaml_find(&loader->chain.files[i].root, preset);
        if (overlay)
            DAT_TRY(apply_layer(loader->schema, overlay, overlay_keys, &loader->values, &loader->sweep));
        found = found || overlay;
    }
    return found ? DAT_OK : unknown_preset(loader, preset);
}

/* Defaults, files from the most basic one up, the preset's overlays in the same order. */
static dat_status apply_layers(config_loader *loader, const char *preset)
{
    const dat_schema_target root = dat_schema_root(loader->schema);
    DAT_TRY(dat_schema_apply_defaults(&root, &loader->values));
    for (int64_t i = loader->chain.count - 1; i >= 0; --i) {
        const dat_config_file *file = &loader->chain.files[i];
        DAT_TRY(apply_layer(loader->schema, &file->root, file_keys, &loader->values, &loader->sweep));
        DAT_TRY(check_overlays(loader->schema, file));
    }
    if (preset)
        DAT_TRY(apply_preset(loader, preset));
    return dat_sweep_check_disjoint(&loader->sweep, loader->schema);
}

/* Fills one run of the product from `values`, whose struct it takes over; an error leaves it empty. */
static dat_status make_run(const config_loader *loader, int64_t number, dat_values *values,
                           dat_run_config *run)
{
    const dat_schema_target root = dat_schema_root(loader->schema);
    const char *path = loader->chain.files[0].path;
    dat_values_copy(&loader->values, values);
    DAT_TRY(dat_sweep_apply(&loader->sweep, number, values));
    DAT_TRY(dat_overrides_apply(&loader->overrides, values));
    DAT_TRY(dat_schema_require(&root, values, path));

    run->resolved = dat_schema_resolve(loader->schema, values->bytes);
    int64_t n_choices;
    dat_schema_target *choices = dat_sweep_choices(&loader->sweep, number, &n_choices);
    run->label = dat_run_label(choices, n_choices, values->bytes);
    char slug[DAT_SLUG_SIZE];
    dat_run_slug(choices, n_choices, values->bytes, path, slug);
    uint64_t hash = XXH3_64bits(run->resolved, strlen(run->resolved));
    snprintf(run->run_id, sizeof run->run_id, "%s-%08" PRIx32, slug, (uint32_t)(hash >> 32));
    free(choices);
    run->values = values->bytes;
    values->bytes = NULL;
    return DAT_OK;
}

static void free_run(dat_run_config *run)
{
    free(run->values);
    free(run->resolved);
    free(run->label);
    *run = (dat_run_config){0};
}

/* Keeps the first of runs that an override has made identical. */
static void collapse_repeats(dat_config *config)
{
    uint64_t *hashes = dat_allocate((size_t)config->n_runs, sizeof *hashes);
    int64_t *first = dat_allocate((size_t)config->n_runs, sizeof *first);
    for (int64_t i = 0; i < config->n_runs; ++i)
        hashes[i] = XXH3_64bits(config->runs[i].resolved, strlen(config->runs[i].resolved));
    dat_find_repeats(hashes, config->n_runs, first);
    int64_t kept = 0;
    for (int64_t i = 0; i < config->n_runs; ++i) {
        if (first[i] == i)
            config->runs[kept++] = config->runs[i];
        else
            free_run(&config->runs[i]);
    }
    config->n_runs = kept;
    free(hashes);
    free(first);
}

static dat_status make_runs(const config_loader *loader, dat_config *config)
{
    int64_t n_runs;
    DAT_TRY(dat_sweep_size(&loader->sweep, config->path, &n_runs));
    config->runs = dat_allocate((size_t)n_runs, sizeof *config->runs);
    for (config->n_runs = 0; config->n_runs < n_runs; ++config->n_runs) {
        dat_values values = dat_values_new(loader->schema);
        dat_status status = make_run(loader, config->n_runs, &values, &config->runs[config->n_runs]);
        dat_values_free(&values);
        DAT_TRY(status);
    }
    collapse_repeats(config);
    return DAT_OK;
}

dat_status dat_config_load(const char *path, const dat_schema *schema, const char *preset,
                           const char *const *overrides, int n_overrides, dat_config *config)
{
    *config = (dat_config){0};
    config_loader loader = {.schema = schema, .values = dat_values_new(schema)};
    dat_status status = dat_config_chain_read(path, &loader.chain);
    if (status.code != DAT_CODE_OK)
        goto done;
    config->path = dat_copy_string(path);
    config->source = dat_copy_string(loader.chain.files[0].text);
    status = apply_layers(&loader, preset);
    if (status.code == DAT_CODE_OK)
        status = dat_overrides_read(schema, overrides, n_overrides, &loader.overrides);
    if (status.code == DAT_CODE_OK)
        status = dat_overrides_join_sweep(&loader.overrides, schema, &loader.values, &loader.sweep);
    if (status.code == DAT_CODE_OK)
        status = make_runs(&loader, config);
done:
    dat_sweep_free(&loader.sweep);
    dat_values_free(&loader.values);
    dat_overrides_free(&loader.overrides);
    dat_config_chain_free(&loader.chain);
    if (status.code != DAT_CODE_OK)
        dat_config_free(config);
    return status;
}

char *dat_config_resolve(const dat_schema *schema, const void *values)
{
    return dat_schema_resolve(schema, values);
}

dat_status dat_config_parse_resolved(const char *resolved, const dat_schema *schema, void *values)
{
    const dat_schema_target root = dat_schema_root(schema);
    const char *const no_other_keys[] = {NULL};
    dat_values filled = dat_values_new(schema);
    dat_yaml_node tree;
    dat_status status = dat_yaml_parse(resolved, strlen(resolved), "resolved config", true, &tree);
    if (status.code == DAT_CODE_OK && tree.kind != DAT_YAML_MAPPING && !dat_yaml_is_empty(&tree))
        status = dat_yaml_error(&tree, "expected a mapping of keys");
    if (status.code == DAT_CODE_OK)
        status = dat_schema_apply_defaults(&root, &filled);
    if (status.code == DAT_CODE_OK)
        status = apply_layer(schema, &tree, no_other_keys, &filled, NULL);
    if (status.code == DAT_CODE_OK)
        status = dat_schema_require(&root, &filled, "resolved config");
    if (status.code == DAT_CODE_OK)
        memcpy(values, filled.bytes, schema->size);
    dat_yaml_free(&tree);
    dat_values_free(&filled);
    return status;
}

void dat_config_free(dat_config *config)
{
    for (int64_t i = 0; i < config->n_runs; ++i)
        free_run(&config->runs[i]);
    free(config->runs);
    free(config->path);
    free(config->source);
    *config = (dat_config){0};
}
