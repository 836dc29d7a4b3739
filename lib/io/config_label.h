/* Names of runs, from what the sweep chose for them. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_LABEL_H
#define DAT_IO_CONFIG_LABEL_H

#include "io/config_schema.h"

/* Longest slug with the final NUL. */
enum { DAT_SLUG_SIZE = 91 };

/* "data.task=same model.name=DAT(1,1)": the chosen keys and their values; "" without any. The caller frees
 * it. */
char *dat_run_label(const dat_schema_target *choices, int64_t count, const char *bytes);

/* "dat-1-1_same_train_size-250_s0": the chosen values in [a-z0-9_.-], numbers after their key, cut where they
 * get too long; without any the stem of the config file's name. */
void dat_run_slug(const dat_schema_target *choices, int64_t count, const char *bytes, const char *path,
                  char slug[DAT_SLUG_SIZE]);

#endif
