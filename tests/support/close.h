/* Assertions on numbers, in double and written so that NaN fails. They end the running cmocka test. */
#ifndef TESTS_SUPPORT_CLOSE_H
#define TESTS_SUPPORT_CLOSE_H

#include <stdint.h>

#include "core/real.h"

/* |a - b| <= tolerance * max(1, |b|). */
#define assert_close(a, b, tolerance)                                                                        \
    assert_close_at((double)(a), (double)(b), (tolerance), __FILE__, __LINE__)

/* The same for `count` values of two arrays of dat_real; the message names the first that differs. */
#define assert_all_close(a, b, count, tolerance)                                                             \
    assert_all_close_at((a), (b), (count), (tolerance), __FILE__, __LINE__)

/* Both arrays of dat_real have the same bits. */
#define assert_same_bits(a, b, count) assert_same_bits_at((a), (b), (count), __FILE__, __LINE__)

/* None of the values is NaN or infinite. */
#define assert_all_finite(a, count) assert_all_finite_at((a), (count), __FILE__, __LINE__)

void assert_close_at(double a, double b, double tolerance, const char *file, int line);
void assert_all_close_at(const dat_real *a, const dat_real *b, int64_t count, double tolerance,
                         const char *file, int line);
void assert_same_bits_at(const dat_real *a, const dat_real *b, int64_t count, const char *file, int line);
void assert_all_finite_at(const dat_real *a, int64_t count, const char *file, int line);

#endif
