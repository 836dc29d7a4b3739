/* UTF-8 one character at a time: what is one, and what is not. */
#ifndef DAT_UTIL_UTF8_H
#define DAT_UTIL_UTF8_H

#include <stdint.h>

/* Bytes of the character at the start of `text` of `size` bytes: 1 to 4, or 0 when there is none: no bytes at
 * all, a stray or missing continuation byte, an overlong form, a surrogate, a code point above U+10FFFF
 * (The Unicode Standard, table 3-7). */
int dat_utf8_length(const char *text, int64_t size);

#endif
