/* The seal of a run file: its first 512 bytes, which HDF5 skips as a "user block". Text lines give the file's
 * size and the XXH3 hash of all that follows, so that a truncated or damaged file is refused before HDF5,
 * which trusts what it parses, sees it. */
#ifndef DAT_IO_RUN_FILE_SEAL_H
#define DAT_IO_RUN_FILE_SEAL_H

#include <stddef.h>

#include "util/status.h"

enum { DAT_RUN_SEAL_SIZE = 512 };

/* Fills the seal of a file whose `size` other bytes are `body`. */
void dat_run_seal(const void *body, size_t size, char seal[DAT_RUN_SEAL_SIZE]);

/* Reads a whole file, seal included, and checks its seal. The caller releases `*bytes` with free(). */
dat_status dat_run_unseal(const char *path, unsigned char **bytes, size_t *size);

#endif
