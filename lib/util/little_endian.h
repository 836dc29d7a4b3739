/* Numbers in files: little-endian, whatever this machine is. Compilers make single loads and stores of them.
 */
#ifndef DAT_UTIL_LITTLE_ENDIAN_H
#define DAT_UTIL_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint32_t dat_read_le16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t dat_read_le32(const unsigned char *bytes)
{
    return dat_read_le16(bytes) | dat_read_le16(bytes + 2) << 16;
}

static inline uint64_t dat_read_le64(const unsigned char *bytes)
{
    return dat_read_le32(bytes) | (uint64_t)dat_read_le32(bytes + 4) << 32;
}

/* The lowest `width` bytes of a number. */
static inline void dat_write_le(unsigned char *bytes, int width, uint64_t number)
{
    for (int i = 0; i < width; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
}

#endif
