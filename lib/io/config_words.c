#include "io/config_words.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_WORD = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance: the fewest insertions, deletions and replacements that turn a into b, by rows of
 * the table of distances between prefixes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_WORD + 1], n = strlen(b);
    for (size_t j = 0; j <= n; ++j)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; ++j) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

void dat_text_append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

void dat_words_add(dat_words *words, const char *written, const char *word)
{
    if (words->list[0])
        dat_text_append(words->list, sizeof words->list, ", ");
    dat_text_append(words->list, sizeof words->list, word);
    size_t length = strlen(written);
    if (length > LONGEST_WORD || strlen(word) > LONGEST_WORD)
        return;
    size_t distance = edit_distance(written, word);
    size_t tolerated = length / 2 < 3 ? length / 2 : 3; /* further away it is another word, not a slip */
    if (distance <= tolerated && (!words->nearest || distance < words->distance)) {
        words->nearest = word;
        words->distance = distance;
    }
}
