/* Tokenizers: text to token ids and back. Byte-level BPE as in GPT-2 (Radford et al., "Language Models are
 * Unsupervised Multitask Learners", 2019), bytes, and the characters of a corpus. Vocabularies are read from
 * OpenAI's two files or a Hugging Face tokenizer.json, or trained here (data/tokenizer_train.h).
 *
 * Byte-level tokenizers encode any bytes and decode(encode(x)) is x. Where text is not UTF-8, the bad bytes
 * are words of their own. Character tokenizers refuse characters they do not know. Nothing is added around
 * the text. */
#ifndef DAT_DATA_TOKENIZER_H
#define DAT_DATA_TOKENIZER_H

#include <stdint.h>

#include "util/status.h"

typedef struct dat_tokenizer dat_tokenizer;

/* A growing list of token ids; empty when all zero. The caller releases `ids` with free(). */
typedef struct dat_token_list {
    int32_t *ids;
    int64_t count, capacity;
} dat_token_list;

/* What "<|endoftext|>" and its like in a text mean. */
typedef enum dat_specials {
    DAT_SPECIALS_AS_TEXT,   /* nothing: they are encoded like any other text */
    DAT_SPECIALS_AS_TOKENS, /* each is its token */
} dat_specials;

/* The text of the token that separates documents in every tokenizer made here and in GPT-2. */
extern const char dat_end_of_text[];

/* Opens a tokenizer: `source` is "bytes", a folder with encoder.json and vocab.bpe as published for GPT-2, or
 * a tokenizer.json of the Hugging Face library. Of the latter, byte-level BPE is understood, with the GPT-2
 * pattern, one of its own or none, and what dat_tokenizer_save writes; everything else is refused. On error
 * *tokenizer is NULL. Release with dat_tokenizer_free. */
dat_status dat_tokenizer_open(const char *source, dat_tokenizer **tokenizer);

/* One token a byte (id = value), then end of text. Release with dat_tokenizer_free. */
dat_tokenizer *dat_tokenizer_bytes(void);

/* Writes a tokenizer.json that dat_tokenizer_open and the Hugging Face library read. */
dat_status dat_tokenizer_save(const dat_tokenizer *tokenizer, const char *path);

/* The text of that file, terminated, which the caller frees, and a tokenizer from it: errors, and what to
 * release, are those of dat_tokenizer_open, and messages call the text `where`. */
char *dat_tokenizer_to_json(const dat_tokenizer *tokenizer);
dat_status dat_tokenizer_of_json(const char *text, const char *where, dat_tokenizer **tokenizer);

/* NULL is allowed. */
void dat_tokenizer_free(dat_tokenizer *tokenizer);

/* Ids are 0 .. size - 1. */
int64_t dat_tokenizer_vocab_size(const dat_tokenizer *tokenizer);

/* The id of end of text, or -1 when the vocabulary has none. */
int32_t dat_tokenizer_end_of_text(const dat_tokenizer *tokenizer);

/* Appends the ids of a text (not terminated) to `tokens`; on error, those of its beginning. The tokenizer
 * remembers words, so each thread needs its own. */
dat_status dat_tokenizer_encode(dat_tokenizer *tokenizer, const char *text, int64_t size,
                                dat_specials specials, dat_token_list *tokens);

/* The bytes of a token, 0 <= id < vocab_size; not terminated; they need not be whole characters. Decoding is
 * putting these one after another. Valid as long as the tokenizer. */
const char *dat_tokenizer_text(const dat_tokenizer *tokenizer, int32_t id, int64_t *size);

/* Appends one id. */
void dat_token_list_add(dat_token_list *list, int32_t id);

#endif
