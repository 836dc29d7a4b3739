/* The part of HDF5 that run files use, with a dat_status for an error: groups, scalar attributes and
 * one-dimensional datasets. Numbers are stored little-endian, texts as variable-length UTF-8. HDF5 is not
 * thread-safe: one thread at a time, in all of these. */
#ifndef DAT_IO_HDF5_UTIL_H
#define DAT_IO_HDF5_UTIL_H

#include <hdf5.h>
#include <stdint.h>

#include "util/status.h"

/* HDF5 prints its errors to stderr unless told otherwise; between begin and end it does not. */
typedef struct dat_hdf5_quiet {
    H5E_auto2_t print;
    void *context;
} dat_hdf5_quiet;

void dat_hdf5_quiet_begin(dat_hdf5_quiet *saved);
void dat_hdf5_quiet_end(const dat_hdf5_quiet *saved);

/* A failure "<message>: <innermost description of HDF5's current error>". */
dat_status dat_hdf5_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Closes an identifier of any kind; harmless on a negative one. */
void dat_hdf5_close(hid_t id);

/* Properties of a group or file so that the same content gives the same bytes and attributes keep their
 * order. */
herr_t dat_hdf5_set_group_creation(hid_t properties);

/* Creates a group that does not exist yet. The caller closes it. */
dat_status dat_hdf5_create_group(hid_t parent, const char *name, hid_t *group);

/* Opens a group; -1 with DAT_OK when there is none of that name. The caller closes it. */
dat_status dat_hdf5_open_group(hid_t parent, const char *name, hid_t *group);

/* Adds a scalar attribute to an object. */
dat_status dat_hdf5_write_text(hid_t object, const char *name, const char *text);
dat_status dat_hdf5_write_integer(hid_t object, const char *name, int64_t value);
dat_status dat_hdf5_write_real(hid_t object, const char *name, double value);

bool dat_hdf5_has_attribute(hid_t object, const char *name);
bool dat_hdf5_is_text(hid_t object, const char *name);

/* Reads a scalar attribute of exactly that type. The caller releases the text with free(); NULL on error. */
dat_status dat_hdf5_read_text(hid_t object, const char *name, char **text);
dat_status dat_hdf5_read_integer(hid_t object, const char *name, int64_t *value);
dat_status dat_hdf5_read_real(hid_t object, const char *name, double *value);

/* Writes `count` values as a one-dimensional dataset, creating the groups of its path. An extendible one is
 * chunked and may be grown by others. */
dat_status dat_hdf5_write_array(hid_t parent, const char *path, hid_t file_type, hid_t memory_type,
                                const void *values, int64_t count, bool extendible);

/* Reads a one-dimensional dataset of exactly `file_type` if it takes at most `limit` bytes in memory.
 * Datasets that need more than their own file (filters, links, external or virtual storage) are refused, so
 * that `limit` may be the file's size. The caller releases `*values` with free(); NULL on error. */
dat_status dat_hdf5_read_array(hid_t parent, const char *path, hid_t file_type, hid_t memory_type,
                               size_t limit, void **values, int64_t *count);

#endif
