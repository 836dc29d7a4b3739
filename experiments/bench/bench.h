/* The benchmark: named cases, each measured in a process of its own beside the speed of this machine's own
 * matrix multiply. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "util/status.h"

/* Address space of a case's tape: more than any case needs. */
#define BENCH_MEMORY_LIMIT ((size_t)64 << 30)

/* What one repeat of a case does. */
typedef struct bench_work {
    double flops; /* model FLOPs: multiply-adds of matrix products and attention, twice; 0: memory-bound, or
                     only the time counts */
    double bytes; /* that must move between memory and processor; 0 unless memory-bound */
} bench_work;

/* A kind of work. The caller of `prepare` releases the state whatever the result. */
typedef struct bench_kind {
    dat_status (*prepare)(const void *config, void **state);
    bench_work (*repeat)(void *state); /* does the work once */
    void (*release)(void *state);
} bench_kind;

typedef struct bench_case {
    const char *name; /* "step/relational_games/dat_1_1" */
    const bench_kind *kind;
    const void *config; /* of the kind's own type */
} bench_case;

/* The cases of each family; each list ends with a NULL name. */
extern const bench_case bench_vision_cases[], bench_loader_cases[], bench_seq2seq_cases[],
    bench_language_cases[], bench_op_cases[], bench_scaling_cases[];

/* All those lists; ends with NULL. */
extern const bench_case *const bench_families[];

#endif
