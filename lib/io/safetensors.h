/* Files of named tensors in the safetensors format of Hugging Face. All numbers are little-endian:
 *
 *     uint64   length of the header
 *     header   JSON: {name: {"dtype": ..., "shape": [...], "data_offsets": [start, end]}, ...}, and under
 *              "__metadata__" texts by name; may be padded with blanks
 *     data     the tensors' values, one after another without gaps
 *
 * F32, BF16 and F16 are understood, tensors of at most DAT_MAX_RANK axes. Everything in the header is checked
 * before it is used. */
#ifndef DAT_IO_SAFETENSORS_H
#define DAT_IO_SAFETENSORS_H

#include <stdbool.h>

#include "core/tensor.h"
#include "io/file_map.h"

typedef enum dat_float_type { DAT_FLOAT32, DAT_BFLOAT16, DAT_FLOAT16 } dat_float_type;

/* "F32", "BF16", "F16"; ends with NULL. */
extern const char *const dat_float_type_names[];

/* A tensor in an open file. */
typedef struct dat_stored_tensor {
    char *name;
    dat_float_type type;
    int rank;
    int64_t shape[DAT_MAX_RANK]; /* shape[rank..] is 1 */
    int64_t count;               /* of values */
    int64_t size;                /* in bytes */
    const unsigned char *bytes;  /* in the map */
} dat_stored_tensor;

typedef struct dat_safetensors {
    dat_file_map map;
    dat_stored_tensor *tensors; /* [count], in the order of their bytes; owned, with their names */
    int64_t count;
} dat_safetensors;

/* Maps a file and reads its header. On error `file` is empty. Release with dat_safetensors_close. */
dat_status dat_safetensors_open(const char *path, dat_safetensors *file);

/* Harmless on an empty one. */
void dat_safetensors_close(dat_safetensors *file);

/* The tensor called `name`, or NULL. */
const dat_stored_tensor *dat_safetensors_find(const dat_safetensors *file, const char *name);

/* Copies a tensor's values as dat_real to `values`, which has room for tensor->count. What was read does not
 * stay in memory, so that no more than a small part of the file is there at a time. */
void dat_stored_tensor_copy(const dat_stored_tensor *tensor, dat_real *values);

/* Whether two tensors have the same type and bytes. */
bool dat_stored_tensor_equal(const dat_stored_tensor *a, const dat_stored_tensor *b);

/* Bytes of a value. */
int64_t dat_float_type_size(dat_float_type type);

/* Writes a file of tensors of one type, sorted by name; values are rounded to the nearest, to even in the
 * middle. Names must be distinct. Refused are finite values that the type has not, being too large. The file
 * is replaced in one step. */
dat_status dat_safetensors_write(const char *path, dat_float_type type, const dat_tensor *const *tensors,
                                 int64_t count);

#endif
