/* Distinct byte strings, numbered in the order in which they came. */
#ifndef DAT_UTIL_STRING_TABLE_H
#define DAT_UTIL_STRING_TABLE_H

#include <stdint.h>

/* Empty when all zero. */
typedef struct dat_string_table {
    int64_t count;
    char *bytes;     /* all strings one after another, owned */
    int64_t *starts; /* string i is bytes[starts[i] .. starts[i + 1] - 1], owned */
    int64_t bytes_capacity, starts_capacity;
    int64_t *slots; /* open addressing: the number of a string + 1, or 0, owned */
    int64_t n_slots;
} dat_string_table;

/* The number of a string, which is copied when it is new. */
int64_t dat_string_table_add(dat_string_table *table, const char *bytes, int64_t size);

/* The number of a string, or -1 when it is not there. */
int64_t dat_string_table_find(const dat_string_table *table, const char *bytes, int64_t size);

/* String i, 0 <= i < count; not terminated; valid until the next addition. */
const char *dat_string_table_get(const dat_string_table *table, int64_t i, int64_t *size);

/* Releases everything; the table is empty again. */
void dat_string_table_free(dat_string_table *table);

#endif
