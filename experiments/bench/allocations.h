/* Heap allocations of the whole process. */
#ifndef BENCH_ALLOCATIONS_H
#define BENCH_ALLOCATIONS_H

#include <stdint.h>

/* How many there were so far, all libraries included; always 0 in sanitizer builds, which own the allocator.
 */
int64_t bench_allocations(void);

#endif
