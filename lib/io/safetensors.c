#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/safetensors_header.h"
#include "util/little_endian.h"

const char *const dat_float_type_names[] = {"F32", "BF16", "F16", NULL};

int64_t dat_float_type_size(dat_float_type type)
{
    return type == DAT_FLOAT32 ? 4 : 2;
}

/* Values copied at a time: what is in memory of the file. */
enum { CHUNK = 1 << 18 };

dat_status dat_safetensors_open(const char *path, dat_safetensors *file)
{
    *file = (dat_safetensors){0};
    DAT_TRY(dat_file_map_open(path, &file->map));
    dat_status status = dat_safetensors_read_header(file);
    if (status.code != DAT_CODE_OK)
        dat_safetensors_close(file);
    return dat_status_prefix(status, "%.200s", path);
}

void dat_safetensors_close(dat_safetensors *file)
{
    for (int64_t i = 0; i < file->count; i++)
        free(file->tensors[i].name);
    free(file->tensors);
    dat_file_map_close(&file->map);
    *file = (dat_safetensors){0};
}

const dat_stored_tensor *dat_safetensors_find(const dat_safetensors *file, const char *name)
{
    for (int64_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 half precision: 1 sign bit, 5 of the exponent (bias 15), 10 of the fraction. */
static float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0) /* subnormal: fraction * 2^-24 */
        return (sign ? -1.0F : 1.0F) * (float)fraction * 0x1p-24F;
    if (exponent == 31) /* infinite, or not a number */
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

static void convert(dat_float_type type, const unsigned char *bytes, int64_t count, dat_real *values)
{
    switch (type) {
    case DAT_FLOAT32:
        for (int64_t i = 0; i < count; i++)
            values[i] = (dat_real)float_of_bits(dat_read_le32(bytes + 4 * i));
        break;
    case DAT_BFLOAT16: /* the upper half of a float */
        for (int64_t i = 0; i < count; i++)
            values[i] = (dat_real)float_of_bits(dat_read_le16(bytes + 2 * i) << 16);
        break;
    case DAT_FLOAT16:
        for (int64_t i = 0; i < count; i++)
            values[i] = (dat_real)float_of_half(dat_read_le16(bytes + 2 * i));
        break;
    }
}

/* Gives the pages from the one of `bytes` back to the system; who looks at them again gets them from the
 * file.
 */
static void release_pages(const unsigned char *bytes, int64_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), skipped = (uintptr_t)bytes % page;
    if (size > 0) /* advice only: nothing is wrong when it fails */
        madvise((void *)(bytes - skipped), (size_t)size + skipped, MADV_DONTNEED);
}

void dat_stored_tensor_copy(const dat_stored_tensor *tensor, dat_real *values)
{
    int64_t width = tensor->count > 0 ? tensor->size / tensor->count : 0;
    for (int64_t start = 0; start < tensor->count; start += CHUNK) {
        int64_t count = tensor->count - start < CHUNK ? tensor->count - start : CHUNK;
        const unsigned char *bytes = tensor->bytes + start * width;
        convert(tensor->type, bytes, count, values + start);
        release_pages(bytes, count * width);
    }
}

bool dat_stored_tensor_equal(const dat_stored_tensor *a, const dat_stored_tensor *b)
{
    if (a->type != b->type || a->size != b->size)
        return false;
    bool equal = memcmp(a->bytes, b->bytes, (size_t)a->size) == 0;
    release_pages(a->bytes, a->size);
    release_pages(b->bytes, b->size);
    return equal;
}
