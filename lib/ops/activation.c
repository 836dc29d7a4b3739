#include "ops/activation.h"

#include <stddef.h>

#include "ops/vector_math.h"

const char *const dat_activation_names[] = {"identity", "relu", "gelu", "silu", "tanh", "sigmoid", NULL};

/* sqrt(2 / pi) and the cubic coefficient of GELU's tanh approximation. */
#define GELU_SCALE ((dat_real)0.7978845608028654)
#define GELU_CUBIC ((dat_real)0.044715)

static inline dat_real gelu(dat_real x)
{
    return (dat_real)0.5 * x * (1 + dat_tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x)));
}

static inline dat_real gelu_slope(dat_real x)
{
    dat_real t = dat_tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x));
    dat_real inner = GELU_SCALE * (1 + 3 * GELU_CUBIC * x * x);
    return (dat_real)0.5 * (1 + t) + (dat_real)0.5 * x * (1 - t * t) * inner;
}

static inline dat_real silu_slope(dat_real x)
{
    dat_real s = dat_sigmoid(x);
    return s * (1 + x * (1 - s));
}

static inline dat_real tanh_slope(dat_real x)
{
    dat_real t = dat_tanh(x);
    return 1 - t * t;
}

static inline dat_real sigmoid_slope(dat_real x)
{
    dat_real s = dat_sigmoid(x);
    return s * (1 - s);
}

/* One vector loop per activation: the switch stays outside of it. */
#define FOR_EACH(statement)                                                                                  \
    do {                                                                                                     \
        _Pragma("omp simd") for (int64_t i = 0; i < count; i++) statement;                                   \
    } while (0)

void dat_activate(dat_activation activation, int64_t count, const dat_real *x, dat_real *y)
{
    switch (activation) {
    case DAT_IDENTITY:
    case DAT_N_ACTIVATIONS:
        FOR_EACH(y[i] = x[i]);
        break;
    case DAT_RELU:
        FOR_EACH(y[i] = x[i] > 0 ? x[i] : 0);
        break;
    case DAT_GELU:
        FOR_EACH(y[i] = gelu(x[i]));
        break;
    case DAT_SILU:
        FOR_EACH(y[i] = x[i] * dat_sigmoid(x[i]));
        break;
    case DAT_TANH:
        FOR_EACH(y[i] = dat_tanh(x[i]));
        break;
    case DAT_SIGMOID:
        FOR_EACH(y[i] = dat_sigmoid(x[i]));
        break;
    }
}

#define FOR_EACH_GRADIENT(gradient)                                                                          \
    do {                                                                                                     \
        if (fresh)                                                                                           \
            FOR_EACH(dx[i] = (gradient));                                                                    \
        else                                                                                                 \
            FOR_EACH(dx[i] += (gradient));                                                                   \
    } while (0)

void dat_activate_backward(dat_activation activation, int64_t count, const dat_real *x, const dat_real *dy,
                           bool fresh, dat_real *dx)
{
    switch (activation) {
    case DAT_IDENTITY:
    case DAT_N_ACTIVATIONS:
        FOR_EACH_GRADIENT(dy[i]);
        break;
    case DAT_RELU:
        FOR_EACH_GRADIENT(x[i] > 0 ? dy[i] : 0);
        break;
    case DAT_GELU:
        FOR_EACH_GRADIENT(dy[i] * gelu_slope(x[i]));
        break;
    case DAT_SILU:
        FOR_EACH_GRADIENT(dy[i] * silu_slope(x[i]));
        break;
    case DAT_TANH:
        FOR_EACH_GRADIENT(dy[i] * tanh_slope(x[i]));
        break;
    case DAT_SIGMOID:
        FOR_EACH_GRADIENT(dy[i] * sigmoid_slope(x[i]));
        break;
    }
}
