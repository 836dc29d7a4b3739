/* A schema at work: finding keys, filling a struct from YAML nodes layer by layer, printing it back.
 * Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_SCHEMA_H
#define DAT_IO_CONFIG_SCHEMA_H

#include "io/config.h"
#include "io/config_tree.h"

/* Sizes with the final NUL: a dotted path; any scalar value as text; what a field expects, in words. */
enum { DAT_PATH_SIZE = 128, DAT_VALUE_SIZE = DAT_TEXT_SIZE, DAT_EXPECTED_SIZE = 256 };

/* A key of a schema, seen from the root: "train.epochs". */
typedef struct dat_schema_target {
    char path[DAT_PATH_SIZE];  /* "" for the root */
    const dat_field *field;    /* NULL for the root */
    const dat_schema *section; /* of the root and of sections; NULL for a scalar */
    size_t offset;             /* from the start of the root's struct */
} dat_schema_target;

/* A struct being filled: layers are applied one after another, and the later one wins. */
typedef struct dat_values {
    size_t size;
    char *bytes; /* the schema's struct */
    bool *given; /* by offset of a scalar field: whether a default or a layer gave it a value */
} dat_values;

/* Zeroed values of a schema; the caller releases them with dat_values_free. */
dat_values dat_values_new(const dat_schema *schema);
void dat_values_copy(const dat_values *from, dat_values *to);
void dat_values_free(dat_values *values);

/* The whole schema, and one of a section's fields. */
dat_schema_target dat_schema_root(const dat_schema *schema);
dat_schema_target dat_schema_child(const dat_schema_target *section, const dat_field *field);

/* Finds the key that the text of `key` names in `section`. For an unknown one the error, placed at `key`,
 * suggests the nearest of the section's keys and the words `also` (ends with NULL; or NULL). */
dat_status dat_schema_find(const dat_schema_target *section, const dat_yaml_node *key,
                           const char *const *also, dat_schema_target *target);

/* Finds a dotted path from the root; errors are placed at `at`. */
dat_status dat_schema_find_path(const dat_schema *schema, const char *path, const dat_yaml_node *at,
                                dat_schema_target *target);

/* Checks a node against a target and stores it: a scalar, or a mapping of a section's keys. */
dat_status dat_schema_apply(const dat_schema_target *target, const dat_yaml_node *node, dat_values *values);

/* Stores every default of a section. */
dat_status dat_schema_apply_defaults(const dat_schema_target *section, dat_values *values);

/* An error that starts with `origin` when a key of the section has no value yet. */
dat_status dat_schema_require(const dat_schema_target *section, const dat_values *values, const char *origin);

/* What a field accepts, "an integer from 1 to 10". */
void dat_field_expected(const dat_field *field, char expected[DAT_EXPECTED_SIZE]);

/* The canonical text of a scalar's value in the root's struct; numbers are the shortest that read back the
 * same. */
void dat_schema_format(const dat_schema_target *scalar, const char *bytes, char value[DAT_VALUE_SIZE]);

/* All values as canonical YAML, in schema order; the caller frees the text. */
char *dat_schema_resolve(const dat_schema *schema, const char *bytes);

#endif
