/* Replacing a file in one step: readers see the old content or the new one, never a part. */
#ifndef DAT_IO_FILE_REPLACE_H
#define DAT_IO_FILE_REPLACE_H

#include <stddef.h>

#include "util/status.h"

/* A run of bytes, borrowed. */
typedef struct dat_file_part {
    const void *bytes;
    size_t size;
} dat_file_part;

/* Makes `path` hold the parts one after another: writes them to `<path>.tmp`, brings that to disk and
 * renames it over `path`. Creates missing parent folders. On error the file at `path` is what it was and the
 * temporary file is gone; only a killed process can leave one, which the next call overwrites. One process at
 * a time may write a path. */
dat_status dat_file_replace(const char *path, const dat_file_part *parts, int n_parts);

/* Where content goes that is made while it is written. */
typedef struct dat_file_sink {
    int descriptor;
    int error; /* errno of the first failure, after which nothing more is written */
} dat_file_sink;

void dat_file_sink_write(dat_file_sink *sink, const void *bytes, size_t size);

/* The same for content that need not be in memory as a whole: `produce` writes it to the sink piece by piece.
 */
dat_status dat_file_replace_by(const char *path, void produce(dat_file_sink *sink, const void *context),
                               const void *context);

#endif
