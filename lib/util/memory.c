#include "util/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/status.h"

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "out of memory: could not allocate %zu x %zu bytes\n", count, size);
    abort();
}

void *dat_allocate(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer)
        out_of_memory(count, size);
    return pointer;
}

void *dat_reallocate(void *pointer, size_t count, size_t size)
{
    DAT_ASSERT(size > 0 && count <= SIZE_MAX / size);
    void *resized = realloc(pointer, count ? count * size : 1);
    if (!resized)
        out_of_memory(count, size);
    return resized;
}

char *dat_copy_string(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(dat_allocate(size, 1), text, size);
}
