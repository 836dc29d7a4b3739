/* Memory of one step: a large address range mapped once, handed out by bumping a pointer and taken back all
 * at once; what is to live longer comes from its other end. Pages become real when first touched, so the
 * range may be far larger than what is used; pointers never move. */
#ifndef DAT_CORE_ARENA_H
#define DAT_CORE_ARENA_H

#include <stddef.h>

#include "util/status.h"

typedef struct dat_arena {
    char *base;
    size_t limit; /* bytes mapped */
    size_t used;  /* bytes handed out since the last reset */
    size_t kept;  /* bytes handed out to live longer */
    size_t peak;  /* largest sum of both so far */
} dat_arena;

/* Maps `limit` bytes of address space. Fails when the system refuses the mapping. */
dat_status dat_arena_init(dat_arena *arena, size_t limit);

/* 64-byte aligned memory, not cleared (filled with NaN patterns in debug builds); NULL when the limit is
 * reached. */
void *dat_arena_take(dat_arena *arena, size_t size);

/* The same, to be valid until dat_arena_clear. */
void *dat_arena_keep(dat_arena *arena, size_t size);

/* Takes everything but what is kept back; what was handed out becomes invalid. */
void dat_arena_reset(dat_arena *arena);

/* Takes everything back. */
void dat_arena_clear(dat_arena *arena);

/* Unmaps; harmless on a zeroed arena. */
void dat_arena_free(dat_arena *arena);

#endif
