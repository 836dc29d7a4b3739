#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/file_replace.h"
#include "io/safetensors_header.h"
#include "util/little_endian.h"
#include "util/memory.h"

/* The header is padded to a multiple of this, so that data is aligned. */
enum { ALIGNMENT = 8, CHUNK = 1 << 14 };

typedef struct contents {
    dat_float_type type;
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

static uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The upper half of a float. */
static uint32_t bits_of_bfloat(float value)
{
    uint32_t bits = bits_of_float(value);
    return isnan(value) ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* See float_of_half in safetensors.c. */
static uint32_t bits_of_half(float value)
{
    const float overflow = 65520, smallest_normal = 0x1p-14F;
    uint32_t bits = bits_of_float(fabsf(value)), sign = bits_of_float(value) >> 16 & 0x8000;
    if (isnan(value))
        return sign | 0x7e00;
    if (fabsf(value) >= overflow)
        return sign | 0x7c00;
    if (fabsf(value) < smallest_normal) /* subnormal; 1024 is the smallest normal one */
        return sign | (uint32_t)rintf(fabsf(value) * 0x1p24F);
    uint32_t rounded = bits + 0xfff + (bits >> 13 & 1);
    return sign | ((rounded >> 13) - ((127 - 15) << 10));
}

static uint32_t bits_of(dat_float_type type, float value)
{
    switch (type) {
    case DAT_BFLOAT16:
        return bits_of_bfloat(value);
    case DAT_FLOAT16:
        return bits_of_half(value);
    case DAT_FLOAT32:
        break;
    }
    return bits_of_float(value);
}

/* Refuses finite values that become infinite. */
static dat_status check_range(dat_float_type type, const dat_tensor *tensor)
{
    static const uint32_t infinity[] = {
        [DAT_FLOAT32] = 0x7f800000, [DAT_BFLOAT16] = 0x7f80, [DAT_FLOAT16] = 0x7c00};
    int64_t count = dat_count(tensor);
    for (int64_t i = 0; i < count; i++)
        if (isfinite(tensor->data[i]) && bits_of(type, fabsf((float)tensor->data[i])) == infinity[type])
            return dat_failure("%.150s has a value of %g, too large for %s", tensor->name,
                               (double)tensor->data[i], dat_float_type_names[type]);
    return DAT_OK;
}

static json_t *describe(const contents *c, const dat_tensor *tensor, int64_t start)
{
    json_t *shape = json_array();
    for (int axis = 0; axis < tensor->rank; axis++)
        json_array_append_new(shape, json_integer(tensor->shape[axis]));
    int64_t end = start + dat_count(tensor) * dat_float_type_size(c->type);
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dat_float_type_names[c->type], "shape", shape,
                     "data_offsets", (json_int_t)start, (json_int_t)end);
}

static void make_header(contents *c)
{
    int64_t start = 0;
    /* What PyTorch's readers look for. */
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    for (int64_t i = 0; i < c->count; i++) {
        json_object_set_new(header, c->tensors[i]->name, describe(c, c->tensors[i], start));
        start += dat_count(c->tensors[i]) * dat_float_type_size(c->type);
    }
    char *text = json_dumps(header, JSON_COMPACT);
    DAT_ASSERT(text && json_object_size(header) == (size_t)c->count + 1); /* else a name is there twice */
    json_decref(header);
    size_t length = strlen(text);
    c->header_size = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    c->header = dat_reallocate(text, c->header_size, 1);
    memset(c->header + length, ' ', c->header_size - length);
}

static void write_values(dat_file_sink *sink, dat_float_type type, const dat_tensor *tensor)
{
    unsigned char bytes[CHUNK * sizeof(float)];
    int width = (int)dat_float_type_size(type);
    int64_t total = dat_count(tensor);
    for (int64_t start = 0; start < total; start += CHUNK) {
        int64_t count = total - start < CHUNK ? total - start : CHUNK;
        for (int64_t i = 0; i < count; i++)
            dat_write_le(bytes + width * i, width, bits_of(type, (float)tensor->data[start + i]));
        dat_file_sink_write(sink, bytes, (size_t)(count * width));
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
        write_values(sink, c->type, c->tensors[i]);
}

dat_status dat_safetensors_write(const char *path, dat_float_type type, const dat_tensor *const *tensors,
                                 int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        DAT_TRY(dat_status_prefix(check_range(type, tensors[i]), "%.200s", path));
    contents c = {
        .type = type, .count = count, .tensors = dat_allocate((size_t)count + 1, sizeof c.tensors[0])};
    memcpy(c.tensors, tensors, (size_t)count * sizeof tensors[0]);
    qsort(c.tensors, (size_t)count, sizeof c.tensors[0], compare_names);
    make_header(&c);
    dat_status status = dat_file_replace_by(path, write_contents, &c);
    free(c.tensors);
    free(c.header);
    return status;
}
