/* Text that arrives in pieces which need not be whole characters, given on in whole ones. */
#ifndef DAT_UTIL_UTF8_STREAM_H
#define DAT_UTIL_UTF8_STREAM_H

#include <stdint.h>
#include <stdio.h>

/* Empty when all zero. */
typedef struct dat_utf8_stream {
    char held[4]; /* the beginning of a character */
    int count;
} dat_utf8_stream;

/* Writes the whole characters of what is held and `bytes` to `out`, and holds the beginning of another one at
 * the end. Bytes that are no part of a character become U+FFFD each. */
void dat_utf8_stream_write(dat_utf8_stream *stream, const char *bytes, int64_t size, FILE *out);

/* Writes U+FFFD for every byte that is still held. */
void dat_utf8_stream_end(dat_utf8_stream *stream, FILE *out);

#endif
