#include "util/hash.h"

#include <xxhash.h>

uint64_t dat_hash64(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}
