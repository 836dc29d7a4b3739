#include "data/tokenizer_corpus.h"

#include <stdlib.h>
#include <string.h>

#include "data/documents.h"
#include "data/tokenizer_parts.h"
#include "util/memory.h"
#include "util/utf8.h"

dat_tokenizer_trainer *dat_tokenizer_trainer_new(void)
{
    dat_tokenizer_trainer *trainer = dat_allocate(1, sizeof *trainer);
    dat_status status = dat_word_pattern_compile(dat_gpt2_pattern, &trainer->pattern);
    DAT_ASSERT(status.code == DAT_CODE_OK);
    return trainer;
}

void dat_tokenizer_trainer_free(dat_tokenizer_trainer *trainer)
{
    if (!trainer)
        return;
    dat_word_pattern_free(trainer->pattern);
    dat_string_table_free(&trainer->words);
    free(trainer->counts);
    free(trainer);
}

static void count_word(dat_tokenizer_trainer *trainer, const char *word, int64_t size)
{
    int64_t known = trainer->words.count;
    int64_t i = dat_string_table_add(&trainer->words, word, size);
    if (i == trainer->capacity) {
        trainer->capacity = 2 * i + 256;
        trainer->counts = dat_reallocate(trainer->counts, (size_t)trainer->capacity, sizeof(int64_t));
    }
    trainer->counts[i] = i == known ? 1 : trainer->counts[i] + 1;
}

dat_status dat_tokenizer_trainer_add(dat_tokenizer_trainer *trainer, const char *text, int64_t size)
{
    dat_words words = dat_words_of(trainer->pattern, text, size);
    const char *word;
    int64_t word_size;
    for (;;) {
        DAT_TRY(dat_words_next(&words, &word, &word_size));
        if (!word)
            return DAT_OK;
        count_word(trainer, word, word_size);
    }
}

dat_status dat_tokenizer_trainer_add_file(dat_tokenizer_trainer *trainer, const char *path)
{
    dat_documents documents;
    const char *text;
    int64_t size;
    DAT_TRY(dat_documents_open(path, &documents));
    dat_status status = dat_documents_next(&documents, &text, &size);
    while (status.code == DAT_CODE_OK && text) {
        status = dat_tokenizer_trainer_add(trainer, text, size);
        if (status.code == DAT_CODE_OK)
            status = dat_documents_next(&documents, &text, &size);
    }
    dat_documents_close(&documents);
    return status;
}

static dat_status collect_characters(const dat_tokenizer_trainer *trainer, dat_string_table *characters)
{
    for (int64_t i = 0; i < trainer->words.count; i++) {
        int64_t size;
        const char *word = dat_string_table_get(&trainer->words, i, &size);
        for (int64_t at = 0, length; at < size; at += length) {
            length = dat_utf8_length(word + at, size - at);
            if (length == 0 || word[at] == '\0')
                return dat_failure(
                    "the corpus holds the byte 0x%02x, which is not a character of UTF-8 text; "
                    "use a byte-level tokenizer",
                    (unsigned)(unsigned char)word[at]);
            dat_string_table_add(characters, word + at, length);
        }
    }
    return DAT_OK;
}

/* A character and its length; unused bytes are 0. */
typedef struct character {
    char text[5];
    int8_t size;
} character;

/* The order of UTF-8 is the order of code points. */
static int compare_characters(const void *a, const void *b)
{
    return strcmp(((const character *)a)->text, ((const character *)b)->text);
}

dat_status dat_tokenizer_train_characters(const dat_tokenizer_trainer *trainer, dat_tokenizer **tokenizer)
{
    dat_string_table found = {0};
    *tokenizer = NULL;
    dat_status status = collect_characters(trainer, &found);
    if (status.code != DAT_CODE_OK) {
        dat_string_table_free(&found);
        return status;
    }
    character *sorted = dat_allocate((size_t)found.count, sizeof sorted[0]);
    for (int64_t i = 0; i < found.count; i++) {
        int64_t size;
        const char *text = dat_string_table_get(&found, i, &size);
        memcpy(sorted[i].text, text, (size_t)size);
        sorted[i].size = (int8_t)size;
    }
    qsort(sorted, (size_t)found.count, sizeof sorted[0], compare_characters);
    *tokenizer = dat_tokenizer_new(DAT_TOKENIZER_CHARACTERS);
    for (int64_t i = 0; i < found.count; i++)
        dat_tokenizer_add(*tokenizer, sorted[i].text, sorted[i].size, false);
    dat_tokenizer_add(*tokenizer, dat_end_of_text, (int64_t)strlen(dat_end_of_text), true);
    free(sorted);
    dat_string_table_free(&found);
    return dat_tokenizer_finish(*tokenizer, NULL);
}
