/* Vectors of a vector register's size, by the compilers' vector extensions. */
#ifndef DAT_CORE_LANES_H
#define DAT_CORE_LANES_H

#include <stdint.h>
#include <string.h>

#include "core/real.h"

typedef dat_real lanes __attribute__((vector_size(32)));

enum { LANES = sizeof(lanes) / sizeof(dat_real) };

#define INLINE static inline __attribute__((always_inline))

INLINE lanes lanes_load(const dat_real *from)
{
    lanes v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void lanes_store(dat_real *to, lanes v)
{
    memcpy(to, &v, sizeof v);
}

/* to (LANES, LANES) = the transpose of from, rows at the given distances. */
INLINE void lanes_transpose(const dat_real *from, int64_t from_stride, dat_real *to, int64_t to_stride)
{
#ifdef DAT_DOUBLE
    for (int64_t i = 0; i < LANES; i++)
        for (int64_t j = 0; j < LANES; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
#else
    lanes row[LANES], pair[LANES], four[LANES];
    for (int i = 0; i < LANES; i++)
        row[i] = lanes_load(from + i * from_stride);
    for (int i = 0; i < LANES; i += 2) {
        pair[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int k = 0; k < 2; k++) {
            four[i + 2 * k] = __builtin_shufflevector(pair[i + k], pair[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            four[i + 2 * k + 1] =
                __builtin_shufflevector(pair[i + k], pair[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; i++) {
        lanes_store(to + i * to_stride,
                    __builtin_shufflevector(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
        lanes_store(to + (i + 4) * to_stride,
                    __builtin_shufflevector(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
    }
#endif
}

#endif
