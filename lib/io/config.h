/* Experiment configs: YAML text checked against a schema, as plain C structs.
 *
 * A schema is one table per struct; it drives YAML, --set, --help, range checks and the resolved text that is
 * stored with the results. A file may start from another (`inherit: base.yaml`), carry named overlays
 * (`quick:`, `medium:`, chosen by --preset) and list alternatives under `sweep:`, whose cartesian product is
 * the runs:
 *
 *     inherit: base.yaml
 *     data: {task: same}
 *     sweep:
 *       model:                       # an axis of mappings: each is merged into the section
 *         - {name: "DAT(1,1)", n_heads_sa: 1, n_heads_ra: 1}
 *         - {name: "T(2)", n_heads_sa: 2, n_heads_ra: 0}
 *       data.train_size: [250, 500]  # an axis of values
 *       seed: [0, 1]
 *     quick: {train: {epochs: 10}, sweep: {seed: [0]}}
 *
 * Order of precedence: schema default < inherited file < file < overlay < sweep axis < --set. */
#ifndef DAT_IO_CONFIG_H
#define DAT_IO_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/status.h"

typedef enum dat_field_type {
    DAT_FIELD_INT,     /* int64_t */
    DAT_FIELD_REAL,    /* double */
    DAT_FIELD_BOOL,    /* bool */
    DAT_FIELD_CHOICE,  /* int: index into choices */
    DAT_FIELD_TEXT,    /* char[DAT_TEXT_SIZE] */
    DAT_FIELD_SECTION, /* a nested struct with a schema of its own */
} dat_field_type;

enum { DAT_TEXT_SIZE = 256 };

typedef struct dat_schema dat_schema;

typedef struct dat_field {
    const char *key; /* NULL ends the table */
    dat_field_type type;
    size_t offset;              /* offsetof in the struct */
    const char *fallback;       /* the default as YAML text; NULL: the key is required */
    double minimum, maximum;    /* inclusive range of INT and REAL; both 0: any */
    const char *const *choices; /* of CHOICE, ends with NULL */
    const dat_schema *section;  /* of SECTION */
    const char *help;           /* one line */
} dat_field;

struct dat_schema {
    size_t size;             /* sizeof the struct */
    const dat_field *fields; /* ends with a NULL key */
};

/* One run of a (possibly swept) config. */
typedef struct dat_run_config {
    void *values;     /* the schema's struct, filled */
    char *resolved;   /* every key with its value as YAML text, in schema order: the same for the same run */
    char *label;      /* "data.task=same model.name=DAT(1,1) ...": what the sweep chose; "" without one */
    char run_id[128]; /* "<slug of the sweep's choices>-<8 hex digits of XXH3 of `resolved`>" */
} dat_run_config;

/* All runs of a config file, in the sweep's order (the last axis varies fastest). */
typedef struct dat_config {
    char *path;
    char *source; /* the file's text, for the record */
    int64_t n_runs;
    dat_run_config *runs;
} dat_config;

/* Reads and checks a config file. `preset` names an overlay or is NULL; `overrides` are "section.key=value"
 * texts from the command line. One that names a sweep axis replaces it, by one value or a list; one of a key
 * that mappings of an axis set selects those that have its value. Errors are DAT_CODE_USAGE, say
 * file:line:column and for an unknown key the nearest valid one. On success the caller releases `config` with
 * dat_config_free; on error it is empty. */
dat_status dat_config_load(const char *path, const dat_schema *schema, const char *preset,
                           const char *const *overrides, int n_overrides, dat_config *config);

/* Values as resolved text (as in dat_run_config.resolved); the caller frees it. */
char *dat_config_resolve(const dat_schema *schema, const void *values);

/* Fills `values` from resolved text (as in dat_run_config.resolved) without file, sweep or preset. */
dat_status dat_config_parse_resolved(const char *resolved, const dat_schema *schema, void *values);

/* Releases everything in a config; harmless on a zeroed one. */
void dat_config_free(dat_config *config);

/* Prints every key with type, default, range or choices and help line, sections indented. */
void dat_schema_print(const dat_schema *schema, FILE *stream);

#endif
