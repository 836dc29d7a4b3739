/* Schemas and values as text: what a field accepts, canonical values, the resolved config, the keys. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "io/config_schema.h"
#include "io/config_words.h"

/* The shortest decimal that reads back as the same number (17 digits always do); whole ones in full. */
static void format_real(double number, char *text, size_t size)
{
    if (fabs(number) < 1e15 && number == floor(number)) {
        snprintf(text, size, "%.0f", number);
        return;
    }
    for (int digits = 1; digits <= 17; ++digits) {
        snprintf(text, size, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            return;
    }
}

static void expected_number(const dat_field *field, char expected[DAT_EXPECTED_SIZE])
{
    bool is_int = field->type == DAT_FIELD_INT;
    const char *ranged = is_int ? "an integer" : "a number";
    char least[32], most[32];
    format_real(field->minimum, least, sizeof least);
    format_real(field->maximum, most, sizeof most);
    if (field->minimum == 0 && field->maximum == 0)
        snprintf(expected, DAT_EXPECTED_SIZE, "%s", is_int ? "a 64-bit integer" : "a finite number");
    else if (isinf(field->maximum))
        snprintf(expected, DAT_EXPECTED_SIZE, "%s of at least %s", ranged, least);
    else if (isinf(field->minimum))
        snprintf(expected, DAT_EXPECTED_SIZE, "%s of at most %s", ranged, most);
    else
        snprintf(expected, DAT_EXPECTED_SIZE, "%s from %s to %s", ranged, least, most);
}

static void expected_choice(const dat_field *field, char expected[DAT_EXPECTED_SIZE])
{
    snprintf(expected, DAT_EXPECTED_SIZE, "one of ");
    for (int i = 0; field->choices[i]; ++i) {
        if (i > 0)
            dat_text_append(expected, DAT_EXPECTED_SIZE, ", ");
        dat_text_append(expected, DAT_EXPECTED_SIZE, field->choices[i]);
    }
}

void dat_field_expected(const dat_field *field, char expected[DAT_EXPECTED_SIZE])
{
    switch (field->type) {
    case DAT_FIELD_INT:
    case DAT_FIELD_REAL:
        expected_number(field, expected);
        return;
    case DAT_FIELD_BOOL:
        snprintf(expected, DAT_EXPECTED_SIZE, "true or false");
        return;
    case DAT_FIELD_CHOICE:
        expected_choice(field, expected);
        return;
    case DAT_FIELD_TEXT:
        snprintf(expected, DAT_EXPECTED_SIZE, "text of at most %d bytes", DAT_TEXT_SIZE - 1);
        return;
    case DAT_FIELD_SECTION:
        snprintf(expected, DAT_EXPECTED_SIZE, "a mapping of keys");
        return;
    }
}

void dat_schema_format(const dat_schema_target *scalar, const char *bytes, char value[DAT_VALUE_SIZE])
{
    const dat_field *field = scalar->field;
    const void *place = bytes + scalar->offset;
    switch (field->type) {
    case DAT_FIELD_INT:
        snprintf(value, DAT_VALUE_SIZE, "%" PRId64, *(const int64_t *)place);
        return;
    case DAT_FIELD_REAL:
        format_real(*(const double *)place, value, DAT_VALUE_SIZE);
        return;
    case DAT_FIELD_BOOL:
        snprintf(value, DAT_VALUE_SIZE, "%s", *(const bool *)place ? "true" : "false");
        return;
    case DAT_FIELD_CHOICE:
        snprintf(value, DAT_VALUE_SIZE, "%s", field->choices[*(const int *)place]);
        return;
    case DAT_FIELD_TEXT:
        snprintf(value, DAT_VALUE_SIZE, "%s", (const char *)place);
        return;
    case DAT_FIELD_SECTION:
        DAT_ASSERT(scalar->field->type != DAT_FIELD_SECTION);
    }
}

/* Whether every YAML reader takes the plain text as this text: it starts like a word, holds nothing with a
 * meaning in YAML and is none of YAML 1.1's names for truth values and null. */
static bool is_plain(const char *text)
{
    static const char *const reserved[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t length = strlen(text);
    if (length == 0 || !strchr(letters, text[0]) || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; ++i)
        if (strcasecmp(text, reserved[i]) == 0)
            return false;
    for (size_t i = 0; i < length; ++i)
        if (!strchr(letters, text[i]) && !strchr("0123456789 ()+,-./_", text[i]))
            return false;
    return true;
}

/* The emitter copies what it needs and frees the event; it can only fail by a broken stream or bad order. */
static void emit(yaml_emitter_t *emitter, int initialized, yaml_event_t *event)
{
    DAT_ASSERT(initialized && yaml_emitter_emit(emitter, event));
}

static void emit_scalar(yaml_emitter_t *emitter, const char *text, bool plain)
{
    yaml_event_t event;
    yaml_scalar_style_t style = plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    int length = (int)strlen(text);
    emit(emitter,
         yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, length, 1, 1, style),
         &event);
}

static void emit_section(yaml_emitter_t *emitter, const dat_schema_target *section, const char *bytes)
{
    yaml_event_t event;
    emit(emitter, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE),
         &event);
    for (const dat_field *field = section->section->fields; field->key; ++field) {
        dat_schema_target child = dat_schema_child(section, field);
        char value[DAT_VALUE_SIZE];
        emit_scalar(emitter, field->key, is_plain(field->key));
        if (child.section) {
            emit_section(emitter, &child, bytes);
        } else {
            dat_schema_format(&child, bytes, value);
            bool is_text = field->type == DAT_FIELD_TEXT || field->type == DAT_FIELD_CHOICE;
            emit_scalar(emitter, value, !is_text || is_plain(value));
        }
    }
    emit(emitter, yaml_mapping_end_event_initialize(&event), &event);
}

char *dat_schema_resolve(const dat_schema *schema, const char *bytes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    yaml_emitter_t emitter;
    DAT_ASSERT(stream && yaml_emitter_initialize(&emitter));
    yaml_emitter_set_output_file(&emitter, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);

    yaml_event_t event;
    dat_schema_target root = dat_schema_root(schema);
    emit(&emitter, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event);
    emit(&emitter, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), &event);
    emit_section(&emitter, &root, bytes);
    emit(&emitter, yaml_document_end_event_initialize(&event, 1), &event);
    emit(&emitter, yaml_stream_end_event_initialize(&event), &event);
    yaml_emitter_delete(&emitter);
    fclose(stream);
    return text;
}

static void print_section(const dat_schema *schema, int indent, FILE *stream)
{
    for (const dat_field *field = schema->fields; field->key; ++field) {
        const char *help = field->help ? field->help : "";
        if (field->type == DAT_FIELD_SECTION) {
            fprintf(stream, "%*s%s:%s%s\n", indent, "", field->key, *help ? "  # " : "", help);
            print_section(field->section, indent + 2, stream);
            continue;
        }
        char expected[DAT_EXPECTED_SIZE];
        dat_field_expected(field, expected);
        bool empty = field->fallback && !*field->fallback;
        fprintf(stream, "%*s%s: %s; %s%s\n", indent, "", field->key, expected,
                field->fallback ? "default " : "required",
                empty             ? "\"\""
                : field->fallback ? field->fallback
                                  : "");
        if (*help)
            fprintf(stream, "%*s%s\n", indent + 6, "", help);
    }
}

void dat_schema_print(const dat_schema *schema, FILE *stream)
{
    print_section(schema, 0, stream);
}
