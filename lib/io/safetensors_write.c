#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "io/file_replace.h"
#include "io/safetensors_header.h"
#include "util/little_endian.h"
#include "util/memory.h"

/* The header is padded to a multiple of this, so that data is aligned. */
enum { ALIGNMENT = 8, CHUNK = 1 << 14 };

typedef struct contents {
    const dat_tensor **tensors; /* by name */
    int64_t count;
    char *header; /* with its padding; not terminated */
    size_t header_size;
} contents;

static int compare_names(const void *a, const void *b)
{
    const dat_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static json_t *describe(const dat_tensor *tensor, int64_t start)
{
    json_t *shape = json_array();
    for (int axis = 0; axis < tensor->rank; axis++)
        json_array_append_new(shape, json_integer(tensor->shape[axis]));
    int64_t end = start + dat_count(tensor) * (int64_t)sizeof(float);
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dat_float_type_names[DAT_FLOAT32], "shape", shape,
                     "data_offsets", (json_int_t)start, (json_int_t)end);
}

static void make_header(contents *c)
{
    int64_t start = 0;
    /* What PyTorch's readers look for. */
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    for (int64_t i = 0; i < c->count; i++) {
        json_object_set_new(header, c->tensors[i]->name, describe(c->tensors[i], start));
        start += dat_count(c->tensors[i]) * (int64_t)sizeof(float);
    }
    char *text = json_dumps(header, JSON_COMPACT);
    DAT_ASSERT(text && json_object_size(header) == (size_t)c->count + 1); /* else a name is there twice */
    json_decref(header);
    size_t length = strlen(text);
    c->header_size = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    c->header = dat_reallocate(text, c->header_size, 1);
    memset(c->header + length, ' ', c->header_size - length);
}

static void write_values(dat_file_sink *sink, const dat_tensor *tensor)
{
    unsigned char bytes[CHUNK * sizeof(float)];
    int64_t total = dat_count(tensor);
    for (int64_t start = 0; start < total; start += CHUNK) {
        int64_t count = total - start < CHUNK ? total - start : CHUNK;
        for (int64_t i = 0; i < count; i++) {
            float value = (float)tensor->data[start + i];
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            dat_write_le(bytes + 4 * i, 4, bits);
        }
        dat_file_sink_write(sink, bytes, (size_t)count * sizeof(float));
    }
}

static void write_contents(dat_file_sink *sink, const void *context)
{
    const contents *c = context;
    unsigned char length[DAT_SAFETENSORS_LENGTH_SIZE];
    dat_write_le(length, DAT_SAFETENSORS_LENGTH_SIZE, c->header_size);
    dat_file_sink_write(sink, length, sizeof length);
    dat_file_sink_write(sink, c->header, c->header_size);
    for (int64_t i = 0; i < c->count; i++)
        write_values(sink, c->tensors[i]);
}

dat_status dat_safetensors_write(const char *path, const dat_tensor *const *tensors, int64_t count)
{
    contents c = {.count = count, .tensors = dat_allocate((size_t)count + 1, sizeof c.tensors[0])};
    memcpy(c.tensors, tensors, (size_t)count * sizeof tensors[0]);
    qsort(c.tensors, (size_t)count, sizeof c.tensors[0], compare_names);
    make_header(&c);
    dat_status status = dat_file_replace_by(path, write_contents, &c);
    free(c.tensors);
    free(c.header);
    return status;
}
