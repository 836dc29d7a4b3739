/* The weights of a checkpoint folder: `model.safetensors`, or the files that `model.safetensors.index.json`
 * assigns the tensors to. They belong to the parameters of the same names; tied parameters may be stored
 * under any of their names. */
#ifndef DAT_IO_WEIGHTS_H
#define DAT_IO_WEIGHTS_H

#include "core/params.h"
#include "io/safetensors.h"

/* Gives all parameters the values of a folder's weights. Refused, with their names, are tensors that are no
 * parameter, have another shape than theirs or contradict another name of theirs, and parameters without a
 * tensor; nothing has changed then. Parameters that are not allocated yet are allocated after that check,
 * without gradients. Little more than the parameters is in memory at any time. */
dat_status dat_weights_load(const char *folder, dat_params *params);

/* Writes all parameters as `model.safetensors`, tied ones once, under the first of their names by alphabet,
 * as the reference's checkpoints are. Values are rounded to `type`; those that it cannot hold are refused. */
dat_status dat_weights_save(const char *folder, const dat_params *params, dat_float_type type);

#endif
