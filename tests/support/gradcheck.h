/* Gradients against central finite differences: every element of every input, under a random cotangent, so
 * that neither a sign, nor a scale, nor a single wrong element goes unnoticed. Meant for the double build,
 * where the differences are good to 1e-9. */
#ifndef TESTS_SUPPORT_GRADCHECK_H
#define TESTS_SUPPORT_GRADCHECK_H

#include <stdbool.h>

#include "core/params.h"
#include "core/tape.h"

enum { GRADCHECK_MAX_INPUTS = 8, GRADCHECK_TEXT_SIZE = 512 };

/* What a tensor is to the function under test. */
typedef enum gradcheck_kind {
    GRADCHECK_VARIABLE, /* random values; its gradient is checked */
    GRADCHECK_CONSTANT, /* random values; the function has no gradient for it */
    GRADCHECK_ABSENT,   /* NULL */
    GRADCHECK_SAME,     /* the same tensor as the input before it */
} gradcheck_kind;

typedef struct gradcheck_input {
    int rank;
    int64_t shape[DAT_MAX_RANK];
    gradcheck_kind kind;
} gradcheck_input;

/* Records a computation on a tape. Must be a function of the inputs, the context and the tape's key alone. */
typedef dat_tensor *(*gradcheck_function)(dat_tape *tape, dat_tensor *const *in, const void *context);

typedef struct gradcheck_result {
    bool good;                       /* |gradient - difference| <= 1e-7 max(1, |difference|) everywhere */
    double error;                    /* the worst of them, so scaled; NaN is the worst of all */
    char worst[GRADCHECK_TEXT_SIZE]; /* where it is and both values, or the error of the tape */
} gradcheck_result;

/* Checks a function of n inputs. Gradients start from 0.5 instead of 0, as backward must add; then every
 * variable is checked once more as the only one that needs a gradient. */
gradcheck_result gradcheck(gradcheck_function function, const void *context, const gradcheck_input *inputs,
                           int n, uint64_t seed);

/* Checks the gradients of all trainable parameters that `function` (called without inputs) uses. */
gradcheck_result gradcheck_params(gradcheck_function function, const void *context, dat_params *params,
                                  uint64_t seed);

#endif
