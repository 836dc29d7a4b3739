/* A file of mathematics problems in the layout of version 1.0: a question and its answer on alternating
 * lines. */
#ifndef DAT_DATA_MATH_FILE_H
#define DAT_DATA_MATH_FILE_H

#include "data/math.h"

typedef struct dat_math_file {
    const char *bytes; /* the mapped file */
    size_t size;
    int64_t n;          /* pairs */
    int64_t *questions; /* where each question starts */
} dat_math_file;

/* Maps a file and checks all of it; see dat_math_read. On error *file is empty. */
dat_status dat_math_file_open(const char *path, dat_math_file *file);

/* Pair i; 0 <= i < n. */
void dat_math_file_pair(const dat_math_file *file, int64_t i, dat_math_pair *pair);

/* Releases the file; harmless on an empty one. */
void dat_math_file_close(dat_math_file *file);

#endif
