/* Valid words beside what somebody wrote: which one did they mean, and which are there? Internal to
 * lib/io/config. */
#ifndef DAT_IO_CONFIG_WORDS_H
#define DAT_IO_CONFIG_WORDS_H

#include <stddef.h>

/* Start with {0} and add every valid word. */
typedef struct dat_words {
    const char *nearest; /* the word closest to what was written, if close enough to be meant; borrowed */
    size_t distance;     /* its edit distance */
    char list[256];      /* all words, "a, b, c", cut when they are many */
} dat_words;

/* Takes one more valid word into account. */
void dat_words_add(dat_words *words, const char *written, const char *word);

/* Appends to a text in a buffer of `size` bytes; what does not fit is cut. */
void dat_text_append(char *text, size_t size, const char *more);

#endif
