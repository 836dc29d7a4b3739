/* Language models in run files of language_modeling. */
#ifndef DAT_EXPERIMENTS_CHECKPOINT_RUN_H
#define DAT_EXPERIMENTS_CHECKPOINT_RUN_H

#include "checkpoint.h"

/* Reads the model of a run that keeps its parameters, and its tokenizer unless there is one already. The
 * caller closes the checkpoint whatever the result. */
dat_status checkpoint_read_run(const char *path, checkpoint *c);

/* Writes a run file that checkpoint_read_run reads as the same model and tokenizer: a complete run without
 * training. Refused for a model that no config of language_modeling describes; `source` is where the model
 * comes from. */
dat_status checkpoint_write_run(const char *path, const checkpoint *c, const char *source);

#endif
