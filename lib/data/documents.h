/* The documents of a text file. A file named *.jsonl or *.ndjson is JSON lines: each line is an object whose
 * "text" is a document. Any other file is plain text, whose documents are separated by "<|endoftext|>", as in
 * TinyStories. Empty documents are left out. */
#ifndef DAT_DATA_DOCUMENTS_H
#define DAT_DATA_DOCUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/file_map.h"
#include "util/status.h"

typedef struct dat_documents {
    const char *path; /* borrowed */
    dat_file_map map;
    bool json_lines;
    int64_t at, line;        /* of the next document; lines are counted in JSON lines */
    struct json_t *document; /* the line that the current text belongs to, owned; NULL in plain text */
} dat_documents;

/* Opens a file. On error `documents` is empty. Release with dat_documents_close. */
dat_status dat_documents_open(const char *path, dat_documents *documents);

/* The next document, not terminated and valid until the next call; *text is NULL at the end. */
dat_status dat_documents_next(dat_documents *documents, const char **text, int64_t *size);

/* Harmless on an empty one. */
void dat_documents_close(dat_documents *documents);

#endif
