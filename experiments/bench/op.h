/* Kernels: the forward and backward functions of single ops, without what the tape does around them. */
#ifndef BENCH_OP_H
#define BENCH_OP_H

#include "bench.h"
#include "core/tape.h"

enum { BENCH_MAX_OP_INPUTS = 11 };

/* Applies the op to a tape's inputs; `args` as the call wants them. */
typedef dat_tensor *bench_op_call(dat_tape *tape, dat_tensor *const *in, const void *args);

typedef struct bench_op_input {
    int rank; /* 0: the input is absent */
    int64_t shape[DAT_MAX_RANK];
    bool constant; /* has no gradient */
} bench_op_input;

typedef struct bench_op_config {
    bench_op_call *call;
    const void *args;
    bench_op_input in[BENCH_MAX_OP_INPUTS];
    bool linear; /* backward reads no inputs but constant ones */
} bench_op_config;

/* Kinds of bench_op_config. Ops without FLOPs are memory-bound. What must move: forward reads the inputs and
 * writes the output, backward reads the output's gradient and the inputs it needs and adds to gradients, that
 * is reads and writes them. */
extern const bench_kind bench_op_forward, bench_op_backward;

#endif
