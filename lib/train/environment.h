/* Where results come from: the build and the machine, as facts of a run. */
#ifndef DAT_TRAIN_ENVIRONMENT_H
#define DAT_TRAIN_ENVIRONMENT_H

#include "io/run_file.h"

/* Sets the environment facts of a run that this process trains: version, commit, build_type, flags, native,
 * compiler, cpu, os, blas, hdf5, libyaml, and the numbers cores and threads. Replaces those of an earlier
 * session. */
void dat_record_environment(dat_run *run);

/* Processors that this process may use; starts no threads. */
int dat_count_cores(void);

/* "0.1.0 (commit 1234abcd, Release)" */
const char *dat_version(void);

#endif
