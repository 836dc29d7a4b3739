/* Pre-tokenisation: cuts a text into words that tokens never cross, by a regular expression. */
#ifndef DAT_DATA_TOKENIZER_WORDS_H
#define DAT_DATA_TOKENIZER_WORDS_H

#include <stdint.h>

#include "util/status.h"

/* GPT-2's, as published with its code. */
extern const char dat_gpt2_pattern[];

/* A compiled pattern. One thread at a time. */
typedef struct dat_word_pattern dat_word_pattern;

/* Compiles a pattern; on error *pattern is NULL. \s is Unicode's white space, as in the engines the published
 * patterns were written for. Release with dat_word_pattern_free; NULL is allowed there. */
dat_status dat_word_pattern_compile(const char *text, dat_word_pattern **pattern);
void dat_word_pattern_free(dat_word_pattern *pattern);

/* A walk through a text. */
typedef struct dat_words {
    dat_word_pattern *pattern; /* borrowed; NULL: a text is one word */
    const char *text;
    int64_t size, at;
    int64_t valid_start, valid_end; /* the run of UTF-8 that `at` is in */
} dat_words;

/* Starts at the beginning of a text, which is borrowed. */
dat_words dat_words_of(dat_word_pattern *pattern, const char *text, int64_t size);

/* Steps to the next word; *word is NULL at the end. The words together are the text: what the pattern does
 * not match is a word as well, and so is a run of bytes that are not UTF-8. Fails when the pattern needs too
 * much time or memory. */
dat_status dat_words_next(dat_words *words, const char **word, int64_t *size);

#endif
