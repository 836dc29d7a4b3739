#include "io/config_overrides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

static void free_override(dat_override *override)
{
    dat_yaml_free(&override->value);
    free(override->origin);
}

/* Reads "key=value"; the caller frees the override even after an error. */
static dat_status read_override(const dat_schema *schema, const char *text, dat_override *override)
{
    size_t key_length = strcspn(text, "=");
    size_t origin_size = sizeof "--set " + key_length;
    override->origin = dat_allocate(origin_size, 1);
    snprintf(override->origin, origin_size, "--set %s", text);
    const char *key = override->origin + strlen("--set ");
    dat_yaml_node place = {.origin = override->origin};
    if (text[key_length] != '=' || key_length == 0)
        return dat_yaml_error(&place, "expected KEY=VALUE");
    DAT_TRY(dat_schema_find_path(schema, key, &place, &override->target));
    const char *value = text + key_length + 1;
    return dat_yaml_parse(value, strlen(value), override->origin, false, &override->value);
}

/* Removes the override before the last one that is for the same key. */
static void drop_earlier(dat_overrides *overrides)
{
    int64_t last = overrides->count - 1;
    for (int64_t i = 0; i < last; ++i) {
        if (strcmp(overrides->items[i].target.path, overrides->items[last].target.path) != 0)
            continue;
        free_override(&overrides->items[i]);
        memmove(&overrides->items[i], &overrides->items[i + 1],
                (size_t)(last - i) * sizeof *overrides->items);
        --overrides->count;
        return;
    }
}

dat_status dat_overrides_read(const dat_schema *schema, const char *const *texts, int count,
                              dat_overrides *overrides)
{
    overrides->items = dat_allocate((size_t)count, sizeof *overrides->items);
    for (int i = 0; i < count; ++i) {
        dat_override *override = &overrides->items[overrides->count++];
        *override = (dat_override){0};
        DAT_TRY(read_override(schema, texts[i], override));
        drop_earlier(overrides);
    }
    return DAT_OK;
}

dat_status dat_overrides_move_axes(dat_overrides *overrides, const dat_schema *schema, dat_sweep *sweep)
{
    for (int64_t i = 0; i < overrides->count; ++i) {
        dat_override *override = &overrides->items[i];
        bool is_list = override->value.kind == DAT_YAML_LIST;
        if (!is_list && !dat_sweep_find(sweep, override->target.path))
            continue;
        dat_axis axis = {
            .target = override->target,
            .place = &override->value,
            .entries = is_list ? override->value.items : &override->value,
            .count = is_list ? override->value.count : 1,
        };
        DAT_TRY(dat_sweep_set(sweep, schema, &axis));
        override->is_axis = true;
    }
    return DAT_OK;
}

dat_status dat_overrides_apply(const dat_overrides *overrides, dat_values *values)
{
    for (int64_t i = 0; i < overrides->count; ++i)
        if (!overrides->items[i].is_axis)
            DAT_TRY(dat_schema_apply(&overrides->items[i].target, &overrides->items[i].value, values));
    return DAT_OK;
}

void dat_overrides_free(dat_overrides *overrides)
{
    for (int64_t i = 0; i < overrides->count; ++i)
        free_override(&overrides->items[i]);
    free(overrides->items);
    *overrides = (dat_overrides){0};
}
