#include "io/config_schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/config_words.h"
#include "util/memory.h"

dat_values dat_values_new(const dat_schema *schema)
{
    return (dat_values){
        .size = schema->size,
        .bytes = dat_allocate(1, schema->size),
        .given = dat_allocate(schema->size, sizeof(bool)),
    };
}

void dat_values_copy(const dat_values *from, dat_values *to)
{
    memcpy(to->bytes, from->bytes, from->size);
    memcpy(to->given, from->given, from->size * sizeof *from->given);
}

void dat_values_free(dat_values *values)
{
    free(values->bytes);
    free(values->given);
    *values = (dat_values){0};
}

dat_schema_target dat_schema_root(const dat_schema *schema)
{
    return (dat_schema_target){.section = schema};
}

dat_schema_target dat_schema_child(const dat_schema_target *section, const dat_field *field)
{
    dat_schema_target child = {
        .field = field,
        .section = field->type == DAT_FIELD_SECTION ? field->section : NULL,
        .offset = section->offset + field->offset,
    };
    int length = snprintf(child.path, sizeof child.path, "%s%s%s", section->path, section->field ? "." : "",
                          field->key);
    DAT_ASSERT(length < (int)sizeof child.path);
    return child;
}

static dat_status unknown_key(const dat_schema_target *section, const dat_yaml_node *at, const char *key,
                              const char *const *also)
{
    dat_words words = {0};
    for (const dat_field *field = section->section->fields; field->key; ++field)
        dat_words_add(&words, key, field->key);
    for (; also && *also; ++also)
        dat_words_add(&words, key, *also);
    char excerpt[DAT_YAML_EXCERPT];
    dat_yaml_excerpt(key, excerpt);
    const char *in = section->field ? " in " : "";
    if (words.nearest)
        return dat_yaml_error(at, "unknown key \"%s\"%s%s; did you mean \"%s\"?", excerpt, in, section->path,
                              words.nearest);
    return dat_yaml_error(at, "unknown key \"%s\"%s%s; the keys are %s", excerpt, in, section->path,
                          words.list);
}

static const dat_field *find_field(const dat_schema *schema, const char *key)
{
    for (const dat_field *field = schema->fields; field->key; ++field)
        if (strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

dat_status dat_schema_find(const dat_schema_target *section, const dat_yaml_node *key,
                           const char *const *also, dat_schema_target *target)
{
    const dat_field *field = find_field(section->section, key->text);
    if (!field)
        return unknown_key(section, key, key->text, also);
    *target = dat_schema_child(section, field);
    return DAT_OK;
}

dat_status dat_schema_find_path(const dat_schema *schema, const char *path, const dat_yaml_node *at,
                                dat_schema_target *target)
{
    char excerpt[DAT_YAML_EXCERPT];
    dat_yaml_excerpt(path, excerpt);
    *target = dat_schema_root(schema);
    for (const char *rest = path; rest;) {
        if (!target->section)
            return dat_yaml_error(at, "unknown key \"%s\": %s is no section and has no keys", excerpt,
                                  target->path);
        char part[DAT_PATH_SIZE];
        size_t length = strcspn(rest, ".");
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : sizeof part - 1), rest);
        const dat_field *field = find_field(target->section, part);
        if (!field)
            return unknown_key(target, at, part, NULL);
        *target = dat_schema_child(target, field);
        rest = rest[length] == '.' ? rest + length + 1 : NULL;
    }
    return DAT_OK;
}

static bool in_range(const dat_field *field, double value)
{
    bool any = field->minimum == 0 && field->maximum == 0;
    return any || (value >= field->minimum && value <= field->maximum);
}

static bool parse_int(const dat_field *field, const char *text, int64_t *value)
{
    size_t sign = text[0] == '-' || text[0] == '+';
    size_t digits = strspn(text + sign, "0123456789");
    if (digits == 0 || text[sign + digits] != '\0')
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0 && in_range(field, (double)*value);
}

/* strtod also takes blanks, hexadecimals, infinities and NaN; a config does not. */
static bool parse_real(const dat_field *field, const char *text, double *value)
{
    char *end;
    if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    errno = 0;
    *value = strtod(text, &end);
    bool lost = errno == ERANGE && (isinf(*value) || *value == 0);
    return *end == '\0' && !lost && in_range(field, *value);
}

