#include "util/string_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/memory.h"
#include "util/status.h"

const char *dat_string_table_get(const dat_string_table *table, int64_t i, int64_t *size)
{
    DAT_ASSERT(i >= 0 && i < table->count);
    *size = table->starts[i + 1] - table->starts[i];
    return table->bytes + table->starts[i];
}

/* The slot that holds the string, or the free one where it belongs. There must be a free one. */
static int64_t *find_slot(const dat_string_table *table, const char *bytes, int64_t size)
{
    uint64_t mask = (uint64_t)table->n_slots - 1;
    for (uint64_t at = dat_hash64(bytes, (size_t)size) & mask;; at = (at + 1) & mask) {
        int64_t *slot = &table->slots[at], known_size;
        if (*slot == 0)
            return slot;
        const char *known = dat_string_table_get(table, *slot - 1, &known_size);
        if (known_size == size && memcmp(known, bytes, (size_t)size) == 0)
            return slot;
    }
}

/* At most half of the slots are in use. */
static void grow_slots(dat_string_table *table)
{
    free(table->slots);
    table->n_slots = table->n_slots ? 2 * table->n_slots : 64;
    table->slots = dat_allocate((size_t)table->n_slots, sizeof table->slots[0]);
    for (int64_t i = 0; i < table->count; i++) {
        int64_t size;
        const char *bytes = dat_string_table_get(table, i, &size);
        *find_slot(table, bytes, size) = i + 1;
    }
}

static void append(dat_string_table *table, const char *bytes, int64_t size)
{
    int64_t start = table->count > 0 ? table->starts[table->count] : 0;
    if (start + size > table->bytes_capacity) {
        table->bytes_capacity = 2 * (start + size);
        table->bytes = dat_reallocate(table->bytes, (size_t)table->bytes_capacity, 1);
    }
    if (table->count + 2 > table->starts_capacity) {
        table->starts_capacity = 2 * (table->count + 2);
        table->starts = dat_reallocate(table->starts, (size_t)table->starts_capacity, sizeof(int64_t));
    }
    if (size > 0)
        memcpy(table->bytes + start, bytes, (size_t)size);
    table->starts[table->count] = start;
    table->starts[++table->count] = start + size;
}

int64_t dat_string_table_add(dat_string_table *table, const char *bytes, int64_t size)
{
    if (2 * table->count >= table->n_slots)
        grow_slots(table);
    int64_t *slot = find_slot(table, bytes, size);
    if (*slot == 0) {
        append(table, bytes, size);
        *slot = table->count;
    }
    return *slot - 1;
}

int64_t dat_string_table_find(const dat_string_table *table, const char *bytes, int64_t size)
{
    return table->count > 0 ? *find_slot(table, bytes, size) - 1 : -1;
}

void dat_string_table_free(dat_string_table *table)
{
    free(table->bytes);
    free(table->starts);
    free(table->slots);
    *table = (dat_string_table){0};
}
