#include "support/tokenizing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void require_good(dat_status status)
{
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

dat_tokenizer *open_tokenizer(const char *source)
{
    dat_tokenizer *tokenizer;
    require_good(dat_tokenizer_open(source, &tokenizer));
    return tokenizer;
}

dat_token_list encode(dat_tokenizer *tokenizer, const char *text, int64_t size, dat_specials specials)
{
    dat_token_list tokens = {0};
    require_good(dat_tokenizer_encode(tokenizer, text, size, specials, &tokens));
    return tokens;
}

void expect_ids(dat_tokenizer *tokenizer, const char *text, int64_t size, const int32_t *ids, int64_t count)
{
    dat_token_list tokens = encode(tokenizer, text, size, DAT_SPECIALS_AS_TEXT);
    for (int64_t i = 0; i < tokens.count && i < count; i++)
        if (tokens.ids[i] != ids[i])
            fail_msg("'%.*s': token %d is %d, expected %d", (int)size, text, (int)i, tokens.ids[i], ids[i]);
    if (tokens.count != count)
        fail_msg("'%.*s': %d tokens, expected %d", (int)size, text, (int)tokens.count, (int)count);
    free(tokens.ids);
}

void expect_round_trip(dat_tokenizer *tokenizer, const char *text, int64_t size)
{
    int64_t at = 0, token_size;
    dat_token_list tokens = encode(tokenizer, text, size, DAT_SPECIALS_AS_TEXT);
    for (int64_t i = 0; i < tokens.count; i++) {
        const char *token = dat_tokenizer_text(tokenizer, tokens.ids[i], &token_size);
        assert_true(token_size <= size - at);
        assert_memory_equal(token, text + at, (size_t)token_size);
        at += token_size;
    }
    assert_int_equal(at, size);
    free(tokens.ids);
}

void expect_refused(dat_status status, const char *part)
{
    if (status.code == DAT_CODE_OK || !strstr(status.message, part))
        fail_msg("got \"%s\", expected an error with \"%s\"",
                 status.code == DAT_CODE_OK ? "OK" : status.message, part);
}
