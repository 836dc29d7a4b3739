#include <stdlib.h>
#include <string.h>

#include "data/tokenizer.h"
#include "fuzz/input.h"
#include "fuzz/readers.h"

/* What can be encoded is decoded to the same bytes. */
static void round_trip(dat_tokenizer *tokenizer, const char *text, int64_t size, dat_specials specials)
{
    dat_token_list tokens = {0};
    dat_status status = dat_tokenizer_encode(tokenizer, text, size, specials, &tokens);
    int64_t at = 0, token_size;
    for (int64_t i = 0; i < tokens.count; i++) {
        const char *token = dat_tokenizer_text(tokenizer, tokens.ids[i], &token_size);
        DAT_ASSERT(token_size <= size - at && memcmp(token, text + at, (size_t)token_size) == 0);
        at += token_size;
    }
    DAT_ASSERT(at == size || status.code != DAT_CODE_OK);
    free(tokens.ids);
}

void fuzz_tokenizer(const uint8_t *bytes, size_t size)
{
    static const char text[] = "The cat's 12 <|endoftext|>  \xe6\xbc\xa2\xff\n abab a b";
    dat_tokenizer *tokenizer;
    fuzz_input input = fuzz_input_open(bytes, size);
    if (dat_tokenizer_open(input.path, &tokenizer).code == DAT_CODE_OK) {
        round_trip(tokenizer, text, (int64_t)sizeof text - 1, DAT_SPECIALS_AS_TEXT);
        round_trip(tokenizer, text, (int64_t)sizeof text - 1, DAT_SPECIALS_AS_TOKENS);
    }
    dat_tokenizer_free(tokenizer);
    fuzz_input_close(&input);
}
