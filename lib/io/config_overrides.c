#include "io/config_overrides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/config_words.h"
#include "util/memory.h"

/* The canonical text of a key's value. */
typedef struct value_text {
    char text[DAT_VALUE_SIZE];
} value_text;

static void free_override(dat_override *override)
{
    dat_yaml_free(&override->value);
    free(override->selected);
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

/* The values that an override gives, one of each item of a list. */
static const dat_yaml_node *items_of(const dat_override *override, int64_t *count)
{
    bool is_list = override->value.kind == DAT_YAML_LIST;
    *count = is_list ? override->value.count : 1;
    return is_list ? override->value.items : &override->value;
}

/* The value that `scalar` has after `node` is applied to `target` above the layers `below`; "" when it has
 * none. */
static dat_status value_after(const dat_schema_target *scalar, const dat_schema_target *target,
                              const dat_yaml_node *node, const dat_values *below, dat_values *scratch,
                              value_text *value)
{
    dat_values_copy(below, scratch);
    DAT_TRY(dat_schema_apply(target, node, scratch));
    value->text[0] = '\0';
    if (scratch->given[scalar->offset])
        dat_schema_format(scalar, scratch->bytes, value->text);
    return DAT_OK;
}

static bool is_among(const value_text *value, const value_text *values, int64_t count)
{
    for (int64_t i = 0; i < count; ++i)
        if (strcmp(value->text, values[i].text) == 0)
            return true;
    return false;
}

/* Refuses a value that no mapping of the axis has; `has` is what they have. */
static dat_status check_value(const dat_override *override, const dat_axis *axis, const value_text *value,
                              const value_text *has)
{
    char list[256] = "";
    if (is_among(value, has, axis->count))
        return DAT_OK;
    for (int64_t i = 0; i < axis->count; ++i) {
        if (is_among(&has[i], has, i))
            continue;
        dat_text_append(list, sizeof list, list[0] ? ", \"" : "\"");
        dat_text_append(list, sizeof list, has[i].text);
        dat_text_append(list, sizeof list, "\"");
    }
    char excerpt[DAT_YAML_EXCERPT];
    dat_yaml_excerpt(value->text, excerpt);
    return dat_yaml_error(&override->value,
                          "no entry of the sweep axis %s has the value \"%s\"; they have %s (to change "
                          "the entries, replace the axis: --set %s=...)",
                          axis->target.path, excerpt, list, axis->target.path);
}

/* Reduces the axis to the mappings that have a wanted value. */
static dat_status select_entries(dat_override *override, const dat_values *below, dat_values *scratch,
                                 dat_axis *axis)
{
    int64_t n_wanted, n_selected = 0;
    const dat_yaml_node *items = items_of(override, &n_wanted);
    value_text *wanted = dat_allocate((size_t)n_wanted, sizeof *wanted);
    value_text *has = dat_allocate((size_t)axis->count, sizeof *has);
    dat_status status = n_wanted > 0 ? DAT_OK : dat_yaml_error(&override->value, "the list is empty");
    for (int64_t i = 0; i < axis->count && status.code == DAT_CODE_OK; ++i)
        status = value_after(&override->target, &axis->target, &axis->entries[i], below, scratch, &has[i]);
    for (int64_t i = 0; i < n_wanted && status.code == DAT_CODE_OK; ++i) {
        status = value_after(&override->target, &override->target, &items[i], below, scratch, &wanted[i]);
        if (status.code == DAT_CODE_OK)
            status = check_value(override, axis, &wanted[i], has);
    }
    if (status.code == DAT_CODE_OK) {
        override->selected = dat_allocate((size_t)axis->count, sizeof *override->selected);
        for (int64_t i = 0; i < axis->count; ++i)
            if (is_among(&has[i], wanted, n_wanted))
                override->selected[n_selected++] = axis->entries[i];
        axis->entries = override->selected;
        axis->count = n_selected;
    }
    free(wanted);
    free(has);
    return status;
}

/* Makes the override an axis, or replaces the one that it names. */
static dat_status become_axis(const dat_override *override, const dat_schema *schema, dat_sweep *sweep)
{
    dat_axis axis = {.target = override->target, .place = &override->value};
    axis.entries = items_of(override, &axis.count);
    return dat_sweep_set(sweep, schema, &axis);
}

dat_status dat_overrides_join_sweep(dat_overrides *overrides, const dat_schema *schema,
                                    const dat_values *below, dat_sweep *sweep)
{
    dat_status status = DAT_OK;
    dat_values scratch = dat_values_new(schema);
    for (int64_t i = 0; i < overrides->count && status.code == DAT_CODE_OK; ++i) {
        dat_override *override = &overrides->items[i];
        const dat_schema_target *target = &override->target;
        dat_axis *setter = target->section ? NULL : dat_sweep_find_setter(sweep, schema, target);
        bool is_axis = override->value.kind == DAT_YAML_LIST || dat_sweep_find(sweep, target->path);
        override->in_sweep = setter || is_axis;
        if (setter)
            status = select_entries(override, below, &scratch, setter);
        else if (is_axis)
            status = become_axis(override, schema, sweep);
    }
    dat_values_free(&scratch);
    return status;
}

dat_status dat_overrides_apply(const dat_overrides *overrides, dat_values *values)
{
    for (int64_t i = 0; i < overrides->count; ++i)
        if (!overrides->items[i].in_sweep)
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
