/* What a tokenizer is made of, for the files that make one: new, add all tokens and rules, finish. */
#ifndef DAT_DATA_TOKENIZER_PARTS_H
#define DAT_DATA_TOKENIZER_PARTS_H

#include "data/tokenizer.h"
#include "data/tokenizer_merges.h"
#include "data/tokenizer_words.h"
#include "util/string_table.h"

typedef enum dat_tokenizer_kind {
    DAT_TOKENIZER_BYTE_LEVEL, /* words are cut by the pattern, their bytes merged by the rules */
    DAT_TOKENIZER_CHARACTERS, /* every token is a character */
} dat_tokenizer_kind;

/* A word whose ids are known: one line of the cache. */
enum { DAT_CACHED_BYTES = 30, DAT_CACHED_IDS = 8, DAT_CACHED_WORDS = 1 << 15 };
typedef struct dat_cached_word {
    uint8_t size, count; /* size 0: unused */
    char word[DAT_CACHED_BYTES];
    int32_t ids[DAT_CACHED_IDS];
} dat_cached_word;

struct dat_tokenizer {
    dat_tokenizer_kind kind;
    int64_t n_tokens, n_bytes; /* of all texts */
    char *bytes;               /* the texts one after another */
    int64_t *starts;           /* [n_tokens + 1] */
    bool *special;             /* [n_tokens] */
    int64_t tokens_capacity, bytes_capacity;

    int32_t end_of_text; /* or -1 */
    int32_t *specials;   /* the ids of special tokens, [n_specials] */
    int64_t n_specials;
    bool starts_special[256]; /* whether a special token begins with this byte */

    char *pattern_text; /* as in the file; NULL: a text is one word */
    dat_word_pattern *pattern;
    dat_merges merges;
    int32_t byte_ids[256];
    dat_cached_word *cache; /* [DAT_CACHED_WORDS], each word in the only place its hash allows */

    dat_string_table characters; /* of a character tokenizer: number = id */
};

/* An empty one; release with dat_tokenizer_free. */
dat_tokenizer *dat_tokenizer_new(dat_tokenizer_kind kind);

/* Gives the next id to a text of at least one byte. */
void dat_tokenizer_add(dat_tokenizer *tokenizer, const char *text, int64_t size, bool special);

/* Prepares encoding. `pattern` is NULL or cuts words of a byte-level tokenizer. Fails when the pattern is
 * bad, a byte has no token or a character has two. */
dat_status dat_tokenizer_finish(dat_tokenizer *tokenizer, const char *pattern);

/* The readers behind dat_tokenizer_open: a folder with encoder.json and vocab.bpe, and a tokenizer.json. The
 * result is finished. On error *tokenizer is NULL. */
dat_status dat_tokenizer_read_gpt2(const char *folder, dat_tokenizer **tokenizer);
dat_status dat_tokenizer_read_json(const char *path, dat_tokenizer **tokenizer);

#endif
