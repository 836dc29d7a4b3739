/* A fast 64-bit hash (XXH3) of bytes: for run ids and for comparing results. Not cryptographic. */
#ifndef DAT_UTIL_HASH_H
#define DAT_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t dat_hash64(const void *bytes, size_t size);

#endif
