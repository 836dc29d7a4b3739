/* "--set section.key=value" from the command line. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_OVERRIDES_H
#define DAT_IO_CONFIG_OVERRIDES_H

#include "io/config_schema.h"
#include "io/config_sweep.h"

typedef struct dat_override {
    char *origin; /* "--set section.key" */
    dat_schema_target target;
    dat_yaml_node value;
    bool is_axis; /* the sweep has it */
} dat_override;

/* Start with {0}; release with dat_overrides_free. */
typedef struct dat_overrides {
    dat_override *items;
    int64_t count;
} dat_overrides;

/* Reads `count` texts KEY=VALUE, the value as YAML; of two for the same key the later one stays. */
dat_status dat_overrides_read(const dat_schema *schema, const char *const *texts, int count,
                              dat_overrides *overrides);

/* Makes sweep axes of the overrides that name one or give a list; the sweep then borrows from them. */
dat_status dat_overrides_move_axes(dat_overrides *overrides, const dat_schema *schema, dat_sweep *sweep);

/* Applies those that are no axes. */
dat_status dat_overrides_apply(const dat_overrides *overrides, dat_values *values);

void dat_overrides_free(dat_overrides *overrides);

#endif
