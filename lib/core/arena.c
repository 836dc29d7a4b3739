#include "core/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64 };

dat_status dat_arena_init(dat_arena *arena, size_t limit)
{
    *arena = (dat_arena){0};
    limit -= limit % ALIGNMENT;
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

static size_t rounded_up(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool has_room(const dat_arena *arena, size_t size)
{
    return rounded_up(size) >= size && rounded_up(size) <= arena->limit - arena->used - arena->kept;
}

/* What has just been handed out: `size` bytes. */
static void *handed_out(dat_arena *arena, char *memory, size_t size)
{
    size_t total = arena->used + arena->kept;
    if (total > arena->peak)
        arena->peak = total;
#ifdef DAT_POISON
    memset(memory, 0xff, size); /* all bits set is a NaN: what forward forgets to write shows up */
#else
    (void)size;
#endif
    return memory;
}

void *dat_arena_take(dat_arena *arena, size_t size)
{
    if (!has_room(arena, size))
        return NULL;
    char *memory = arena->base + arena->used;
    arena->used += rounded_up(size);
    return handed_out(arena, memory, rounded_up(size));
}

void *dat_arena_keep(dat_arena *arena, size_t size)
{
    if (!has_room(arena, size))
        return NULL;
    arena->kept += rounded_up(size);
    return handed_out(arena, arena->base + arena->limit - arena->kept, rounded_up(size));
}

void dat_arena_reset(dat_arena *arena)
{
    arena->used = 0;
}

void dat_arena_clear(dat_arena *arena)
{
    arena->used = arena->kept = 0;
}

void dat_arena_free(dat_arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->limit);
    *arena = (dat_arena){0};
}
