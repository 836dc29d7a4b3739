/* Arrays of small non-negative integers from NumPy archives: a .npz file is a zip archive with one .npy
 * member for each array. Members are decoded as a stream, so that a file whose 64-bit integers would not fit
 * in memory becomes bytes.
 *
 * Understood: stored and deflated members; .npy 1.0, 2.0 and 3.0; bool and integers of 1, 2, 4 and 8 bytes,
 * either byte order; C order; up to four dimensions. Everything else, and every inconsistency between the
 * archive's directory, the array's header and its data, is refused in one sentence that names the file and
 * the member. Sizes are checked before anything is allocated or decoded. */
#ifndef DAT_IO_NPZ_H
#define DAT_IO_NPZ_H

#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

enum {
    DAT_NPZ_MAX_RANK = 4,
    DAT_NPZ_SHAPE_TEXT = 96, /* bytes for dat_npz_shape_text */
};

/* An open archive. */
typedef struct dat_npz dat_npz;

/* The extents of an array; their product is at most 2^31. */
typedef struct dat_npz_shape {
    int rank;
    int64_t size[DAT_NPZ_MAX_RANK]; /* size[rank..] is 1 */
} dat_npz_shape;

/* Opens an archive for reading; on failure *npz is NULL. Release with dat_npz_close. */
dat_status dat_npz_open(const char *path, dat_npz **npz);

/* NULL is allowed. */
void dat_npz_close(dat_npz *npz);

/* The path it was opened with. */
const char *dat_npz_path(const dat_npz *npz);

/* Whether there is an array "member" (the archive's entry member.npy). */
bool dat_npz_has(const dat_npz *npz, const char *member);

/* Reads and checks the header of an array and gives its shape. */
dat_status dat_npz_find(const dat_npz *npz, const char *member, dat_npz_shape *shape);

/* Reads an array as one byte a value, in row-major order, into values[0 .. product of the shape - 1]. Values
 * outside 0..maximum are refused. On failure the contents of `values` are undefined. */
dat_status dat_npz_read_bytes(const dat_npz *npz, const char *member, uint8_t maximum, uint8_t *values);

/* The shape as "(5000, 36, 36, 3)" in `text`, of DAT_NPZ_SHAPE_TEXT bytes; returns `text`. */
const char *dat_npz_shape_text(const dat_npz_shape *shape, char *text);

#endif
