/* The header of a safetensors file. */
#ifndef DAT_IO_SAFETENSORS_HEADER_H
#define DAT_IO_SAFETENSORS_HEADER_H

#include "io/safetensors.h"

enum { DAT_SAFETENSORS_LENGTH_SIZE = 8 }; /* of the number before the header */

/* Reads and checks the header of an open map into file->tensors. On error the caller closes the file. */
dat_status dat_safetensors_read_header(dat_safetensors *file);

#endif
