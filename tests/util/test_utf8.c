/* UTF-8: every code point, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "util/utf8.h"

/* The definition of UTF-8 (RFC 3629, section 3). */
static int write_character(uint32_t code, char bytes[4])
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(marks[length] | code);
    return length;
}

static void every_character_is_one(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[5] = {0};
        int length = write_character(code, bytes);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(dat_utf8_length(bytes, 5), surrogate ? 0 : length);
        assert_int_equal(dat_utf8_length(bytes, length - 1), 0);
    }
}

/* There are 2^16 pairs of bytes; a pair is a start of UTF-8 when completed by continuation bytes or as it is.
 */
static void nothing_else_is(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int64_t size;
    } bad[] = {{"\x80", 1},
               {"\xbf\x80", 2},
               {"\xc0\x80", 2},
               {"\xc1\xbf", 2},
               {"\xe0\x9f\xbf", 3},
               {"\xf0\x8f\xbf\xbf", 4},
               {"\xf4\x90\x80\x80", 4},
               {"\xf5\x80\x80\x80", 4},
               {"\xff", 1},
               {"\xc3(", 2},
               {"\xe2\x82(", 3},
               {"\xf0\x9f\x98(", 4},
               {"", 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(dat_utf8_length(bad[i].bytes, bad[i].size), 0);
    int64_t n_two = 0, n_three = 0;
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            char bytes[4] = {(char)first, (char)second, (char)0x80, (char)0x80};
            n_two += dat_utf8_length(bytes, 4) == 2;
            n_three += dat_utf8_length(bytes, 4) == 3;
        }
    assert_int_equal(n_two, 0x800 - 0x80);
    assert_int_equal(n_three,
                     (0x10000 - 0x800 - 0x800) / 64); /* without surrogates; the third byte is fixed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_one),
        cmocka_unit_test(nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