static bool parse_bool(const char *text, bool *value)
{
    *value = strcmp(text, "true") == 0;
    return *value || strcmp(text, "false") == 0;
}

static bool parse_choice(const dat_field *field, const char *text, int *value)
{
    for (*value = 0; field->choices[*value]; ++*value)
        if (strcmp(field->choices[*value], text) == 0)
            return true;
    return false;
}

static bool parse_text(const char *text, char *value)
{
    size_t length = strlen(text);
    if (length >= DAT_TEXT_SIZE)
        return false;
    memset(value, 0, DAT_TEXT_SIZE);
    memcpy(value, text, length);
    return true;
}

/* Stores the value of a scalar node at `place`; false when the field does not accept it. */
static bool store(const dat_field *field, const dat_yaml_node *node, void *place)
{
    bool quotable = field->type == DAT_FIELD_TEXT || field->type == DAT_FIELD_CHOICE;
    if (node->kind != DAT_YAML_SCALAR || (node->quoted && !quotable))
        return false;
    switch (field->type) {
    case DAT_FIELD_INT:
        return parse_int(field, node->text, place);
    case DAT_FIELD_REAL:
        return parse_real(field, node->text, place);
    case DAT_FIELD_BOOL:
        return parse_bool(node->text, place);
    case DAT_FIELD_CHOICE:
        return parse_choice(field, node->text, place);
    case DAT_FIELD_TEXT:
        return parse_text(node->text, place);
    case DAT_FIELD_SECTION:
        break;
    }
    return false;
}

static dat_status refused(const dat_schema_target *target, const dat_yaml_node *node)
{
    char expected[DAT_EXPECTED_SIZE], got[DAT_YAML_EXCERPT];
    dat_field_expected(target->field, expected);
    dat_yaml_describe(node, got);
    dat_words words = {0};
    if (target->field->type == DAT_FIELD_CHOICE && node->kind == DAT_YAML_SCALAR)
        for (const char *const *choice = target->field->choices; *choice; ++choice)
            dat_words_add(&words, node->text, *choice);
    return dat_yaml_error(node, "%s: expected %s, got %s%s%s%s", target->path, expected, got,
                          words.nearest ? "; did you mean \"" : "", words.nearest ? words.nearest : "",
                          words.nearest ? "\"?" : "");
}

dat_status dat_schema_apply(const dat_schema_target *target, const dat_yaml_node *node, dat_values *values)
{
    if (!target->section) {
        if (!store(target->field, node, values->bytes + target->offset))
            return refused(target, node);
        values->given[target->offset] = true;
        return DAT_OK;
    }
    if (node->kind != DAT_YAML_MAPPING)
        return refused(target, node);
    for (int64_t i = 0; i < node->count; ++i) {
        dat_schema_target child;
        DAT_TRY(dat_schema_find(target, &node->keys[i], NULL, &child));
        DAT_TRY(dat_schema_apply(&child, &node->items[i], values));
    }
    return DAT_OK;
}

static dat_status apply_default(const dat_schema_target *target, dat_values *values)
{
    const char *text = target->field->fallback;
    dat_yaml_node node;
    DAT_TRY(dat_yaml_parse(text, strlen(text), "schema default", false, &node));
    dat_status status = dat_schema_apply(target, &node, values);
    dat_yaml_free(&node);
    return status;
}

dat_status dat_schema_apply_defaults(const dat_schema_target *section, dat_values *values)
{
    for (const dat_field *field = section->section->fields; field->key; ++field) {
        dat_schema_target child = dat_schema_child(section, field);
        if (child.section)
            DAT_TRY(dat_schema_apply_defaults(&child, values));
        else if (field->fallback)
            DAT_TRY(apply_default(&child, values));
    }
    return DAT_OK;
}

dat_status dat_schema_require(const dat_schema_target *section, const dat_values *values, const char *origin)
{
    for (const dat_field *field = section->section->fields; field->key; ++field) {
        dat_schema_target child = dat_schema_child(section, field);
        if (child.section) {
            DAT_TRY(dat_schema_require(&child, values, origin));
        } else if (!values->given[child.offset]) {
            char expected[DAT_EXPECTED_SIZE];
            dat_field_expected(field, expected);
            return dat_usage("%.200s: %s is required: give it %s", origin, child.path, expected);
        }
    }
    return DAT_OK;
}
