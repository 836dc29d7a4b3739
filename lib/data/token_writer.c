#include "data/token_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/token_shard.h"
#include "io/file_replace.h"
#include "util/little_endian.h"
#include "util/memory.h"

void dat_token_writer_init(dat_token_writer *writer, const char *prefix, int64_t vocab_size)
{
    *writer = (dat_token_writer){
        .prefix = dat_copy_string(prefix), .width = dat_token_width(vocab_size), .limit = DAT_SHARD_TOKENS};
}

void dat_token_writer_free(dat_token_writer *writer)
{
    free(writer->prefix);
    free(writer->buffer);
    *writer = (dat_token_writer){0};
}

static dat_status write_file(dat_token_writer *writer)
{
    unsigned char header[DAT_SHARD_HEADER_BYTES] = {0};
    dat_write_le(header, 4, writer->width == 2 ? DAT_SHARD_MAGIC_16 : DAT_SHARD_MAGIC_32);
    dat_write_le(header + 4, 4, writer->width == 2 ? DAT_SHARD_VERSION_16 : DAT_SHARD_VERSION_32);
    dat_write_le(header + 8, 4, (uint32_t)writer->count);
    const dat_file_part parts[] = {{header, sizeof header},
                                   {writer->buffer, (size_t)(writer->count * writer->width)}};
    size_t size = strlen(writer->prefix) + sizeof "_000000000000000000000.bin";
    char *path = dat_allocate(size, 1);
    snprintf(path, size, "%s_%06" PRId64 ".bin", writer->prefix, writer->n_files++);
    dat_status status = dat_file_replace(path, parts, 2);
    free(path);
    writer->count = 0;
    return status;
}

dat_status dat_token_writer_add(dat_token_writer *writer, const int32_t *ids, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (writer->count == writer->limit)
            DAT_TRY(write_file(writer));
        if (writer->count == writer->capacity) {
            int64_t capacity = 2 * writer->capacity + (1 << 16);
            writer->capacity = capacity < writer->limit ? capacity : writer->limit;
            writer->buffer = dat_reallocate(writer->buffer, (size_t)writer->capacity, (size_t)writer->width);
        }
        dat_write_le(writer->buffer + writer->count++ * writer->width, writer->width, (uint32_t)ids[i]);
    }
    writer->n_tokens += count;
    return DAT_OK;
}

dat_status dat_token_writer_finish(dat_token_writer *writer)
{
    return writer->count > 0 ? write_file(writer) : DAT_OK;
}
