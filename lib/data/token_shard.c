#include "data/token_shard.h"

#include <inttypes.h>

#include "util/little_endian.h"

int dat_token_width(int64_t vocab_size)
{
    return vocab_size <= UINT16_MAX + 1 ? 2 : 4;
}

static dat_status read_header(dat_token_shard *shard, const unsigned char *bytes, int64_t size)
{
    uint32_t magic = dat_read_le32(bytes), version, expected = DAT_SHARD_VERSION_16;
    shard->width = 2;
    if (magic == DAT_SHARD_MAGIC_32) {
        shard->width = 4;
        expected = DAT_SHARD_VERSION_32;
    }
    if (size < DAT_SHARD_HEADER_BYTES)
        return dat_failure("ends within its header: %" PRId64 " bytes, expected at least %d", size,
                           DAT_SHARD_HEADER_BYTES);
    version = dat_read_le32(bytes + 4);
    if (version != expected)
        return dat_failure("has version %" PRIu32 " of format %" PRIu32 ", expected version %" PRIu32,
                           version, magic, expected);
    shard->tokens = bytes + DAT_SHARD_HEADER_BYTES;
    shard->count = dat_read_le32(bytes + 8);
    if (size - DAT_SHARD_HEADER_BYTES != shard->count * shard->width)
        return dat_failure("has a header of %" PRId64 " tokens and %" PRId64
                           " bytes behind it, expected %" PRId64,
                           shard->count, size - DAT_SHARD_HEADER_BYTES, shard->count * shard->width);
    return DAT_OK;
}

/* Without a header, the size is all there is to check. */
static dat_status read_headless(dat_token_shard *shard, const unsigned char *bytes, int64_t size,
                                int64_t vocab_size)
{
    shard->width = dat_token_width(vocab_size);
    shard->tokens = bytes;
    shard->count = size / shard->width;
    if (size % shard->width != 0)
        return dat_failure("has %" PRId64
                           " bytes, expected a multiple of %d: ids of a vocabulary of %" PRId64,
                           size, shard->width, vocab_size);
    return DAT_OK;
}

static uint32_t id_at(const dat_token_shard *shard, int64_t i)
{
    const unsigned char *bytes = shard->tokens + i * shard->width;
    return shard->width == 2 ? dat_read_le16(bytes) : dat_read_le32(bytes);
}

static uint32_t greatest_id(const dat_token_shard *shard)
{
    uint32_t greatest = 0;
    const unsigned char *bytes = shard->tokens;
    if (shard->width == 2)
        for (int64_t i = 0; i < shard->count; i++)
            greatest = dat_read_le16(bytes + 2 * i) > greatest ? dat_read_le16(bytes + 2 * i) : greatest;
    else
        for (int64_t i = 0; i < shard->count; i++)
            greatest = dat_read_le32(bytes + 4 * i) > greatest ? dat_read_le32(bytes + 4 * i) : greatest;
    return greatest;
}

static dat_status check_ids(const dat_token_shard *shard, int64_t vocab_size)
{
    if (shard->count == 0 || greatest_id(shard) < vocab_size)
        return DAT_OK;
    int64_t i = 0;
    while (id_at(shard, i) < vocab_size)
        i++;
    return dat_failure("token %" PRId64 " is %" PRIu32 ", outside the vocabulary of %" PRId64
                       "; was it written with another tokenizer?",
                       i, id_at(shard, i), vocab_size);
}

dat_status dat_token_shard_open(const char *path, int64_t vocab_size, dat_token_shard *shard)
{
    *shard = (dat_token_shard){0};
    DAT_TRY(dat_file_map_open(path, &shard->map));
    const unsigned char *bytes = (const unsigned char *)shard->map.bytes;
    int64_t size = shard->map.size;
    uint32_t magic = size >= 4 ? dat_read_le32(bytes) : 0;
    dat_status status = magic == DAT_SHARD_MAGIC_16 || magic == DAT_SHARD_MAGIC_32
                            ? read_header(shard, bytes, size)
                            : read_headless(shard, bytes, size, vocab_size);
    if (status.code == DAT_CODE_OK)
        status = check_ids(shard, vocab_size);
    if (status.code != DAT_CODE_OK)
        dat_token_shard_close(shard);
    return dat_status_prefix(status, "%.200s", path);
}

void dat_token_shard_close(dat_token_shard *shard)
{
    dat_file_map_close(&shard->map);
    *shard = (dat_token_shard){0};
}

void dat_token_shard_read(const dat_token_shard *shard, int64_t start, int64_t count, int32_t *ids)
{
    DAT_ASSERT(start >= 0 && count >= 0 && count <= shard->count - start);
    for (int64_t i = 0; i < count; i++)
        ids[i] = (int32_t)id_at(shard, start + i);
}
