/* The header of a .npy array: "\x93NUMPY", a version, the length of the text, and the text itself, a Python
 * literal such as {'descr': '<i8', 'fortran_order': False, 'shape': (5000, 1), }. Failures do not name the
 * file; the caller does. */
#ifndef DAT_IO_NPY_HEADER_H
#define DAT_IO_NPY_HEADER_H

#include "io/npz.h"

enum {
    DAT_NPY_PREFIX_MIN = 10,    /* bytes before the text in version 1.0 */
    DAT_NPY_PREFIX_MAX = 12,    /* in versions 2.0 and 3.0 */
    DAT_NPY_HEADER_MAX = 65536, /* longest text that is read */
};

typedef struct dat_npy_header {
    dat_npz_shape shape;
    int64_t count; /* product of the shape, at most 2^31 */
    int item_size; /* 1, 2, 4 or 8 bytes */
    bool is_signed;
    bool big_endian;
} dat_npy_header;

/* The length of the prefix, from its first DAT_NPY_PREFIX_MIN bytes: checks magic and version. */
dat_status dat_npy_prefix_size(const unsigned char *prefix, int64_t *size);

/* The length of the text, from the whole prefix, in an array file of `file_size` bytes. */
dat_status dat_npy_text_size(const unsigned char *prefix, int64_t file_size, int64_t *size);

/* Parses the text (not terminated). */
dat_status dat_npy_header_parse(const char *text, int64_t size, dat_npy_header *header);

#endif
