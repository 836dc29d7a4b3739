/* Files of token ids, as written by dat data text, llm.c and nanoGPT. All numbers are little-endian.
 *
 *     llm.c    256 int32: magic, version, count, zeros; then the ids. Magic 20240520, version 1: uint16;
 *              magic 20240801, version 7: uint32.
 *     nanoGPT  the ids alone: uint16 where the vocabulary has at most 65,536 tokens, else uint32.
 *
 * A file without one of the magic numbers is read as the latter. */
#ifndef DAT_DATA_TOKEN_SHARD_H
#define DAT_DATA_TOKEN_SHARD_H

#include <stdint.h>

#include "io/file_map.h"
#include "util/status.h"

enum { DAT_SHARD_HEADER_WORDS = 256, DAT_SHARD_HEADER_BYTES = 4 * DAT_SHARD_HEADER_WORDS };
enum { DAT_SHARD_MAGIC_16 = 20240520, DAT_SHARD_VERSION_16 = 1 };
enum { DAT_SHARD_MAGIC_32 = 20240801, DAT_SHARD_VERSION_32 = 7 };

/* An open file. */
typedef struct dat_token_shard {
    dat_file_map map;
    const unsigned char *tokens; /* [count * width], in the map */
    int64_t count;
    int width; /* bytes of an id: 2 or 4 */
} dat_token_shard;

/* Bytes of an id in the files of a vocabulary: 2 or 4. */
int dat_token_width(int64_t vocab_size);

/* Maps a file and reads it once to check it: its size must be what the header says, and every id below
 * `vocab_size`. On error `shard` is empty. Release with dat_token_shard_close. */
dat_status dat_token_shard_open(const char *path, int64_t vocab_size, dat_token_shard *shard);

/* Harmless on an empty one. */
void dat_token_shard_close(dat_token_shard *shard);

/* Copies ids start .. start + count - 1, which must exist. */
void dat_token_shard_read(const dat_token_shard *shard, int64_t start, int64_t count, int32_t *ids);

#endif
