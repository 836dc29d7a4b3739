#include "io/resolved.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

enum { MAX_DEPTH = 8, KEY_SIZE = 256 };

/* The open sections at the current line: the dotted key of the first `depth` of them is
 * prefix[0..length[depth]). */
typedef struct resolved_reader {
    dat_resolved *resolved;
    int64_t line, capacity;
    int depth;
    char prefix[KEY_SIZE];
    size_t length[MAX_DEPTH + 1];
} resolved_reader;

static dat_status bad_line(const resolved_reader *reader, const char *expected)
{
    return dat_failure("resolved config, line %" PRId64 ": expected %s", reader->line, expected);
}

/* Takes as much of `line` as the depth allows: a section's entries are one level deeper, an entry may close
 * any number of sections. */
static dat_status read_indent(resolved_reader *reader, const char **line)
{
    size_t spaces = strspn(*line, " ");
    if (spaces % 2 != 0 || spaces / 2 > (size_t)reader->depth)
        return bad_line(reader, "an indent of two spaces per open section");
    reader->depth = (int)(spaces / 2);
    *line += spaces;
    return DAT_OK;
}

/* Appends the key to the open sections' prefix; its end is where a deeper level continues. */
static dat_status read_key(resolved_reader *reader, const char **line)
{
    size_t size = 0;
    while (isalnum((unsigned char)(*line)[size]) || (*line)[size] == '_')
        size++;
    if (size == 0 || (*line)[size] != ':')
        return bad_line(reader, "\"key:\" or \"key: value\"");
    size_t start = reader->length[reader->depth];
    if (start + size + 2 > sizeof reader->prefix)
        return bad_line(reader, "a shorter key");
    if (start > 0)
        reader->prefix[start++] = '.';
    memcpy(reader->prefix + start, *line, size);
    reader->prefix[start + size] = '\0';
    *line += size + 1;
    return DAT_OK;
}

/* Unquotes a double-quoted scalar of `size` bytes into `value`, which has room for them. */
static bool unquote(const char *text, size_t size, char *value)
{
    static const char escapes[] = "\\\"ntr", meanings[] = "\\\"\n\t\r";
    for (size_t i = 1; i + 1 < size; i++) {
        if (text[i] == '"')
            return false;
        if (text[i] == '\\') {
            const char *escape = ++i + 1 < size ? strchr(escapes, text[i]) : NULL;
            if (!escape)
                return false;
            *value++ = meanings[escape - escapes];
        } else {
            *value++ = text[i];
        }
    }
    *value = '\0';
    return size >= 2 && text[size - 1] == '"';
}

static bool is_plain(const char *text, size_t size)
{
    return size > 0 && !strchr(" \"'[]{}&*!|>%@`#,", text[0]) && text[size - 1] != ' ' &&
           text[size - 1] != '\r';
}

static dat_status add_entry(resolved_reader *reader, const char *text, size_t size)
{
    dat_resolved *resolved = reader->resolved;
    if (dat_resolved_text(resolved, reader->prefix))
        return dat_failure("resolved config, line %" PRId64 ": %s appears twice", reader->line,
                           reader->prefix);
    char *value = dat_allocate(size + 1, 1);
    if (*text == '"' ? !unquote(text, size, value) : !is_plain(text, size)) {
        free(value);
        return bad_line(reader, "a plain or double-quoted value");
    }
    if (*text != '"')
        memcpy(value, text, size);
    if (resolved->n_entries == reader->capacity) {
        reader->capacity = reader->capacity ? 2 * reader->capacity : 64;
        resolved->entries =
            dat_reallocate(resolved->entries, (size_t)reader->capacity, sizeof *resolved->entries);
    }
    resolved->entries[resolved->n_entries++] =
        (dat_resolved_entry){.key = dat_copy_string(reader->prefix), .value = value};
    return DAT_OK;
}

static dat_status read_line(resolved_reader *reader, const char *line, const char *end)
{
    DAT_TRY(read_indent(reader, &line));
    DAT_TRY(read_key(reader, &line));
    if (line == end) {
        if (reader->depth == MAX_DEPTH)
            return bad_line(reader, "fewer nested sections");
        reader->length[++reader->depth] = strlen(reader->prefix);
        return DAT_OK;
    }
    if (*line != ' ')
        return bad_line(reader, "a space after \"key:\"");
    line++;
    return add_entry(reader, line, (size_t)(end - line));
}

dat_status dat_resolved_parse(const char *text, dat_resolved *resolved)
{
    *resolved = (dat_resolved){0};
    resolved_reader reader = {.resolved = resolved};
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        reader.line++;
        dat_status status = read_line(&reader, text, text + size);
        if (status.code != DAT_CODE_OK) {
            dat_resolved_free(resolved);
            return status;
        }
        text += size + (text[size] == '\n');
    }
    return DAT_OK;
}

const char *dat_resolved_text(const dat_resolved *resolved, const char *key)
{
    for (int64_t i = 0; i < resolved->n_entries; i++)
        if (strcmp(resolved->entries[i].key, key) == 0)
            return resolved->entries[i].value;
    return NULL;
}

bool dat_resolved_integer(const dat_resolved *resolved, const char *key, int64_t *integer)
{
    const char *text = dat_resolved_text(resolved, key);
    if (!text || !(isdigit((unsigned char)*text) || *text == '-'))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
        return false;
    *integer = value;
    return true;
}

void dat_resolved_free(dat_resolved *resolved)
{
    for (int64_t i = 0; i < resolved->n_entries; i++) {
        free(resolved->entries[i].key);
        free(resolved->entries[i].value);
    }
    free(resolved->entries);
    *resolved = (dat_resolved){0};
}
