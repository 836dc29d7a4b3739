/* Heap memory with one policy for running out of it: say so and abort, here and nowhere else. Buffers whose
 * size a file or a user decides are checked against a limit before they get here. */
#ifndef DAT_UTIL_MEMORY_H
#define DAT_UTIL_MEMORY_H

#include <stddef.h>

/* count * size zeroed bytes; never NULL. The caller releases it with free(). */
void *dat_allocate(size_t count, size_t size);

/* Resizes as realloc does; never NULL for a size above 0. */
void *dat_reallocate(void *pointer, size_t count, size_t size);

/* A copy of a string; the caller releases it with free(). */
char *dat_copy_string(const char *text);

#endif
