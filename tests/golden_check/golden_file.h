/* One file of reference data: a module's arguments, parameters, inputs, outputs and gradients (the format is
 * in tests/golden/README.md). */
#ifndef TESTS_GOLDEN_CHECK_GOLDEN_FILE_H
#define TESTS_GOLDEN_CHECK_GOLDEN_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

enum { GOLDEN_MAX_RANK = 6 };

/* A stored array. Values are widened to double, which holds every stored type exactly. */
typedef struct golden_array {
    char *name; /* inside its group */
    int rank;
    int64_t shape[GOLDEN_MAX_RANK];
    int64_t count;
    double *values;
} golden_array;

typedef struct golden_group {
    golden_array *items; /* by name */
    int64_t count;
} golden_group;

typedef struct golden_file {
    json_t *config;     /* module, source and all arguments */
    json_t *tied;       /* {alias: stored key} */
    json_t *unused;     /* list of keys that the output does not depend on */
    json_t *zero_grads; /* list of keys whose gradient vanishes identically */
    golden_group inputs, params, buffers, outputs, param_grads, input_grads, final_params;
} golden_file;

/* Reads everything. Fails on a file that is not HDF5, has no config, or holds data of another kind. The
 * caller frees the file whatever the result. */
dat_status golden_file_read(golden_file *file, const char *path);

void golden_file_free(golden_file *file);

/* The array called `name`, or NULL. */
const golden_array *golden_find(const golden_group *group, const char *name);

/* A string member of the config, or "" when there is none. */
const char *golden_config_text(const golden_file *file, const char *key);

/* Whether the JSON list holds the string. */
bool golden_list_has(const json_t *list, const char *text);

#endif
