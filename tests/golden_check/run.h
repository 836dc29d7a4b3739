/* One reference file being checked: the module's parameters, a tape, and the inputs and outputs that a
 * forward pass names. */
#ifndef TESTS_GOLDEN_CHECK_RUN_H
#define TESTS_GOLDEN_CHECK_RUN_H

#include "core/params.h"
#include "core/tape.h"
#include "golden_check/arguments.h"
#include "golden_check/compare.h"
#include "golden_check/golden_file.h"
#include "nn/attention.h"

enum { GOLDEN_MAX_NAMED = 16 };

/* An input or output by its name in the file. */
typedef struct golden_named {
    const char *name;
    dat_tensor *tensor;
} golden_named;

typedef struct golden_run {
    const golden_file *file;
    golden_verdict verdict;
    golden_report report;
    dat_params params;
    dat_tape tape;
    double tolerance; /* of norm-wise errors */
    int64_t batch;    /* index on the inputs' leading axis of batches, or -1 when they have none */
    golden_named inputs[GOLDEN_MAX_NAMED], outputs[GOLDEN_MAX_NAMED];
    int n_inputs, n_outputs;
} golden_run;

/* The input called `name` as a tensor; a variable where the file has its gradient. NULL (and a verdict) when
 * the file has no such input. */
dat_tensor *golden_input(golden_run *run, const char *name);

/* The same with its last `merged` axes folded into one. */
dat_tensor *golden_input_folded(golden_run *run, const char *name, int merged);

/* NULL when the file has no such input. */
dat_tensor *golden_optional_input(golden_run *run, const char *name);

/* Class indices. `count` of them, or NULL and a verdict. */
const int32_t *golden_targets(golden_run *run, const char *name, int64_t count);

/* The buffer called `name`, which no gradient reaches. */
dat_tensor *golden_buffer(golden_run *run, const char *name);

/* Names an output, which is compared with the file's after the forward pass. Returns it. */
dat_tensor *golden_output(golden_run *run, const char *name, dat_tensor *tensor);

/* Room for an output that an op writes on request: NULL when the file does not have it. */
dat_real *golden_sink(golden_run *run, const char *name, int rank, const int64_t *shape);

/* Forward flags of attention, which the config names next to the module's arguments. */
typedef struct golden_flags {
    bool causal, rope, mask;
} golden_flags;

/* Mask, angles and causality as the flags ask. */
dat_attention_context golden_context(golden_run *run, const golden_flags *flags);

/* Copies the file's parameters into ours. Every one of ours must be in the file and the other way round, with
 * the same shape and the same sharing of storage. */
void golden_load_params(golden_run *run);

/* Refuses names that share storage in the file but not in our parameters. */
void golden_check_ties(golden_run *run);

/* Compares all outputs of the file, and refuses inputs that the forward pass did not use. */
void golden_check_outputs(golden_run *run);

/* Compares all gradients of the file, and refuses parameters of ours without one. */
void golden_check_grads(golden_run *run);

#endif
