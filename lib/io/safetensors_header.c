#include "io/safetensors_header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "util/little_endian.h"
#include "util/memory.h"

/* The limit of the format's own library. */
enum { MAX_HEADER = 100 * 1000 * 1000 };

static const char METADATA[] = "__metadata__";

static dat_status check_metadata(const json_t *metadata)
{
    const char *key;
    json_t *value;
    if (metadata && !json_is_object(metadata))
        return dat_failure("\"%s\" is no JSON object", METADATA);
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (!json_is_string(value))
            return dat_failure("\"%.60s\" of \"%s\" is no text", key, METADATA);
    }
    return DAT_OK;
}

/* Lengths of axes, none negative, and their product, small enough for a size in bytes. */
static bool read_shape(const json_t *shape, dat_stored_tensor *tensor)
{
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > DAT_MAX_RANK)
        return false;
    tensor->rank = (int)rank;
    tensor->count = 1;
    for (size_t axis = 0; axis < DAT_MAX_RANK; axis++) {
        const json_t *item = json_array_get(shape, axis);
        int64_t length = axis < rank ? json_integer_value(item) : 1;
        if (axis < rank && (!json_is_integer(item) || length < 0))
            return false;
        if (length > 0 && tensor->count > INT64_MAX / (int64_t)sizeof(float) / length)
            return false;
        tensor->shape[axis] = length;
        tensor->count *= length;
    }
    return true;
}

/* Where the tensor's bytes are: within `data_size`, as many as type and shape need. */
static bool read_place(const json_t *offsets, const unsigned char *data, int64_t data_size,
                       dat_stored_tensor *tensor)
{
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    int64_t start = json_integer_value(first), end = json_integer_value(last);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return false;
    tensor->size = tensor->count * dat_float_type_size(tensor->type);
    if (start < 0 || end < start || end > data_size || end - start != tensor->size)
        return false;
    tensor->bytes = data + start;
    return true;
}

static dat_status read_tensor(const json_t *entry, const unsigned char *data, int64_t data_size,
                              dat_stored_tensor *tensor)
{
    static const char *const required[] = {"dtype", "shape", "data_offsets", NULL};
    dat_status status = DAT_OK;
    dat_members members;
    dat_members_open(&members, entry, required, tensor->name, &status);
    tensor->type = (dat_float_type)dat_member_choice(&members, "dtype", dat_float_type_names, DAT_FLOAT32);
    const json_t *shape = dat_member_take(&members, "shape");
    const json_t *offsets = dat_member_take(&members, "data_offsets");
    dat_members_close(&members);
    if (status.code != DAT_CODE_OK)
        return status;
    if (!read_shape(shape, tensor))
        return dat_failure("\"shape\" of %.80s is no list of at most %d sizes", tensor->name, DAT_MAX_RANK);
    if (!read_place(offsets, data, data_size, tensor))
        return dat_failure("\"data_offsets\" of %.80s do not hold its %" PRId64 " bytes within the %" PRId64
                           " bytes of data",
                           tensor->name, tensor->size, data_size);
    return DAT_OK;
}

static int compare_places(const void *a, const void *b)
{
    const dat_stored_tensor *left = a, *right = b;
    if (left->bytes != right->bytes)
        return left->bytes < right->bytes ? -1 : 1;
    return left->size < right->size ? -1 : left->size > right->size;
}

/* Every byte must belong to exactly one tensor. */
static dat_status check_places(const dat_safetensors *file, const unsigned char *data, int64_t data_size)
{
    const unsigned char *end = data;
    for (int64_t i = 0; i < file->count; i++) {
        const dat_stored_tensor *tensor = &file->tensors[i];
        if (tensor->bytes != end)
            return dat_failure("%.80s begins at byte %td of the data, expected %td: tensors must neither "
                               "overlap nor leave gaps",
                               tensor->name, tensor->bytes - data, end - data);
        end += tensor->size;
    }
    if (end != data + data_size)
        return dat_failure("has %" PRId64 " bytes of data, expected the %td of its tensors", data_size,
                           end - data);
    return DAT_OK;
}

static dat_status read_tensors(const json_t *header, const unsigned char *data, int64_t data_size,
                               dat_safetensors *file)
{
    const char *name;
    json_t *entry;
    DAT_TRY(check_metadata(json_object_get(header, METADATA)));
    file->tensors = dat_allocate(json_object_size(header), sizeof file->tensors[0]);
    json_object_foreach((json_t *)header, name, entry)
    {
        if (strcmp(name, METADATA) == 0)
            continue;
        dat_stored_tensor *tensor = &file->tensors[file->count++];
        tensor->name = dat_copy_string(name);
        DAT_TRY(read_tensor(entry, data, data_size, tensor));
    }
    qsort(file->tensors, (size_t)file->count, sizeof file->tensors[0], compare_places);
    return check_places(file, data, data_size);
}

dat_status dat_safetensors_read_header(dat_safetensors *file)
{
    const unsigned char *bytes = (const unsigned char *)file->map.bytes;
    json_error_t error;
    int64_t rest = file->map.size - DAT_SAFETENSORS_LENGTH_SIZE;
    uint64_t length = rest >= 0 ? dat_read_le64(bytes) : 0;
    if (rest < 0 || length > (uint64_t)rest || length > MAX_HEADER)
        return dat_failure("has %" PRId64 " bytes and a header of %" PRIu64
                           ", expected a whole header of at most %d bytes; was the file cut short?",
                           file->map.size, length, MAX_HEADER);
    const char *text = file->map.bytes + DAT_SAFETENSORS_LENGTH_SIZE;
    if (length == 0 || text[0] != '{')
        return dat_failure("the header is no JSON object");
    json_t *header = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!header)
        return dat_failure("byte %d of the header: %.200s", error.position, error.text);
    dat_status status =
        read_tensors(header, (const unsigned char *)text + length, rest - (int64_t)length, file);
    json_decref(header);
    return status;
}
