/* The merge rules of byte pair encoding (Sennrich, Haddow & Birch, "Neural Machine Translation of Rare Words
 * with Subword Units", ACL 2016) and their application to a word. */
#ifndef DAT_DATA_TOKENIZER_MERGES_H
#define DAT_DATA_TOKENIZER_MERGES_H

#include <stdbool.h>
#include <stdint.h>

#include "data/tokenizer_pairs.h"
#include "util/queue.h"

/* Wherever `left` stands before `right`, they become `id`. */
typedef struct dat_merge {
    int32_t left, right, id;
} dat_merge;

/* Rules by rank: the first is applied before all others. Empty when all zero. */
typedef struct dat_merges {
    dat_merge *rules; /* owned */
    int64_t count, capacity;
    dat_pair_map ranks;
    dat_queue queue;              /* the work of dat_merges_apply */
    struct dat_merge_part *parts; /* of a word */
    int64_t n_parts;
} dat_merges;

/* Adds the next rule; false when the pair has one already. */
bool dat_merges_add(dat_merges *merges, dat_merge rule);

/* Applies the rules to ids[0..count-1]: the rule of least rank, leftmost first, until none fits. Writes the
 * result over the ids and returns its count. Takes time n log n. */
int64_t dat_merges_apply(dat_merges *merges, int32_t *ids, int64_t count);

void dat_merges_free(dat_merges *merges);

#endif
