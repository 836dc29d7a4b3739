/* dat_tokenizer_encode: special tokens, then words or characters. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/tokenizer_parts.h"
#include "util/hash.h"
#include "util/memory.h"
#include "util/utf8.h"

/* Room for `more` ids, to be written behind the others. */
static int32_t *reserve(dat_token_list *list, int64_t more)
{
    if (list->count + more > list->capacity) {
        list->capacity = 2 * (list->count + more);
        list->ids = dat_reallocate(list->ids, (size_t)list->capacity, sizeof list->ids[0]);
    }
    return list->ids + list->count;
}

void dat_token_list_add(dat_token_list *list, int32_t id)
{
    *reserve(list, 1) = id;
    list->count++;
}

/* The one place where a word may be cached, or NULL for a long one. */
static dat_cached_word *cache_place(const dat_tokenizer *tokenizer, const char *word, int64_t size)
{
    if (size > DAT_CACHED_BYTES)
        return NULL;
    return &tokenizer->cache[dat_hash64(word, (size_t)size) % DAT_CACHED_WORDS];
}

static void encode_word(dat_tokenizer *tokenizer, const char *word, int64_t size, dat_token_list *tokens)
{
    dat_cached_word *cached = cache_place(tokenizer, word, size);
    int32_t *ids = reserve(tokens, size > DAT_CACHED_IDS ? size : DAT_CACHED_IDS);
    if (cached && cached->size == size && memcmp(cached->word, word, (size_t)size) == 0) {
        memcpy(ids, cached->ids, sizeof cached->ids);
        tokens->count += cached->count;
        return;
    }
    for (int64_t i = 0; i < size; i++)
        ids[i] = tokenizer->byte_ids[(unsigned char)word[i]];
    int64_t count = dat_merges_apply(&tokenizer->merges, ids, size);
    if (cached && count <= DAT_CACHED_IDS) {
        cached->size = (uint8_t)size;
        cached->count = (uint8_t)count;
        memcpy(cached->word, word, (size_t)size);
        memcpy(cached->ids, ids, (size_t)count * sizeof ids[0]);
    }
    tokens->count += count;
}

static dat_status encode_words(dat_tokenizer *tokenizer, const char *text, int64_t size,
                               dat_token_list *tokens)
{
    dat_words words = dat_words_of(tokenizer->pattern, text, size);
    const char *word;
    int64_t word_size;
    for (;;) {
        DAT_TRY(dat_words_next(&words, &word, &word_size));
        if (!word)
            return DAT_OK;
        encode_word(tokenizer, word, word_size, tokens);
    }
}

static dat_status encode_characters(const dat_tokenizer *tokenizer, const char *text, int64_t start,
                                    int64_t end, dat_token_list *tokens)
{
    for (int64_t at = start, length; at < end; at += length) {
        length = dat_utf8_length(text + at, end - at);
        if (length == 0)
            return dat_failure("byte 0x%02x at offset %" PRId64 " is not UTF-8, which a tokenizer of "
                               "characters needs",
                               (unsigned)(unsigned char)text[at], at);
        int64_t id = dat_string_table_find(&tokenizer->characters, text + at, length);
        if (id < 0)
            return dat_failure("the character '%.*s' at offset %" PRId64 " is not in the vocabulary",
                               (int)length, text + at, at);
        dat_token_list_add(tokens, (int32_t)id);
    }
    return DAT_OK;
}

/* Encodes text[start .. end - 1], which holds no special token. */
static dat_status encode_plain(dat_tokenizer *tokenizer, const char *text, int64_t start, int64_t end,
                               dat_token_list *tokens)
{
    if (tokenizer->kind == DAT_TOKENIZER_CHARACTERS)
        return encode_characters(tokenizer, text, start, end, tokens);
    return encode_words(tokenizer, text + start, end - start, tokens);
}

/* The longest special token at the start of the text, or -1. */
static int32_t special_at(const dat_tokenizer *tokenizer, const char *text, int64_t size)
{
    int32_t longest = -1;
    int64_t longest_size = 0, special_size;
    if (!tokenizer->starts_special[(unsigned char)text[0]])
        return -1;
    for (int64_t i = 0; i < tokenizer->n_specials; i++) {
        const char *special = dat_tokenizer_text(tokenizer, tokenizer->specials[i], &special_size);
        if (special_size > size || special_size <= longest_size ||
            memcmp(special, text, (size_t)special_size) != 0)
            continue;
        longest = tokenizer->specials[i];
        longest_size = special_size;
    }
    return longest;
}

dat_status dat_tokenizer_encode(dat_tokenizer *tokenizer, const char *text, int64_t size,
                                dat_specials specials, dat_token_list *tokens)
{
    int64_t plain = 0; /* where the text after the last special token begins */
    for (int64_t at = 0; specials == DAT_SPECIALS_AS_TOKENS && at < size;) {
        int32_t special = special_at(tokenizer, text + at, size - at);
        if (special < 0) {
            at++;
            continue;
        }
        int64_t special_size;
        dat_tokenizer_text(tokenizer, special, &special_size);
        DAT_TRY(encode_plain(tokenizer, text, plain, at, tokens));
        dat_token_list_add(tokens, special);
        plain = at += special_size;
    }
    return encode_plain(tokenizer, text, plain, size, tokens);
}
