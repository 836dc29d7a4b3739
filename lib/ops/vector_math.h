/* exp, tanh and sigmoid that vectorise: branch-free, inlined into loops over elements. In the float build exp
 * is a degree-5 polynomial on [-ln2/2, ln2/2] with the power of two put in by its bits (coefficients of S.
 * Moshier's Cephes library), within 2 units in the last place of the exact value from -87 to 88 and clamped
 * outside; tanh within 3. tests/ops/test_vector_math.c measures both bounds. The double build uses the C
 * library. */
#ifndef DAT_OPS_VECTOR_MATH_H
#define DAT_OPS_VECTOR_MATH_H

#include <stdint.h>
#include <string.h>

#include "core/real.h"

#ifdef DAT_DOUBLE

static inline dat_real dat_exp(dat_real x)
{
    return exp(x);
}

static inline dat_real dat_tanh(dat_real x)
{
    return tanh(x);
}

#else

static inline dat_real dat_exp(dat_real x)
{
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    /* Adding and removing 1.5 * 2^23 rounds to the nearest integer, which the sum has in its lowest bits. */
    float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * r) * r + r + 1.0f;
    uint32_t bits; /* unsigned, and no conversion of n: NaN must pass through */
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - 0x4b400000u + 127u) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline dat_real dat_tanh(dat_real x)
{
    float square = x * x;
    float p = -5.70498872745e-3f;
    p = p * square + 2.06390887954e-2f;
    p = p * square - 5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square - 3.33332819422e-1f;
    float near_zero = (p * square) * x + x;
    float magnitude = x < 0 ? -x : x;
    float far = 1.0f - 2.0f / (dat_exp(2.0f * magnitude) + 1.0f);
    far = x < 0 ? -far : far;
    return magnitude < 0.625f ? near_zero : far;
}

#endif

static inline dat_real dat_sigmoid(dat_real x)
{
    return 1 / (1 + dat_exp(-x));
}

#endif
