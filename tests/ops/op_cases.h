/* One table of calls for all ops, each with the shapes of its inputs: what the gradient check walks. */
#ifndef TESTS_OPS_OP_CASES_H
#define TESTS_OPS_OP_CASES_H

#include "support/gradcheck.h"

typedef struct op_case {
    const dat_op *op;
    const char *name;
    gradcheck_function apply; /* calls the op with `args` */
    const void *args;
    int n_inputs;
    gradcheck_input in[GRADCHECK_MAX_INPUTS];
} op_case;

/* Ends with a case without an op. */
extern const op_case op_cases[];

#endif
