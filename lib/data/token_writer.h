/* Writes token ids as files in the format of llm.c (data/token_shard.h): <prefix>_000000.bin,
 * <prefix>_000001.bin and so on, each but the last with DAT_SHARD_TOKENS ids. */
#ifndef DAT_DATA_TOKEN_WRITER_H
#define DAT_DATA_TOKEN_WRITER_H

#include <stdint.h>

#include "util/status.h"

enum { DAT_SHARD_TOKENS = 100000000 }; /* as the published shards of FineWeb-Edu */

typedef struct dat_token_writer {
    char *prefix; /* owned */
    int width;
    int64_t limit;             /* ids in a full file: DAT_SHARD_TOKENS */
    int64_t n_files, n_tokens; /* files written, ids given */
    unsigned char *buffer;     /* the ids of the next file, owned */
    int64_t count, capacity;
} dat_token_writer;

/* Starts writing for a vocabulary; the folder is made with the first file. Release with
 * dat_token_writer_free. */
void dat_token_writer_init(dat_token_writer *writer, const char *prefix, int64_t vocab_size);

/* Adds ids of the vocabulary. Files are written when they are full. */
dat_status dat_token_writer_add(dat_token_writer *writer, const int32_t *ids, int64_t count);

/* Writes the last file. Without ids, there is none. */
dat_status dat_token_writer_finish(dat_token_writer *writer);

void dat_token_writer_free(dat_token_writer *writer);

#endif
