/* Text in pieces of any size comes out in whole characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/utf8_stream.h"

#define BAD "\xef\xbf\xbd"

/* What comes out when `text` arrives in pieces of `piece` bytes; before the end, only whole characters. */
static void expect_text(const char *text, size_t size, size_t piece, const char *expected)
{
    char *out = NULL;
    size_t written;
    dat_utf8_stream stream = {0};
    FILE *file = open_memstream(&out, &written);
    for (size_t at = 0; at < size; at += piece)
        dat_utf8_stream_write(&stream, text + at, (int64_t)(size - at < piece ? size - at : piece), file);
    dat_utf8_stream_end(&stream, file);
    fclose(file);
    if (strcmp(out, expected) != 0)
        fail_msg("'%s' in pieces of %d: '%s', expected '%s'", text, (int)piece, out, expected);
    free(out);
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"plain", "plain"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97"},
        {"\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!"},
        {"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
         "\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\x80"
         "a",
         BAD "a"},
        {"a\xff", "a" BAD},
        {"\xc3(", BAD "("},
        {"\xe2\x82(", BAD BAD "("},
        {"\xf0\x9f\x98"
         "a",
         BAD BAD BAD "a"},
        {"\xed\xa0\x80", BAD BAD BAD},
        {"\xe2\xc3\xa9", BAD "\xc3\xa9"},
        {"\xf0\x9f\xe2\x82\xac", BAD BAD "\xe2\x82\xac"},
        {"end\xe2\x82", "end" BAD BAD},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece <= 6; piece++)
            expect_text(cases[i].text, strlen(cases[i].text), piece, cases[i].expected);
}

static void only_whole_characters_come_out(void **state)
{
    (void)state;
    static const char text[] = "a\xe2\x82\xac\xf0\x9f\x98\x80";
    static const size_t after[] = {1, 1, 1, 4, 4, 4, 4, 8}; /* bytes that are out after each byte */
    char *out = NULL;
    size_t written;
    dat_utf8_stream stream = {0};
    FILE *file = open_memstream(&out, &written);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        dat_utf8_stream_write(&stream, text + i, 1, file);
        fflush(file);
        assert_int_equal(written, after[i]);
    }
    fclose(file);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(only_whole_characters_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
