#include "data/math_text.h"

#include <string.h>

static void put_bytes(dat_math_text *text, const char *bytes, int64_t count)
{
    int64_t room = DAT_MATH_MAX_QUESTION - text->length;
    int64_t kept = count < room ? count : room;
    if (kept > 0)
        memcpy(text->bytes + text->length, bytes, (size_t)kept);
    text->length += count;
}

void dat_math_put_character(dat_math_text *text, char character)
{
    put_bytes(text, &character, 1);
}

void dat_math_put_string(dat_math_text *text, const char *string)
{
    put_bytes(text, string, (int64_t)strlen(string));
}

void dat_math_put_text(dat_math_text *text, const dat_math_text *other)
{
    int64_t stored = other->length < DAT_MATH_MAX_QUESTION ? other->length : DAT_MATH_MAX_QUESTION;
    put_bytes(text, other->bytes, stored);
    text->length += other->length - stored;
}

void dat_math_put_integer(dat_math_text *text, int64_t value)
{
    char digits[24];
    int64_t first = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--first] = '-';
    put_bytes(text, digits + first, (int64_t)sizeof digits - first);
}

void dat_math_put_fraction(dat_math_text *text, dat_math_fraction value)
{
    dat_math_put_integer(text, value.numerator);
    if (dat_math_is_integer(value))
        return;
    dat_math_put_character(text, '/');
    dat_math_put_integer(text, value.denominator);
}

void dat_math_put_sentence(dat_math_text *text, const dat_math_text *other)
{
    if (text->length > 0 && other->length > 0)
        dat_math_put_character(text, ' ');
    dat_math_put_text(text, other);
}

void dat_math_put_sign(dat_math_text *text, bool minus, bool first)
{
    if (!first)
        dat_math_put_string(text, minus ? " - " : " + ");
    else if (minus)
        dat_math_put_character(text, '-');
}

bool dat_math_text_copy(const dat_math_text *text, int64_t longest, char *string)
{
    if (text->length < 1 || text->length > longest)
        return false;
    memcpy(string, text->bytes, (size_t)text->length);
    string[text->length] = '\0';
    return true;
}
