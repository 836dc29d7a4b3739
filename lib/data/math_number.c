#include "data/math_number.h"

#include "util/status.h"

static int64_t checked(bool overflowed, int64_t value, bool *overflow)
{
    if (!overflowed && value != INT64_MIN) /* |value| is a number, too */
        return value;
    *overflow = true;
    return 1;
}

int64_t dat_math_plus(int64_t a, int64_t b, bool *overflow)
{
    int64_t sum;
    bool overflowed = __builtin_add_overflow(a, b, &sum);
    return checked(overflowed, sum, overflow);
}

int64_t dat_math_times(int64_t a, int64_t b, bool *overflow)
{
    int64_t product;
    bool overflowed = __builtin_mul_overflow(a, b, &product);
    return checked(overflowed, product, overflow);
}

int64_t dat_math_power(int64_t base, int exponent, bool *overflow)
{
    int64_t power = 1;
    for (int i = 0; i < exponent; i++)
        power = dat_math_times(power, base, overflow);
    return power;
}

int64_t dat_math_floor_divide(int64_t a, int64_t divisor)
{
    return a / divisor - (a % divisor < 0);
}

int64_t dat_math_gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

void dat_math_bezout(int64_t a, int64_t b, int64_t *x, int64_t *y)
{
    /* (a, b) = (x, y), (next_x, next_y) applied to the first pair, all the way. */
    int64_t next_x = 0, next_y = 1;
    *x = 1;
    *y = 0;
    while (b != 0) {
        int64_t quotient = a / b, rest = a % b, kept_x = next_x, kept_y = next_y;
        a = b;
        b = rest;
        next_x = *x - quotient * next_x;
        next_y = *y - quotient * next_y;
        *x = kept_x;
        *y = kept_y;
    }
}

/* Divides *rest by `prime` as often as it goes and records it. */
static void take_prime(uint64_t prime, uint64_t *rest, dat_math_factors *factors)
{
    if (*rest % prime != 0)
        return;
    factors->primes[factors->count] = (int64_t)prime;
    do {
        *rest /= prime;
        factors->powers[factors->count]++;
    } while (*rest % prime == 0);
    factors->count++;
}

dat_math_factors dat_math_factorise(int64_t value)
{
    DAT_ASSERT(value != 0);
    dat_math_factors factors = {.sign = value < 0 ? -1 : 1};
    uint64_t rest = value < 0 ? (uint64_t)-value : (uint64_t)value;
    take_prime(2, &rest, &factors);
    take_prime(3, &rest, &factors);
    for (uint64_t prime = 5; prime * prime <= rest; prime += 6) { /* other primes are 1 or 5 more than 6 k */
        take_prime(prime, &rest, &factors);
        take_prime(prime + 2, &rest, &factors);
    }
    if (rest > 1)
        take_prime(rest, &rest, &factors);
    return factors;
}

double dat_math_coprime_density(int64_t value)
{
    dat_math_factors factors = dat_math_factorise(value);
    double density = 1;
    for (int i = 0; i < factors.count; i++)
        density *= 1 - 1 / (double)factors.primes[i];
    return density;
}

dat_math_fraction dat_math_integer(int64_t value)
{
    return (dat_math_fraction){value, 1};
}

dat_math_fraction dat_math_ratio(int64_t numerator, int64_t denominator, bool *overflow)
{
    if (denominator == 0) {
        *overflow = true;
        return dat_math_integer(1);
    }
    int64_t divisor = dat_math_gcd(numerator, denominator);
    if (denominator < 0)
        divisor = -divisor;
    return (dat_math_fraction){numerator / divisor, denominator / divisor};
}

bool dat_math_is_integer(dat_math_fraction a)
{
    return a.denominator == 1;
}

dat_math_fraction dat_math_negate(dat_math_fraction a)
{
    return (dat_math_fraction){-a.numerator, a.denominator};
}

dat_math_fraction dat_math_add(dat_math_fraction a, dat_math_fraction b, bool *overflow)
{
    int64_t left = dat_math_times(a.numerator, b.denominator, overflow);
    int64_t right = dat_math_times(b.numerator, a.denominator, overflow);
    int64_t denominator = dat_math_times(a.denominator, b.denominator, overflow);
    return dat_math_ratio(dat_math_plus(left, right, overflow), denominator, overflow);
}

dat_math_fraction dat_math_subtract(dat_math_fraction a, dat_math_fraction b, bool *overflow)
{
    return dat_math_add(a, dat_math_negate(b), overflow);
}
