/* The values of a model's parameters that a run file keeps. */
#ifndef DAT_EXPERIMENTS_KEPT_PARAMETERS_H
#define DAT_EXPERIMENTS_KEPT_PARAMETERS_H

#include "core/params.h"
#include "io/run_file.h"

/* Gives registered parameters the run's values, without gradients: those of the least validation loss, or
 * else the last. Refused when the run keeps none (`key` is the config's that makes runs keep them) or when
 * they are other parameters than these. `path` names the run file in messages. */
dat_status kept_parameters_restore(const char *path, const dat_run *run, const char *key, dat_params *params);

#endif
