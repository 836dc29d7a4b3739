/* What a model that writes a sequence bit by bit remembers of it: keys, relation keys and values of every
 * attention at all positions so far, and what is the same in every step. A step computes the new positions
 * only. Models run their layers in the same order in every step, so what is kept has no names: the n-th call
 * of a step means what the n-th call of the steps before meant.
 *
 * A step is dat_decode_cache_begin, the layers with the cache in their dat_attention_context, and
 * dat_decode_cache_end, on a tape that does not record. After an error only dat_decode_cache_clear and
 * dat_decode_cache_free make sense; the weights must stay as they are until then. */
#ifndef DAT_NN_DECODE_CACHE_H
#define DAT_NN_DECODE_CACHE_H

#include "core/tape.h"

typedef struct dat_decode_slot dat_decode_slot;

typedef struct dat_decode_cache {
    dat_arena arena;  /* of all that is kept, apart from the tape's; .used is how much that is */
    int64_t capacity; /* positions there is room for */
    int64_t length;   /* positions so far: the first position of the next step */
    dat_decode_slot *first;
    dat_decode_slot **next; /* within a step: the place of the next call's slot in the list */
} dat_decode_cache;

/* A cache without positions for up to `capacity` (at least 1) of them, in up to `memory_limit` bytes. The
 * caller frees it whatever the result. */
dat_status dat_decode_cache_init(dat_decode_cache *cache, int64_t capacity, size_t memory_limit);
void dat_decode_cache_free(dat_decode_cache *cache);

/* Forgets everything, as another model or another number of sequences needs. */
void dat_decode_cache_clear(dat_decode_cache *cache);

/* Forgets all positions but the first `length`. */
void dat_decode_cache_cut(dat_decode_cache *cache, int64_t length);

/* Starts a step of `count` new positions; false with the tape's error if there is no room for them or the
 * tape records. The end adds them to the length unless the tape has an error. */
bool dat_decode_cache_begin(dat_tape *tape, dat_decode_cache *cache, int64_t count);
void dat_decode_cache_end(const dat_tape *tape, dat_decode_cache *cache, int64_t count);

/* The position of a step's first row: 0 without a cache (NULL). */
int64_t dat_decode_cache_position(const dat_decode_cache *cache);

/* The rows of a table (positions, width) from that position on; without a cache the table itself. */
dat_tensor *dat_decode_cache_rows(dat_tape *tape, const dat_decode_cache *cache, dat_tensor *table);

/* Adds `rows` (B, new positions, width) to those of the steps before: -> (B, capacity, width). Rows behind
 * the last one are for causality to hide. Without a cache `rows` themselves. */
dat_columns dat_decode_cache_append(dat_tape *tape, dat_decode_cache *cache, dat_columns rows);

/* Whether the next call of dat_decode_cache_keep has what it returns already. */
bool dat_decode_cache_keeps(const dat_decode_cache *cache);

/* What was kept by this call in the first step, which may be anything of rank 2 or 3; later, `values` are not
 * looked at. Without a cache `values` themselves. */
dat_columns dat_decode_cache_keep(dat_tape *tape, dat_decode_cache *cache, dat_columns values);

#endif
