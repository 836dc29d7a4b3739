/* Exact numbers of the mathematics problems: 64-bit fractions and a little number theory. Results that leave
 * 64 bits set a sticky flag and become 1, which nothing loops on or divides by in vain; the problem they
 * belong to is thrown away at its end.
 */
#ifndef DAT_DATA_MATH_NUMBER_H
#define DAT_DATA_MATH_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* numerator / denominator in lowest terms, denominator >= 1. */
typedef struct dat_math_fraction {
    int64_t numerator, denominator;
} dat_math_fraction;

/* At most 15 primes fit into 64 bits. */
enum { DAT_MATH_MAX_PRIMES = 16 };

/* sign * product of prime^power. */
typedef struct dat_math_factors {
    int sign; /* 1 or -1 */
    int count;
    int64_t primes[DAT_MATH_MAX_PRIMES];
    int powers[DAT_MATH_MAX_PRIMES];
} dat_math_factors;

/* a + b, a * b and base^exponent (exponent >= 0) of integers. */
int64_t dat_math_plus(int64_t a, int64_t b, bool *overflow);
int64_t dat_math_times(int64_t a, int64_t b, bool *overflow);
int64_t dat_math_power(int64_t base, int exponent, bool *overflow);

/* The quotient rounded down (divisor >= 1). */
int64_t dat_math_floor_divide(int64_t a, int64_t divisor);

/* The greatest common divisor, at least 0; gcd(a, 0) = |a|. */
int64_t dat_math_gcd(int64_t a, int64_t b);

/* Solves a x + b y = gcd(a, b) for a, b >= 1 by Euclid's algorithm, which among the solutions fixes one. */
void dat_math_bezout(int64_t a, int64_t b, int64_t *x, int64_t *y);

/* The factors of value, which must not be 0, by trial division. */
dat_math_factors dat_math_factorise(int64_t value);

/* The share of integers that have no factor in common with value >= 2: the product of 1 - 1 / p. */
double dat_math_coprime_density(int64_t value);

/* The integer `value` as a fraction; numerator / denominator in lowest terms (a denominator of 0 counts as
 * overflow). */
dat_math_fraction dat_math_integer(int64_t value);
dat_math_fraction dat_math_ratio(int64_t numerator, int64_t denominator, bool *overflow);

bool dat_math_is_integer(dat_math_fraction a);
dat_math_fraction dat_math_negate(dat_math_fraction a);
dat_math_fraction dat_math_add(dat_math_fraction a, dat_math_fraction b, bool *overflow);
dat_math_fraction dat_math_subtract(dat_math_fraction a, dat_math_fraction b, bool *overflow);

#endif
