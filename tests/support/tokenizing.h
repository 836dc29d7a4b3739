/* What the tests of tokenizers share. */
#ifndef TESTS_SUPPORT_TOKENIZING_H
#define TESTS_SUPPORT_TOKENIZING_H

#include "data/tokenizer.h"

/* Opens a tokenizer that must be good. */
dat_tokenizer *open_tokenizer(const char *source);

/* The ids of a text that must be encodable; the caller frees them. */
dat_token_list encode(dat_tokenizer *tokenizer, const char *text, int64_t size, dat_specials specials);

/* Fails unless the text has exactly these ids. */
void expect_ids(dat_tokenizer *tokenizer, const char *text, int64_t size, const int32_t *ids, int64_t count);

/* Fails unless the decoded ids of the text are the text. */
void expect_round_trip(dat_tokenizer *tokenizer, const char *text, int64_t size);

/* Fails unless this is an error whose message holds `part`. */
void expect_refused(dat_status status, const char *part);

/* The ids of a string, written out. */
#define EXPECT_IDS(tokenizer, text, ...)                                                                     \
    expect_ids(tokenizer, text, (int64_t)sizeof(text) - 1, (const int32_t[]){__VA_ARGS__},                   \
               (int64_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)))

#endif
