#include "util/utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

int dat_utf8_length(const char *text, int64_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (size < 1)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    int length = byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : byte[0] < 0xf5 ? 4 : 0;
    if (length == 0 || size < length)
        return 0;
    /* The second byte is the only one whose range depends on the first. */
    unsigned char least = byte[0] == 0xe0 ? 0xa0 : byte[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char most = byte[0] == 0xed ? 0x9f : byte[0] == 0xf4 ? 0x8f : 0xbf;
    if (byte[1] < least || byte[1] > most)
        return 0;
    for (int i = 2; i < length; i++)
        if (!is_continuation(byte[i]))
            return 0;
    return length;
}
