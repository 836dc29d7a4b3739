#include "core/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64 };

dat_status dat_arena_init(dat_arena *arena, size_t limit)
{
    *arena = (dat_arena){0};
    void *base =
        mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return dat_failure("cannot map %zu MiB of address space for a step: %s; lower the memory limit",
                           limit >> 20, strerror(errno));
#ifdef MADV_HUGEPAGE /* a step touches many pages at a time: large ones save a tenth of its time */
    madvise(base, limit, MADV_HUGEPAGE);
#endif
    arena->base = base;
    arena->limit = limit;
    return DAT_OK;
}

void *dat_arena_take(dat_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded < size || rounded > arena->limit - arena->used)
        return NULL;
    void *memory = arena->base + arena->used;
    arena->used += rounded;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
#ifdef DAT_POISON
    memset(memory, 0xff, rounded); /* all bits set is a NaN: what forward forgets to write shows up */
#endif
    return memory;
}

void dat_arena_reset(dat_arena *arena)
{
    arena->used = 0;
}

void dat_arena_free(dat_arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->limit);
    *arena = (dat_arena){0};
}
