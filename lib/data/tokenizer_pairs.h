/* A map from pairs of token ids to numbers. */
#ifndef DAT_DATA_TOKENIZER_PAIRS_H
#define DAT_DATA_TOKENIZER_PAIRS_H

#include <stdint.h>

/* Empty when all zero. */
typedef struct dat_pair_map {
    struct dat_pair_slot *slots; /* open addressing, owned */
    int64_t n_slots, count;
} dat_pair_map;

/* The number of a pair, or -1. */
int64_t dat_pair_map_get(const dat_pair_map *map, int32_t left, int32_t right);

/* Adds a pair that is not there yet, with a number of at least 0. */
void dat_pair_map_add(dat_pair_map *map, int32_t left, int32_t right, int64_t number);

void dat_pair_map_free(dat_pair_map *map);

#endif
