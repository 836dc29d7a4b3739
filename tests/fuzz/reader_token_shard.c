#include <stdlib.h>

#include "data/token_shard.h"
#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "util/memory.h"

static void read_ids(const dat_token_shard *shard, int64_t vocab_size)
{
    int32_t *ids = dat_allocate((size_t)shard->count, sizeof ids[0]);
    dat_token_shard_read(shard, 0, shard->count, ids);
    for (int64_t i = 0; i < shard->count; i++)
        DAT_ASSERT(ids[i] >= 0 && ids[i] < vocab_size);
    free(ids);
}

/* With vocabularies of both widths. */
void fuzz_token_shard(const uint8_t *bytes, size_t size)
{
    static const int64_t vocab_sizes[] = {300, 100000};
    fuzz_input input = fuzz_input_open(bytes, size);
    for (int i = 0; i < 2; i++) {
        dat_token_shard shard;
        if (dat_token_shard_open(input.path, vocab_sizes[i], &shard).code == DAT_CODE_OK)
            read_ids(&shard, vocab_sizes[i]);
        dat_token_shard_close(&shard);
    }
    fuzz_input_close(&input);
}
