/* The axes of a sweep and their cartesian product. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_SWEEP_H
#define DAT_IO_CONFIG_SWEEP_H

#include "io/config_schema.h"

/* More runs than this are a mistake in the config. */
enum { DAT_MAX_RUNS = 100000 };

/* One key (or section) and the alternatives it takes in turn. */
typedef struct dat_axis {
    dat_schema_target target;
    const dat_yaml_node *place;   /* where the axis is written, for messages */
    const dat_yaml_node *entries; /* `count` values, or mappings of the section's keys; borrowed */
    int64_t count;
} dat_axis;

/* Start with {0}; release with dat_sweep_free. */
typedef struct dat_sweep {
    dat_axis *axes; /* the last one varies fastest */
    int64_t count;
} dat_sweep;

/* Adds the axes of a `sweep:` mapping; an axis named before is replaced in its place. */
dat_status dat_sweep_merge(dat_sweep *sweep, const dat_schema *schema, const dat_yaml_node *mapping);

/* Adds or replaces one axis after checking its entries: at least one, valid for the key, all different. */
dat_status dat_sweep_set(dat_sweep *sweep, const dat_schema *schema, const dat_axis *axis);

/* The axis of exactly this path, or NULL. */
dat_axis *dat_sweep_find(const dat_sweep *sweep, const char *path);

/* The axis of mappings of which at least one sets the scalar key, or NULL. */
dat_axis *dat_sweep_find_setter(const dat_sweep *sweep, const dat_schema *schema,
                                const dat_schema_target *scalar);

/* Refuses two axes that set the same key: the later would undo the earlier. */
dat_status dat_sweep_check_disjoint(const dat_sweep *sweep, const dat_schema *schema);

/* The number of runs, 1 without axes; more than DAT_MAX_RUNS are refused with `origin` in front. */
dat_status dat_sweep_size(const dat_sweep *sweep, const char *origin, int64_t *n_runs);

/* Applies the choices of one run of the product. */
dat_status dat_sweep_apply(const dat_sweep *sweep, int64_t run, dat_values *values);

/* The scalar keys that tell a run of the sweep from the others, in the sweep's order: the axis's key; of a
 * mapping its `name`, or else all its keys. The caller frees the array. */
dat_schema_target *dat_sweep_choices(const dat_sweep *sweep, int64_t run, int64_t *count);

void dat_sweep_free(dat_sweep *sweep);

/* For each of `count` hashes the index of the first equal one (its own if it is the first) into `first`. */
void dat_find_repeats(const uint64_t *hashes, int64_t count, int64_t *first);

#endif
