#include "io/config_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util/memory.h"

/* No sane config comes near these; they keep a hostile one from overflowing the stack or taking forever. */
enum { MAX_DEPTH = 32, MAX_KEYS = 1000 };

typedef struct yaml_reader {
    yaml_parser_t parser;
    const char *text;
    size_t length;
    const char *origin;
    bool positions;
} yaml_reader;

static dat_status read_node(yaml_reader *reader, const yaml_event_t *event, int depth, dat_yaml_node *node);

static void place(const yaml_reader *reader, size_t line, size_t column, dat_yaml_node *node)
{
    *node = (dat_yaml_node){.origin = reader->origin};
    if (reader->positions) {
        node->line = line + 1;
        node->column = column + 1;
    }
}

/* libyaml's position of a malformed byte is an offset only. */
static void place_offset(const yaml_reader *reader, size_t offset, dat_yaml_node *node)
{
    size_t line = 0, column = 0;
    for (size_t i = 0; i < offset && i < reader->length; ++i) {
        bool begins_character = ((unsigned char)reader->text[i] & 0xC0) != 0x80;
        column = reader->text[i] == '\n' ? 0 : column + begins_character;
        line += reader->text[i] == '\n';
    }
    place(reader, line, column, node);
}

static bool tab_indents(const yaml_reader *reader, size_t line)
{
    const char *at = reader->text, *end = reader->text + reader->length;
    for (; line > 0 && at < end; ++at)
        line -= *at == '\n';
    while (at < end && *at == ' ')
        ++at;
    return at < end && *at == '\t';
}

static dat_status syntax_error(const yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    dat_yaml_node at;
    if (parser->error == YAML_MEMORY_ERROR)
        return dat_failure("%s: out of memory while reading YAML", reader->origin);
    if (parser->error == YAML_READER_ERROR) {
        place_offset(reader, parser->problem_offset, &at);
        return dat_yaml_error(&at, "not a text file in UTF-8: %s", parser->problem);
    }
    place(reader, parser->problem_mark.line, parser->problem_mark.column, &at);
    const char *hint = tab_indents(reader, parser->problem_mark.line) ? "; indent with spaces, not tabs" : "";
    return dat_yaml_error(&at, "YAML syntax: %s%s%s%s", parser->context ? parser->context : "",
                          parser->context ? ", " : "", parser->problem, hint);
}

static dat_status next_event(yaml_reader *reader, yaml_event_t *event)
{
    return yaml_parser_parse(&reader->parser, event) ? DAT_OK : syntax_error(reader);
}

static dat_status read_scalar(const yaml_event_t *event, dat_yaml_node *node)
{
    const char *value = (const char *)event->data.scalar.value;
    if (strlen(value) != event->data.scalar.length)
        return dat_yaml_error(node, "text cannot hold a NUL character");
    node->kind = DAT_YAML_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = dat_copy_string(value);
    return DAT_OK;
}

/* A new zeroed element at the end of `node`'s items, and of its keys when it is a mapping. */
static dat_yaml_node *add_item(dat_yaml_node *node)
{
    bool full = (node->count & (node->count - 1)) == 0; /* capacities are powers of two */
    size_t capacity = node->count ? 2 * (size_t)node->count : 1;
    if (full)
        node->items = dat_reallocate(node->items, capacity, sizeof *node->items);
    if (full && node->kind == DAT_YAML_MAPPING)
        node->keys = dat_reallocate(node->keys, capacity, sizeof *node->keys);
    node->items[node->count] = (dat_yaml_node){0};
    if (node->kind == DAT_YAML_MAPPING)
        node->keys[node->count] = (dat_yaml_node){0};
    return &node->items[node->count++];
}

/* Reads the key that `event` is and the value behind it. */
static dat_status read_entry(yaml_reader *reader, const yaml_event_t *event, int depth,
                             dat_yaml_node *mapping)
{
    dat_yaml_node *item = add_item(mapping);
    dat_yaml_node *key = &mapping->keys[mapping->count - 1];
    DAT_TRY(read_node(reader, event, depth, key));
    if (key->kind != DAT_YAML_SCALAR)
        return dat_yaml_error(key, "a key must be a word, not a list or mapping");
    char excerpt[DAT_YAML_EXCERPT];
    dat_yaml_excerpt(key->text, excerpt);
    for (const dat_yaml_node *other = mapping->keys; other != key; ++other)
        if (strcmp(other->text, key->text) == 0 && other->line > 0)
            return dat_yaml_error(key, "key \"%s\" appears twice, first in line %zu", excerpt, other->line);
        else if (strcmp(other->text, key->text) == 0)
            return dat_yaml_error(key, "key \"%s\" appears twice", excerpt);
    if (mapping->count > MAX_KEYS)
        return dat_yaml_error(key, "more than %d keys in one mapping", MAX_KEYS);

    yaml_event_t value;
    DAT_TRY(next_event(reader, &value));
    dat_status status = read_node(reader, &value, depth, item);
    yaml_event_delete(&value);
    return status;
}

/* Reads the children of a list or mapping up to its end. */
static dat_status read_children(yaml_reader *reader, int depth, dat_yaml_node *node)
{
    for (;;) {
        yaml_event_t event;
        DAT_TRY(next_event(reader, &event));
        bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        dat_status status = DAT_OK;
        if (!end && node->kind == DAT_YAML_LIST)
            status = read_node(reader, &event, depth, add_item(node));
        else if (!end)
            status = read_entry(reader, &event, depth, node);
        yaml_event_delete(&event);
        if (end || status.code != DAT_CODE_OK)
            return status;
    }
}

