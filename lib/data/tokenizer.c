#include "data/tokenizer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/tokenizer_parts.h"
#include "util/memory.h"

const char dat_end_of_text[] = "<|endoftext|>";

dat_tokenizer *dat_tokenizer_new(dat_tokenizer_kind kind)
{
    dat_tokenizer *tokenizer = dat_allocate(1, sizeof *tokenizer);
    tokenizer->kind = kind;
    tokenizer->end_of_text = -1;
    return tokenizer;
}

/* Room for one more token of `size` bytes. */
static void reserve(dat_tokenizer *tokenizer, int64_t size)
{
    if (tokenizer->n_bytes + size > tokenizer->bytes_capacity) {
        tokenizer->bytes_capacity = 2 * (tokenizer->n_bytes + size);
        tokenizer->bytes = dat_reallocate(tokenizer->bytes, (size_t)tokenizer->bytes_capacity, 1);
    }
    if (tokenizer->n_tokens == tokenizer->tokens_capacity) {
        size_t capacity = (size_t)(tokenizer->tokens_capacity = 2 * tokenizer->n_tokens + 256);
        tokenizer->starts = dat_reallocate(tokenizer->starts, capacity + 1, sizeof tokenizer->starts[0]);
        tokenizer->special = dat_reallocate(tokenizer->special, capacity, sizeof tokenizer->special[0]);
    }
}

void dat_tokenizer_add(dat_tokenizer *tokenizer, const char *text, int64_t size, bool special)
{
    DAT_ASSERT(size > 0 && tokenizer->n_tokens < INT32_MAX);
    reserve(tokenizer, size);
    memcpy(tokenizer->bytes + tokenizer->n_bytes, text, (size_t)size);
    tokenizer->special[tokenizer->n_tokens] = special;
    tokenizer->starts[tokenizer->n_tokens++] = tokenizer->n_bytes;
    tokenizer->starts[tokenizer->n_tokens] = tokenizer->n_bytes += size;
    tokenizer->n_specials += special;
}

static void index_specials(dat_tokenizer *tokenizer)
{
    int64_t n = 0, length = (int64_t)strlen(dat_end_of_text);
    tokenizer->specials = dat_allocate((size_t)tokenizer->n_specials, sizeof tokenizer->specials[0]);
    for (int32_t id = 0; id < tokenizer->n_tokens; id++) {
        if (!tokenizer->special[id])
            continue;
        int64_t size;
        const char *text = dat_tokenizer_text(tokenizer, id, &size);
        tokenizer->specials[n++] = id;
        tokenizer->starts_special[(unsigned char)text[0]] = true;
        if (size == length && memcmp(text, dat_end_of_text, (size_t)size) == 0)
            tokenizer->end_of_text = id;
    }
}

static dat_status index_bytes(dat_tokenizer *tokenizer)
{
    memset(tokenizer->byte_ids, -1, sizeof tokenizer->byte_ids);
    for (int32_t id = 0; id < tokenizer->n_tokens; id++) {
        int64_t size;
        const char *text = dat_tokenizer_text(tokenizer, id, &size);
        if (size == 1 && !tokenizer->special[id])
            tokenizer->byte_ids[(unsigned char)text[0]] = id;
    }
    for (int byte = 0; byte < 256; byte++)
        if (tokenizer->byte_ids[byte] < 0)
            return dat_failure("the vocabulary has no token for the byte 0x%02x, expected one for each byte",
                               (unsigned)byte);
    return DAT_OK;
}

static dat_status index_characters(dat_tokenizer *tokenizer)
{
    for (int32_t id = 0; id < tokenizer->n_tokens; id++) {
        int64_t size;
        const char *text = dat_tokenizer_text(tokenizer, id, &size);
        int64_t number = dat_string_table_add(&tokenizer->characters, text, size);
        if (number != id)
            return dat_failure("the tokens %" PRId64 " and %" PRId32 " are both '%.*s'", number, id,
                               (int)(size < 60 ? size : 60), text);
    }
    return DAT_OK;
}

dat_status dat_tokenizer_finish(dat_tokenizer *tokenizer, const char *pattern)
{
    index_specials(tokenizer);
    if (tokenizer->kind == DAT_TOKENIZER_CHARACTERS)
        return index_characters(tokenizer);
    tokenizer->cache = dat_allocate(DAT_CACHED_WORDS, sizeof tokenizer->cache[0]);
    if (pattern) {
        tokenizer->pattern_text = dat_copy_string(pattern);
        DAT_TRY(dat_word_pattern_compile(pattern, &tokenizer->pattern));
    }
    return index_bytes(tokenizer);
}

dat_tokenizer *dat_tokenizer_bytes(void)
{
    dat_tokenizer *tokenizer = dat_tokenizer_new(DAT_TOKENIZER_BYTE_LEVEL);
    for (int byte = 0; byte < 256; byte++)
        dat_tokenizer_add(tokenizer, &(char){(char)byte}, 1, false);
    dat_tokenizer_add(tokenizer, dat_end_of_text, (int64_t)strlen(dat_end_of_text), true);
    dat_status status = dat_tokenizer_finish(tokenizer, NULL);
    DAT_ASSERT(status.code == DAT_CODE_OK);
    return tokenizer;
}

dat_status dat_tokenizer_open(const char *source, dat_tokenizer **tokenizer)
{
    struct stat info;
    *tokenizer = NULL;
    if (strcmp(source, "bytes") == 0) {
        *tokenizer = dat_tokenizer_bytes();
        return DAT_OK;
    }
    bool is_folder = stat(source, &info) == 0 && S_ISDIR(info.st_mode);
    return is_folder ? dat_tokenizer_read_gpt2(source, tokenizer)
                     : dat_tokenizer_read_json(source, tokenizer);
}

void dat_tokenizer_free(dat_tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    free(tokenizer->bytes);
    free(tokenizer->starts);
    free(tokenizer->special);
    free(tokenizer->specials);
    free(tokenizer->pattern_text);
    free(tokenizer->cache);
    dat_word_pattern_free(tokenizer->pattern);
    dat_merges_free(&tokenizer->merges);
    dat_string_table_free(&tokenizer->characters);
    free(tokenizer);
}

int64_t dat_tokenizer_vocab_size(const dat_tokenizer *tokenizer)
{
    return tokenizer->n_tokens;
}

int32_t dat_tokenizer_end_of_text(const dat_tokenizer *tokenizer)
{
    return tokenizer->end_of_text;
}

const char *dat_tokenizer_text(const dat_tokenizer *tokenizer, int32_t id, int64_t *size)
{
    DAT_ASSERT(id >= 0 && id < tokenizer->n_tokens);
    *size = tokenizer->starts[id + 1] - tokenizer->starts[id];
    return tokenizer->bytes + tokenizer->starts[id];
}
