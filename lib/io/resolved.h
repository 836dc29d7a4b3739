/* Reads the resolved text of a config (dat_run_config.resolved) as dotted keys with their values, without a
 * schema:
 *
 *     data:
 *       task: between           ->  data.task = between
 *     figure: "fig 2"           ->  figure = fig 2
 *
 * Only what the canonical writer emits is understood: nested mappings indented by two spaces, values plain or
 * in double quotes. Anything else is refused with its line. */
#ifndef DAT_IO_RESOLVED_H
#define DAT_IO_RESOLVED_H

#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

typedef struct dat_resolved_entry {
    char *key;   /* "train.batch_size" */
    char *value; /* unquoted */
} dat_resolved_entry;

typedef struct dat_resolved {
    dat_resolved_entry *entries; /* in the text's order */
    int64_t n_entries;
} dat_resolved;

/* Parses the text. The caller releases `resolved` with dat_resolved_free; on error it is empty. */
dat_status dat_resolved_parse(const char *text, dat_resolved *resolved);

/* The value of a dotted key, or NULL. Valid until dat_resolved_free. */
const char *dat_resolved_text(const dat_resolved *resolved, const char *key);

/* Stores the integer value of a dotted key; false when the key is missing or is not an integer. */
bool dat_resolved_integer(const dat_resolved *resolved, const char *key, int64_t *integer);

/* Releases everything; harmless on an empty one. */
void dat_resolved_free(dat_resolved *resolved);

#endif
