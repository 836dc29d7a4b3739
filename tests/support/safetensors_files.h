/* Makes safetensors files, good and bad, byte by byte. */
#ifndef TESTS_SUPPORT_SAFETENSORS_FILES_H
#define TESTS_SUPPORT_SAFETENSORS_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "io/safetensors.h"

/* Writes the length `length` as 8 bytes, the header's text as it is, and `data_size` bytes of data: `data`,
 * or zeros when it is NULL. */
void safetensors_write_parts(const char *path, uint64_t length, const char *header, const void *data,
                             size_t data_size);

/* The same with the header's own length. */
void safetensors_write(const char *path, const char *header, const void *data, size_t data_size);

/* Opens a file, which must be a good one. Release with dat_safetensors_close. */
dat_safetensors safetensors_open_good(const char *path);

#endif
