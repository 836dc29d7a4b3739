#include <stddef.h>

#include "bench.h"

const bench_case *const bench_families[] = {
    bench_vision_cases,
    bench_loader_cases,
    bench_seq2seq_cases,
    bench_language_cases,
    bench_op_cases,
    bench_scaling_cases,
    NULL,
};
