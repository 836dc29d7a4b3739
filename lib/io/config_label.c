#include "io/config_label.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "io/config_words.h"
#include "util/memory.h"

char *dat_run_label(const dat_schema_target *choices, int64_t count, const char *bytes)
{
    enum { PART_SIZE = DAT_PATH_SIZE + DAT_YAML_EXCERPT + 2 };
    size_t size = (size_t)count * PART_SIZE + 1;
    char *label = dat_allocate(size, 1);
    for (int64_t i = 0; i < count; ++i) {
        char value[DAT_VALUE_SIZE], excerpt[DAT_YAML_EXCERPT], part[PART_SIZE];
        dat_schema_format(&choices[i], bytes, value);
        dat_yaml_excerpt(value, excerpt);
        snprintf(part, sizeof part, "%s%s=%s", i > 0 ? " " : "", choices[i].path, excerpt);
        dat_text_append(label, size, part);
    }
    return label;
}

/* Appends a word in lower case; every run of other characters becomes one '-', and none stays at an end. */
static void append_word(char slug[DAT_SLUG_SIZE], const char *word, size_t length)
{
    size_t start = strlen(slug), used = start;
    for (size_t i = 0; i < length && used < DAT_SLUG_SIZE - 1; ++i) {
        unsigned char c = (unsigned char)word[i];
        bool inner = used > start && (c == '_' || c == '.');
        if (inner || (c < 0x80 && isalnum(c)))
            slug[used++] = (char)tolower(c);
        else if (used > start && slug[used - 1] != '-')
            slug[used++] = '-';
    }
    while (used > start && strchr("-._", slug[used - 1]))
        --used;
    slug[used] = '\0';
}

/* Appends one choice: text as it is, numbers and truth values after their key ("train_size-250"), a seed
 * short. */
static void append_choice(char slug[DAT_SLUG_SIZE], const dat_schema_target *choice, const char *value)
{
    const char *key = choice->field->key;
    dat_field_type type = choice->field->type;
    if (type == DAT_FIELD_TEXT || type == DAT_FIELD_CHOICE) {
        append_word(slug, value, strlen(value));
        return;
    }
    bool is_seed = type == DAT_FIELD_INT && strcmp(key, "seed") == 0;
    append_word(slug, key, is_seed ? 1 : strlen(key));
    if (!is_seed)
        dat_text_append(slug, DAT_SLUG_SIZE, "-");
    for (; *value; ++value)
        if (*value != '+') /* 1e+20 */
            dat_text_append(slug, DAT_SLUG_SIZE, (char[]){*value, '\0'});
}

void dat_run_slug(const dat_schema_target *choices, int64_t count, const char *bytes, const char *path,
                  char slug[DAT_SLUG_SIZE])
{
    slug[0] = '\0';
    if (count == 0) {
        const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        const char *dot = strrchr(name, '.');
        append_word(slug, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
    }
    for (int64_t i = 0; i < count; ++i) {
        char value[DAT_VALUE_SIZE], part[DAT_SLUG_SIZE] = "";
        dat_schema_format(&choices[i], bytes, value);
        append_choice(part, &choices[i], value);
        if (*slug && *part)
            dat_text_append(slug, DAT_SLUG_SIZE, "_");
        dat_text_append(slug, DAT_SLUG_SIZE, part);
    }
    for (size_t n = strlen(slug); n > 0 && strchr("-._", slug[n - 1]); --n)
        slug[n - 1] = '\0';
    if (!*slug)
        dat_text_append(slug, DAT_SLUG_SIZE, "run");
}
