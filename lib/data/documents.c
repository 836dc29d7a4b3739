#define _GNU_SOURCE /* memmem */
#include "data/documents.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "data/tokenizer.h"

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

dat_status dat_documents_open(const char *path, dat_documents *documents)
{
    *documents = (dat_documents){.path = path};
    documents->json_lines = ends_with(path, ".jsonl") || ends_with(path, ".ndjson");
    return dat_file_map_open(path, &documents->map);
}

void dat_documents_close(dat_documents *documents)
{
    json_decref(documents->document);
    dat_file_map_close(&documents->map);
    *documents = (dat_documents){0};
}

/* The bytes up to the next separator, which is skipped. */
static const char *take_until(dat_documents *documents, const char *separator, int64_t *size)
{
    const char *start = documents->map.bytes + documents->at;
    size_t left = (size_t)(documents->map.size - documents->at);
    const char *end = memmem(start, left, separator, strlen(separator));
    *size = end ? end - start : (int64_t)left;
    documents->at += *size + (end ? (int64_t)strlen(separator) : 0);
    return start;
}

static dat_status parse_line(dat_documents *documents, const char *line, int64_t line_size, const char **text,
                             int64_t *size)
{
    json_error_t error;
    json_decref(documents->document);
    documents->document = json_loadb(line, (size_t)line_size, JSON_ALLOW_NUL, &error);
    if (!documents->document)
        return dat_failure("%.200s:%" PRId64 ":%d: %.200s", documents->path, documents->line, error.column,
                           error.text);
    const json_t *value = json_object_get(documents->document, "text");
    if (!json_is_string(value))
        return dat_failure("%.200s:%" PRId64
                           ": has no \"text\" that is a string, which JSON lines of documents "
                           "need",
                           documents->path, documents->line);
    *text = json_string_value(value);
    *size = (int64_t)json_string_length(value);
    return DAT_OK;
}

static bool is_blank(const char *line, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

dat_status dat_documents_next(dat_documents *documents, const char **text, int64_t *size)
{
    *text = NULL;
    *size = 0;
    while (*size == 0 && documents->at < documents->map.size) {
        if (!documents->json_lines) {
            *text = take_until(documents, dat_end_of_text, size);
            continue;
        }
        int64_t line_size;
        const char *line = take_until(documents, "\n", &line_size);
        documents->line++;
        if (!is_blank(line, line_size))
            DAT_TRY(parse_line(documents, line, line_size, text, size));
    }
    if (*size == 0)
        *text = NULL;
    return DAT_OK;
}
