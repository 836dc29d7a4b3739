/* Makes a tokenizer from a corpus: byte-level BPE with GPT-2's pattern, or the characters that occur. The
 * same corpus gives the same tokenizer. */
#ifndef DAT_DATA_TOKENIZER_TRAIN_H
#define DAT_DATA_TOKENIZER_TRAIN_H

#include "data/tokenizer.h"

/* The words of a corpus and how often each occurs. */
typedef struct dat_tokenizer_trainer dat_tokenizer_trainer;

/* Release with dat_tokenizer_trainer_free; NULL is allowed there. */
dat_tokenizer_trainer *dat_tokenizer_trainer_new(void);
void dat_tokenizer_trainer_free(dat_tokenizer_trainer *trainer);

/* Adds a document (not terminated). */
dat_status dat_tokenizer_trainer_add(dat_tokenizer_trainer *trainer, const char *text, int64_t size);

/* Adds the documents of a file (data/documents.h). */
dat_status dat_tokenizer_trainer_add_file(dat_tokenizer_trainer *trainer, const char *path);

/* A vocabulary of `vocab_size` tokens, at least 257: the bytes in GPT-2's order, merges, end of text. Each
 * merge is of the two neighbouring tokens that occur most often in words, at least twice; among equals, of
 * those with the least ids. Refused when the corpus does not have that many. Release with
 * dat_tokenizer_free; on error *tokenizer is NULL. */
dat_status dat_tokenizer_train_bpe(const dat_tokenizer_trainer *trainer, int64_t vocab_size,
                                   dat_tokenizer **tokenizer);

/* The distinct characters by code point, then end of text. Refused when the corpus is not UTF-8 or holds
 * U+0000, which tokenizer.json cannot. Release with dat_tokenizer_free; on error *tokenizer is NULL. */
dat_status dat_tokenizer_train_characters(const dat_tokenizer_trainer *trainer, dat_tokenizer **tokenizer);

#endif
