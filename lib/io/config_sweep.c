#include "io/config_sweep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "util/memory.h"

/* A hash with the place it came from, to sort by. */
typedef struct placed_hash {
    uint64_t hash;
    int64_t index;
} placed_hash;

static int compare_hashes(const void *a, const void *b)
{
    const placed_hash *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

void dat_find_repeats(const uint64_t *hashes, int64_t count, int64_t *first)
{
    placed_hash *sorted = dat_allocate((size_t)count, sizeof *sorted);
    for (int64_t i = 0; i < count; ++i)
        sorted[i] = (placed_hash){.hash = hashes[i], .index = i};
    qsort(sorted, (size_t)count, sizeof *sorted, compare_hashes);
    for (int64_t i = 0; i < count; ++i) {
        bool repeats = i > 0 && sorted[i].hash == sorted[i - 1].hash;
        first[sorted[i].index] = repeats ? first[sorted[i - 1].index] : sorted[i].index;
    }
    free(sorted);
}

/* Applies every entry to an empty struct of its own: an error names the entry, a hash stands for its keys and
 * values. */
static dat_status check_entries(const dat_axis *axis, const dat_schema *schema, uint64_t *hashes)
{
    dat_status status = DAT_OK;
    dat_values empty = dat_values_new(schema), values = dat_values_new(schema);
    for (int64_t i = 0; i < axis->count && status.code == DAT_CODE_OK; ++i) {
        dat_values_copy(&empty, &values);
        status = dat_schema_apply(&axis->target, &axis->entries[i], &values);
        uint64_t keys = XXH3_64bits(values.given, values.size * sizeof *values.given);
        hashes[i] = XXH3_64bits_withSeed(values.bytes, values.size, keys);
    }
    dat_values_free(&empty);
    dat_values_free(&values);
    return status;
}

static dat_status check_different(const dat_axis *axis, const uint64_t *hashes)
{
    dat_status status = DAT_OK;
    int64_t *first = dat_allocate((size_t)axis->count, sizeof *first);
    dat_find_repeats(hashes, axis->count, first);
    for (int64_t i = 0; i < axis->count && status.code == DAT_CODE_OK; ++i)
        if (first[i] != i)
            status =
                dat_yaml_error(&axis->entries[i], "sweep axis %s: entry %" PRId64 " repeats entry %" PRId64,
                               axis->target.path, i + 1, first[i] + 1);
    free(first);
    return status;
}

static dat_status check_axis(const dat_axis *axis, const dat_schema *schema)
{
    const char *path = axis->target.path;
    if (axis->count == 0)
        return dat_yaml_error(axis->place, "sweep axis %s: the list is empty; give at least one value", path);
    if (axis->count > DAT_MAX_RUNS)
        return dat_yaml_error(axis->place, "sweep axis %s: %" PRId64 " values are more than the %d allowed",
                              path, axis->count, DAT_MAX_RUNS);
    uint64_t *hashes = dat_allocate((size_t)axis->count, sizeof *hashes);
    dat_status status = check_entries(axis, schema, hashes);
    if (status.code == DAT_CODE_OK)
        status = check_different(axis, hashes);
    free(hashes);
    return status;
}

dat_axis *dat_sweep_find(const dat_sweep *sweep, const char *path)
{
    for (int64_t i = 0; i < sweep->count; ++i)
        if (strcmp(sweep->axes[i].target.path, path) == 0)
            return &sweep->axes[i];
    return NULL;
}

dat_status dat_sweep_set(dat_sweep *sweep, const dat_schema *schema, const dat_axis *axis)
{
    DAT_TRY(check_axis(axis, schema));
    dat_axis *place = dat_sweep_find(sweep, axis->target.path);
    if (!place) {
        sweep->axes = dat_reallocate(sweep->axes, (size_t)sweep->count + 1, sizeof *sweep->axes);
        place = &sweep->axes[sweep->count++];
    }
    *place = *axis;
    return DAT_OK;
}

dat_status dat_sweep_merge(dat_sweep *sweep, const dat_schema *schema, const dat_yaml_node *mapping)
{
    char got[DAT_YAML_EXCERPT];
    dat_yaml_describe(mapping, got);
    if (mapping->kind != DAT_YAML_MAPPING)
        return dat_yaml_error(mapping, "sweep: expected a mapping of keys to lists, got %s", got);
    for (int64_t i = 0; i < mapping->count; ++i) {
        const dat_yaml_node *key = &mapping->keys[i], *list = &mapping->items[i];
        dat_axis axis = {.place = key, .entries = list->items, .count = list->count};
        DAT_TRY(dat_schema_find_path(schema, key->text, key, &axis.target));
        dat_yaml_describe(list, got);
        if (list->kind != DAT_YAML_LIST)
            return dat_yaml_error(list, "sweep axis %s: expected a list of %s, got %s", axis.target.path,
                                  axis.target.section ? "mappings" : "values", got);
        DAT_TRY(dat_sweep_set(sweep, schema, &axis));
    }
    return DAT_OK;
}

/* Leaves in scratch->given the keys that at least one entry of the axis sets. */
static dat_status mark_keys(const dat_axis *axis, dat_values *scratch)
{
    memset(scratch->given, 0, scratch->size * sizeof *scratch->given);
    for (int64_t i = 0; i < axis->count; ++i)
        DAT_TRY(dat_schema_apply(&axis->target, &axis->entries[i], scratch));
    return DAT_OK;
}

dat_axis *dat_sweep_find_setter(const dat_sweep *sweep, const dat_schema *schema,
                                const dat_schema_target *scalar)
{
    dat_axis *setter = NULL;
    dat_values scratch = dat_values_new(schema);
    for (int64_t i = 0; i < sweep->count && !setter; ++i) {
        dat_status status = mark_keys(&sweep->axes[i], &scratch);
        DAT_ASSERT(status.code == DAT_CODE_OK); /* entries were checked when the axis was set */
        if (sweep->axes[i].target.section && scratch.given[scalar->offset])
            setter = &sweep->axes[i];
    }
    dat_values_free(&scratch);
    return setter;
}

/* Notes in `owner` (one axis per offset, from 1) which keys the axis `index` sets. */
static dat_status claim_keys(const dat_sweep *sweep, int64_t index, dat_values *scratch, int64_t *owner)
{
    const dat_axis *axis = &sweep->axes[index];
    DAT_TRY(mark_keys(axis, scratch));
    for (size_t offset = 0; offset < scratch->size; ++offset) {
        if (scratch->given[offset] && owner[offset])
            return dat_yaml_error(axis->place,
                                  "sweep axes %s and %s set the same key; let one of them set it",
                                  sweep->axes[owner[offset] - 1].target.path, axis->target.path);
        if (scratch->given[offset])
            owner[offset] = index + 1;
    }
    return DAT_OK;
}

dat_status dat_sweep_check_disjoint(const dat_sweep *sweep, const dat_schema *schema)
{
    dat_status status = DAT_OK;
    dat_values scratch = dat_values_new(schema);
    int64_t *owner = dat_allocate(schema->size, sizeof *owner);
    for (int64_t i = 0; i < sweep->count && status.code == DAT_CODE_OK; ++i)
        status = claim_keys(sweep, i, &scratch, owner);
    dat_values_free(&scratch);
    free(owner);
    return status;
}

dat_status dat_sweep_size(const dat_sweep *sweep, const char *origin, int64_t *n_runs)
{
    *n_runs = 1;
    for (int64_t i = 0; i < sweep->count; ++i) {
        *n_runs *= sweep->axes[i].count; /* both at most DAT_MAX_RUNS */
        if (*n_runs > DAT_MAX_RUNS)
            return dat_usage("%.200s: the sweep's product has more than %d runs; shorten its axes", origin,
                             DAT_MAX_RUNS);
    }
    return DAT_OK;
}

/* Splits a run's number into the entry of each axis, the last axis first. */
static const dat_yaml_node *entry_of(const dat_sweep *sweep, int64_t run, int64_t axis)
{
    for (int64_t i = sweep->count - 1; i > axis; --i)
        run /= sweep->axes[i].count;
    return &sweep->axes[axis].entries[run % sweep->axes[axis].count];
}

dat_status dat_sweep_apply(const dat_sweep *sweep, int64_t run, dat_values *values)
{
    for (int64_t i = 0; i < sweep->count; ++i)
        DAT_TRY(dat_schema_apply(&sweep->axes[i].target, entry_of(sweep, run, i), values));
    return DAT_OK;
}

/* Appends the keys that a checked entry sets to the array. */
static void add_choices(const dat_schema_target *target, const dat_yaml_node *entry,
                        dat_schema_target **choices, int64_t *count)
{
    if (!target->section) {
        *choices = dat_reallocate(*choices, (size_t)*count + 1, sizeof **choices);
        (*choices)[(*count)++] = *target;
        return;
    }
    bool named = dat_yaml_find(entry, "name");
    for (int64_t i = 0; i < entry->count; ++i) {
        dat_schema_target child;
        if (named && strcmp(entry->keys[i].text, "name") != 0)
            continue;
        dat_status status = dat_schema_find(target, &entry->keys[i], NULL, &child);
        DAT_ASSERT(status.code == DAT_CODE_OK);
        add_choices(&child, &entry->items[i], choices, count);
    }
}

dat_schema_target *dat_sweep_choices(const dat_sweep *sweep, int64_t run, int64_t *count)
{
    dat_schema_target *choices = NULL;
    *count = 0;
    for (int64_t i = 0; i < sweep->count; ++i)
        add_choices(&sweep->axes[i].target, entry_of(sweep, run, i), &choices, count);
    return choices;
}

void dat_sweep_free(dat_sweep *sweep)
{
    free(sweep->axes);
    *sweep = (dat_sweep){0};
}
