/* The modules that can be checked: one row each, in the file of its family. */
#ifndef TESTS_GOLDEN_CHECK_MODULE_H
#define TESTS_GOLDEN_CHECK_MODULE_H

#include "golden_check/run.h"
#include "golden_check/training.h"

/* How to build and run one class of the reference. */
typedef struct golden_module {
    const char *name; /* the class, as `module` in the config */
    size_t size;      /* of the struct that build fills, which starts zeroed */
    double tolerance; /* of norm-wise errors */

    /* Reads every argument it knows and registers the parameters. Sets the verdict when something does not
     * fit. */
    void (*build)(golden_run *run, golden_arguments *arguments, void *module);

    /* Runs it on the file's inputs and names all outputs. Returns the one that is differentiated. */
    dat_tensor *(*forward)(golden_run *run, const void *module);

    void (*release)(void *module); /* or NULL */
} golden_module;

/* A module sums up to some hundred float products, a model goes through a few layers of them; the reference's
 * own float error is at most 4e-6. */
#define GOLDEN_MODULE_TOLERANCE 2e-5
#define GOLDEN_MODEL_TOLERANCE  1e-4

/* The rows of each family; each list ends with a row without a name. */
extern const golden_module golden_layers[], golden_attentions[], golden_symbol_retrievers[], golden_blocks[],
    golden_vision_models[], golden_baselines[], golden_sequences[], golden_decoder_blocks[],
    golden_language_models[], golden_seq2seq_models[];

/* A module of a file's class, and how the file trains it, if it does. */
typedef struct golden_instance {
    const golden_module *module;
    void *state;
    golden_train train;
} golden_instance;

/* Builds what run->file describes and registers its parameters; anything that does not fit sets the verdict.
 */
void golden_instance_init(golden_instance *instance, golden_run *run);
void golden_instance_free(golden_instance *instance);

/* Builds, runs and compares run->file. */
void golden_check(golden_run *run);

#endif
