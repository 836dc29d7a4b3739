#include "data/tokenizer_alphabet.h"

#include <stdbool.h>
#include <string.h>

static bool is_printable(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

void dat_alphabet_init(dat_alphabet *alphabet)
{
    int n_hidden = 0, n_ordered = 0;
    memset(alphabet->byte, -1, sizeof alphabet->byte);
    for (int byte = 0; byte < 256; byte++) {
        int letter = is_printable(byte) ? byte : 256 + n_hidden++;
        alphabet->letter[byte] = (uint16_t)letter;
        alphabet->byte[letter] = (int16_t)byte;
    }
    for (int letter = 0; letter < DAT_ALPHABET_LETTERS; letter++)
        if (alphabet->byte[letter] >= 0)
            alphabet->order[n_ordered++] = (uint8_t)alphabet->byte[letter];
}

int64_t dat_alphabet_spell(const dat_alphabet *alphabet, const char *bytes, int64_t size, char *letters)
{
    char *next = letters;
    for (int64_t i = 0; i < size; i++) {
        int letter = alphabet->letter[(unsigned char)bytes[i]];
        if (letter >= 0x80) {
            *next++ = (char)(0xc0 | letter >> 6);
            letter = 0x80 | (letter & 0x3f);
        }
        *next++ = (char)letter;
    }
    return next - letters;
}

int64_t dat_alphabet_read(const dat_alphabet *alphabet, const char *letters, int64_t size, char *bytes)
{
    int64_t count = 0;
    for (int64_t i = 0; i < size; i++) {
        int letter = (unsigned char)letters[i];
        if (letter >= 0x80) { /* all letters have one or two bytes */
            int low = i + 1 < size ? (unsigned char)letters[++i] : 0;
            if (letter < 0xc2 || letter >= 0xe0 || (low & 0xc0) != 0x80)
                return -1;
            letter = (letter & 0x1f) << 6 | (low & 0x3f);
        }
        if (letter >= DAT_ALPHABET_LETTERS || alphabet->byte[letter] < 0)
            return -1;
        bytes[count++] = (char)alphabet->byte[letter];
    }
    return count;
}
