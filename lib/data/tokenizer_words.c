#include "data/tokenizer_words.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"
#include "util/utf8.h"

const char dat_gpt2_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* pcre2_match, or its faster form for patterns that are compiled to machine code. */
typedef int matcher(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE length, PCRE2_SIZE start,
                    uint32_t options, pcre2_match_data *match, pcre2_match_context *context);

struct dat_word_pattern {
    matcher *find;
    pcre2_code *code;
    pcre2_match_data *match;
};

/* PCRE2's \s holds U+180E, which is no white space since Unicode 6.3: writes the property instead. The caller
 * frees the result. */
static char *with_unicode_spaces(const char *text)
{
    static const char space[] = "\\p{White_Space}", other[] = "\\P{White_Space}";
    char *result = dat_allocate(strlen(text) * (sizeof space - 1) + 1, 1), *to = result;
    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && (from[1] == 's' || from[1] == 'S')) {
            strcpy(to, *++from == 's' ? space : other);
            to += sizeof space - 1;
            continue;
        }
        *to++ = *from;
        if (from[0] == '\\' && from[1])
            *to++ = *++from;
    }
    return result;
}

static dat_status pattern_failure(const char *what, int error)
{
    PCRE2_UCHAR reason[128];
    pcre2_get_error_message(error, reason, sizeof reason);
    return dat_failure("%s: %s", what, (const char *)reason);
}

dat_status dat_word_pattern_compile(const char *text, dat_word_pattern **pattern)
{
    *pattern = NULL;
    int error;
    PCRE2_SIZE at;
    char *unicode = with_unicode_spaces(text);
    /* \C would match a part of a character. */
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)unicode, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
    free(unicode);
    if (!code)
        return pattern_failure("the pattern that cuts words is not a regular expression", error);
    matcher *find = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 ? pcre2_jit_match : pcre2_match;
    *pattern = dat_allocate(1, sizeof **pattern);
    **pattern = (dat_word_pattern){find, code, pcre2_match_data_create_from_pattern(code, NULL)};
    DAT_ASSERT((*pattern)->match); /* out of memory */
    return DAT_OK;
}

void dat_word_pattern_free(dat_word_pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->match);
    pcre2_code_free(pattern->code);
    free(pattern);
}

dat_words dat_words_of(dat_word_pattern *pattern, const char *text, int64_t size)
{
    return (dat_words){.pattern = pattern, .text = text, .size = size};
}

static int character_at(const dat_words *words, int64_t at)
{
    return dat_utf8_length(words->text + at, words->size - at);
}

/* Where the word at words->at, in UTF-8, ends: after the match there, or before the next one. */
static dat_status find_end(const dat_words *words, int64_t *end)
{
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(words->pattern->match);
    int64_t base = words->valid_start;
    *end = words->valid_end;
    /* UTF-8 was checked once; PCRE2 would check the rest of the text for every word. */
    int result = words->pattern->find(words->pattern->code, (PCRE2_SPTR)words->text + base,
                                      (PCRE2_SIZE)(words->valid_end - base), (PCRE2_SIZE)(words->at - base),
                                      PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, words->pattern->match, NULL);
    if (result == PCRE2_ERROR_NOMATCH)
        return DAT_OK;
    if (result < 0)
        return pattern_failure("the pattern that cuts words cannot be matched", result);
    int64_t start = base + (int64_t)place[0];
    *end = start > words->at ? start : base + (int64_t)place[1];
    return DAT_OK;
}

dat_status dat_words_next(dat_words *words, const char **word, int64_t *size)
{
    int64_t start = words->at, end = words->size;
    *word = NULL;
    *size = 0;
    if (start == words->size)
        return DAT_OK;
    if (words->pattern && start == words->valid_end) {
        int length;
        words->valid_start = start;
        while ((length = character_at(words, words->valid_end)) > 0)
            words->valid_end += length;
    }
    if (words->pattern && start == words->valid_end) {
        while (words->valid_end < words->size && character_at(words, words->valid_end) == 0)
            words->valid_end++;
        end = words->valid_end;
    } else if (words->pattern) {
        DAT_TRY(find_end(words, &end));
    }
    *word = words->text + start;
    *size = end - start;
    words->at = end;
    return DAT_OK;
}
