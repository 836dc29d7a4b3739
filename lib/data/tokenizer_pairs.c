#include "data/tokenizer_pairs.h"

#include <stdlib.h>

#include "util/memory.h"

struct dat_pair_slot {
    int32_t left, right;
    int64_t number; /* + 1; 0: free */
};

static struct dat_pair_slot *find_slot(const dat_pair_map *map, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    uint64_t mask = (uint64_t)map->n_slots - 1;
    /* Fibonacci hashing: the high half of the product depends on all bits of the key. */
    uint64_t at = key * 0x9e3779b97f4a7c15U >> 32;
    for (;; at++) {
        struct dat_pair_slot *slot = &map->slots[at & mask];
        if (slot->number == 0 || (slot->left == left && slot->right == right))
            return slot;
    }
}

int64_t dat_pair_map_get(const dat_pair_map *map, int32_t left, int32_t right)
{
    return map->count > 0 ? find_slot(map, left, right)->number - 1 : -1;
}

/* At most half of the slots are in use. */
static void grow_slots(dat_pair_map *map)
{
    dat_pair_map old = *map;
    map->n_slots = old.n_slots ? 2 * old.n_slots : 64;
    map->slots = dat_allocate((size_t)map->n_slots, sizeof map->slots[0]);
    for (int64_t i = 0; i < old.n_slots; i++)
        if (old.slots[i].number > 0)
            *find_slot(map, old.slots[i].left, old.slots[i].right) = old.slots[i];
    free(old.slots);
}

void dat_pair_map_add(dat_pair_map *map, int32_t left, int32_t right, int64_t number)
{
    if (2 * map->count >= map->n_slots)
        grow_slots(map);
    *find_slot(map, left, right) = (struct dat_pair_slot){left, right, number + 1};
    map->count++;
}

void dat_pair_map_free(dat_pair_map *map)
{
    free(map->slots);
    *map = (dat_pair_map){0};
}
