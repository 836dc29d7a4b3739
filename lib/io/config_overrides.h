/* "--set section.key=value" from the command line. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_OVERRIDES_H
#define DAT_IO_CONFIG_OVERRIDES_H

#include "io/config_schema.h"
#include "io/config_sweep.h"

typedef struct dat_override {
    char *origin; /* "--set section.key" */
    dat_schema_target target;
    dat_yaml_node value;
    bool in_sweep;           /* the sweep has it */
    dat_yaml_node *selected; /* those entries of an axis of mappings that have the value: shallow copies in an
                                owned array; NULL when there is no such axis */
} dat_override;

/* Start with {0}; release with dat_overrides_free. */
typedef struct dat_overrides {
    dat_override *items;
    int64_t count;
} dat_overrides;

/* Reads `count` texts KEY=VALUE, the value as YAML; of two for the same key the later one stays. */
dat_status dat_overrides_read(const dat_schema *schema, const char *const *texts, int count,
                              dat_overrides *overrides);

/* Brings those into the sweep that concern it, which then borrows from them. One that names an axis or gives
 * a list is an axis. One of a key that mappings of an axis set selects the mappings that have its value, or
 * one of its list's; a mapping without the key has the value of `below`, the layers below the sweep. A value
 * that no mapping has is refused. */
dat_status dat_overrides_join_sweep(dat_overrides *overrides, const dat_schema *schema,
                                    const dat_values *below, dat_sweep *sweep);

/* Applies those that the sweep does not have. */
dat_status dat_overrides_apply(const dat_overrides *overrides, dat_values *values);

void dat_overrides_free(dat_overrides *overrides);

#endif
