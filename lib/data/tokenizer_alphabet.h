/* The letters that GPT-2's files write bytes with: each byte is one printable character, so that tokens are
 * JSON strings without blanks. Printable bytes of Latin-1 stand for themselves, the others for U+0100 on, in
 * their order. */
#ifndef DAT_DATA_TOKENIZER_ALPHABET_H
#define DAT_DATA_TOKENIZER_ALPHABET_H

#include <stdint.h>

enum { DAT_ALPHABET_LETTERS = 256 + 68 }; /* code points from 0 to the highest letter */

typedef struct dat_alphabet {
    uint16_t letter[256];               /* the code point of a byte's letter */
    int16_t byte[DAT_ALPHABET_LETTERS]; /* and back; -1: not a letter */
    uint8_t order[256];                 /* the bytes by their letters: GPT-2's first 256 tokens */
} dat_alphabet;

void dat_alphabet_init(dat_alphabet *alphabet);

/* Writes bytes as letters in UTF-8: at most 2 * size bytes, not terminated. Returns how many. */
int64_t dat_alphabet_spell(const dat_alphabet *alphabet, const char *bytes, int64_t size, char *letters);

/* Writes the bytes that UTF-8 letters stand for: at most `size`. Returns how many, or -1 when a character is
 * not a letter. */
int64_t dat_alphabet_read(const dat_alphabet *alphabet, const char *letters, int64_t size, char *bytes);

#endif
