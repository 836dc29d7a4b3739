/* The text of a problem while it is put together. */
#ifndef DAT_DATA_MATH_TEXT_H
#define DAT_DATA_MATH_TEXT_H

#include "data/math.h"
#include "data/math_number.h"

/* Starts as {0}. A text longer than a question may be keeps its start and its true length. */
typedef struct dat_math_text {
    int64_t length;
    char bytes[DAT_MATH_MAX_QUESTION];
} dat_math_text;

/* Appends. Numbers are decimal, fractions "n/d". */
void dat_math_put_character(dat_math_text *text, char character);
void dat_math_put_string(dat_math_text *text, const char *string);
void dat_math_put_text(dat_math_text *text, const dat_math_text *other);
void dat_math_put_integer(dat_math_text *text, int64_t value);
void dat_math_put_fraction(dat_math_text *text, dat_math_fraction value);

/* Appends a space and `other`; only `other` to an empty text, and nothing when `other` is empty. */
void dat_math_put_sentence(dat_math_text *text, const dat_math_text *other);

/* Appends " + " or " - " before a term of a sum; before the first term only a minus. */
void dat_math_put_sign(dat_math_text *text, bool minus, bool first);

/* Copies the text to a string of `longest` characters and an end; false if it is longer or empty. */
bool dat_math_text_copy(const dat_math_text *text, int64_t longest, char *string);

#endif
