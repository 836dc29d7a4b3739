#include "util/utf8_stream.h"

#include <stdbool.h>
#include <string.h>

#include "util/utf8.h"

static const char REPLACEMENT[] = "\xef\xbf\xbd";

/* Whether more bytes can make a character of these, which are none yet: some continuation then does. The byte
 * 0x80 or 0xbf suits every first byte as the second, and 0x80 every later place. */
static bool is_beginning(const char *bytes, int count)
{
    static const char seconds[] = {'\x80', '\xbf'};
    for (int i = 0; i < 2; i++) {
        char whole[4] = {0, seconds[i], '\x80', '\x80'};
        memcpy(whole, bytes, (size_t)count);
        if (dat_utf8_length(whole, 4) > count)
            return true;
    }
    return false;
}

/* Takes the first `n` of the held bytes away. */
static void drop(dat_utf8_stream *stream, int n)
{
    stream->count -= n;
    memmove(stream->held, stream->held + n, (size_t)stream->count);
}

void dat_utf8_stream_write(dat_utf8_stream *stream, const char *bytes, int64_t size, FILE *out)
{
    for (int64_t i = 0; i < size; i++) {
        stream->held[stream->count++] = bytes[i];
        while (stream->count > 0 && !is_beginning(stream->held, stream->count)) {
            int length = dat_utf8_length(stream->held, stream->count);
            if (length > 0)
                fwrite(stream->held, 1, (size_t)length, out);
            else
                fputs(REPLACEMENT, out);
            drop(stream, length > 0 ? length : 1);
        }
    }
}

void dat_utf8_stream_end(dat_utf8_stream *stream, FILE *out)
{
    for (; stream->count > 0; stream->count--)
        fputs(REPLACEMENT, out);
}
