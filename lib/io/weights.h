/* The weights of a checkpoint folder: `model.safetensors`, or the files that `model.safetensors.index.json`
 * assigns the tensors to. They belong to the parameters of the same names; tied parameters may be stored
 * under any of their names. */
#ifndef DAT_IO_WEIGHTS_H
#define DAT_IO_WEIGHTS_H

#include "core/params.h"
#include "io/safetensors.h"

typedef struct dat_weights {
    char *folder;           /* owned, for messages */
    dat_safetensors *files; /* [n_files], owned */
    int64_t n_files;
} dat_weights;

/* Opens the files of a folder. On error `weights` is empty. Release with dat_weights_close. */
dat_status dat_weights_open(const char *folder, dat_weights *weights);

/* Harmless on an empty one. */
void dat_weights_close(dat_weights *weights);

/* Refuses, with their names, tensors that are no parameter, have another shape than theirs or contradict
 * another name of theirs, and parameters without a tensor. The parameters need not be allocated yet. */
dat_status dat_weights_check(const dat_weights *weights, const dat_params *params);

/* Copies the values, which must have passed that check, into allocated parameters. */
void dat_weights_copy(const dat_weights *weights, dat_params *params);

/* Writes all parameters as `model.safetensors` (F32), tied ones once, under the first of their names by
 * alphabet, as the reference's checkpoints are. */
dat_status dat_weights_save(const char *folder, const dat_params *params);

#endif