static bool has_anchor_or_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    default:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    }
}

/* Reads the node that `event` opens; `node` is freed by its tree's owner even after an error. */
static dat_status read_node(yaml_reader *reader, const yaml_event_t *event, int depth, dat_yaml_node *node)
{
    place(reader, event->start_mark.line, event->start_mark.column, node);
    if (event->type == YAML_ALIAS_EVENT || has_anchor_or_tag(event))
        return dat_yaml_error(node, "YAML anchors (&), aliases (*) and tags (!) are not supported; "
                                    "write the value out or use `inherit`");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(event, node);
    if (depth >= MAX_DEPTH)
        return dat_yaml_error(node, "nested more than %d levels deep", MAX_DEPTH);
    node->kind = event->type == YAML_SEQUENCE_START_EVENT ? DAT_YAML_LIST : DAT_YAML_MAPPING;
    return read_children(reader, depth + 1, node);
}

/* Reads the one document of a stream, event by event from the stream's start to its end. */
static dat_status read_stream(yaml_reader *reader, dat_yaml_node *root)
{
    bool seen_document = false;
    for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        DAT_TRY(next_event(reader, &event));
        type = event.type;
        dat_status status = DAT_OK;
        if (type == YAML_DOCUMENT_START_EVENT && seen_document) {
            dat_yaml_node at;
            place(reader, event.start_mark.line, event.start_mark.column, &at);
            status = dat_yaml_error(&at, "a second YAML document begins; keep one per file");
        } else if (type == YAML_DOCUMENT_START_EVENT) {
            seen_document = true;
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_END_EVENT &&
                   type != YAML_STREAM_END_EVENT) {
            status = read_node(reader, &event, 0, root);
        }
        yaml_event_delete(&event);
        DAT_TRY(status);
    }
    return DAT_OK;
}

dat_status dat_yaml_parse(const char *text, size_t length, const char *origin, bool positions,
                          dat_yaml_node *root)
{
    yaml_reader reader = {.text = text, .length = length, .origin = origin, .positions = positions};
    place(&reader, 0, 0, root);
    if (!yaml_parser_initialize(&reader.parser))
        return dat_failure("%s: out of memory while reading YAML", origin);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    dat_status status = read_stream(&reader, root);
    yaml_parser_delete(&reader.parser);
    if (status.code != DAT_CODE_OK)
        dat_yaml_free(root);
    else if (root->kind == DAT_YAML_SCALAR && !root->text)
        root->text = dat_copy_string("");
    return status;
}

void dat_yaml_free(dat_yaml_node *node)
{
    for (int64_t i = 0; i < node->count; ++i) {
        dat_yaml_free(&node->items[i]);
        if (node->keys)
            dat_yaml_free(&node->keys[i]);
    }
    free(node->text);
    free(node->items);
    free(node->keys);
    *node = (dat_yaml_node){0};
}

bool dat_yaml_is_empty(const dat_yaml_node *node)
{
    return node->kind == DAT_YAML_SCALAR && !node->quoted && node->text[0] == '\0';
}

const dat_yaml_node *dat_yaml_find(const dat_yaml_node *mapping, const char *key)
{
    for (int64_t i = 0; i < mapping->count; ++i)
        if (mapping->kind == DAT_YAML_MAPPING && strcmp(mapping->keys[i].text, key) == 0)
            return &mapping->items[i];
    return NULL;
}

dat_status dat_yaml_error(const dat_yaml_node *node, const char *format, ...)
{
    dat_status status = {.code = DAT_CODE_USAGE};
    int used = node->line > 0 ? snprintf(status.message, sizeof status.message,
                                         "%.200s:%zu:%zu: ", node->origin, node->line, node->column)
                              : snprintf(status.message, sizeof status.message, "%.200s: ", node->origin);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.message + used, sizeof status.message - (size_t)used, format, arguments);
    va_end(arguments);
    return status;
}

void dat_yaml_excerpt(const char *text, char excerpt[DAT_YAML_EXCERPT])
{
    enum { LONGEST = DAT_YAML_EXCERPT - 4 };
    size_t length = strlen(text);
    bool cut = length > LONGEST;
    if (cut)
        length = LONGEST;
    while (cut && length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        --length; /* not within a UTF-8 character */
    for (size_t i = 0; i < length; ++i)
        excerpt[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? '?' : text[i];
    memcpy(excerpt + length, cut ? "..." : "", cut ? 4 : 1);
}

void dat_yaml_describe(const dat_yaml_node *node, char description[DAT_YAML_EXCERPT])
{
    char excerpt[DAT_YAML_EXCERPT];
    if (node->kind == DAT_YAML_LIST || node->kind == DAT_YAML_MAPPING) {
        snprintf(description, DAT_YAML_EXCERPT, "a %s", node->kind == DAT_YAML_LIST ? "list" : "mapping");
    } else if (dat_yaml_is_empty(node)) {
        snprintf(description, DAT_YAML_EXCERPT, "nothing");
    } else {
        dat_yaml_excerpt(node->text, excerpt);
        snprintf(description, DAT_YAML_EXCERPT, node->quoted ? "\"%.60s\"" : "%.63s", excerpt);
    }
}
