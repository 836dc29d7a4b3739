/* HDF5 files in memory. HDF5 meets a full disk late, in a flush or a close, and gives no errno for it; so it
 * builds files in memory, and plain system calls bring the bytes to disk and back. */
#ifndef DAT_IO_HDF5_IMAGE_H
#define DAT_IO_HDF5_IMAGE_H

#include <hdf5.h>
#include <stddef.h>

#include "util/status.h"

/* An empty file in memory, in the format of HDF5 1.8 (any reader knows it, metadata has checksums), which
 * begins with `userblock` bytes that are not HDF5's (0, or a power of two from 512). The caller closes it
 * with dat_hdf5_close, which closes everything in it. */
dat_status dat_hdf5_create_image(size_t userblock, hid_t *file);

/* The bytes of a file made by dat_hdf5_create_image, complete and final: what is written later is not in
 * them. They belong to the file and are gone when it is closed. */
dat_status dat_hdf5_image_bytes(hid_t file, size_t userblock, const unsigned char **bytes, size_t *size);

/* Opens the bytes of a file for reading, in place: they must live, unchanged, until the file is closed. */
dat_status dat_hdf5_open_image(void *bytes, size_t size, hid_t *file);

#endif
