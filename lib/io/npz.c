/* NumPy archives through libzip: the archive and its members. The .npy header is in npy_header.c. */
#include "io/npz.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "io/npy_header.h"
#include "util/memory.h"

/* Deflate makes at most 258 bytes of 2 bits, which bounds what an honest member can hold. */
enum { MAX_DEFLATE_RATIO = 1032, MAX_MEMBER_NAME = 64 };

struct dat_npz {
    char *path;
    zip_t *archive;
    uint64_t file_size;
};

/* A member being read, just behind its header. */
typedef struct member {
    const dat_npz *npz;
    const char *name;
    zip_file_t *file;
    dat_npy_header header;
} member;

dat_status dat_npz_open(const char *path, dat_npz **npz)
{
    *npz = NULL;
    struct stat info;
    if (stat(path, &info) != 0)
        return dat_failure("%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dat_failure("%s: is not a file, expected an npz archive", path);
    int code = 0;
    zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
    if (!archive) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        dat_status status =
            dat_failure("%s: cannot be read as an npz archive: %s", path, zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    *npz = dat_allocate(1, sizeof **npz);
    **npz = (dat_npz){.path = dat_copy_string(path), .archive = archive, .file_size = (uint64_t)info.st_size};
    return DAT_OK;
}

void dat_npz_close(dat_npz *npz)
{
    if (!npz)
        return;
    zip_discard(npz->archive);
    free(npz->path);
    free(npz);
}

const char *dat_npz_path(const dat_npz *npz)
{
    return npz->path;
}

static zip_int64_t locate(const dat_npz *npz, const char *name)
{
    char entry[MAX_MEMBER_NAME];
    snprintf(entry, sizeof entry, "%s.npy", name);
    return zip_name_locate(npz->archive, entry, 0);
}

bool dat_npz_has(const dat_npz *npz, const char *name)
{
    return locate(npz, name) >= 0;
}

/* Refuses a member whose sizes in the archive's directory cannot be true. */
static dat_status check_entry(const dat_npz *npz, const char *name, const zip_stat_t *entry)
{
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((entry->valid & needed) != needed)
        return dat_failure("%s: the archive does not say how large %s.npy is", npz->path, name);
    if (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE)
        return dat_failure("%s: %s.npy uses compression method %d, expected stored or deflated", npz->path,
                           name, entry->comp_method);
    if (entry->comp_size > npz->file_size)
        return dat_failure("%s: %s.npy claims %" PRIu64 " packed bytes in a file of %" PRIu64
                           "; the file is truncated or damaged",
                           npz->path, name, (uint64_t)entry->comp_size, npz->file_size);
    uint64_t ratio = entry->comp_method == ZIP_CM_STORE ? 1 : MAX_DEFLATE_RATIO;
    if (entry->size / ratio > entry->comp_size)
        return dat_failure("%s: %s.npy claims to unpack to %" PRIu64 " bytes, more than its %" PRIu64
                           " packed bytes can hold; the file is damaged",
                           npz->path, name, (uint64_t)entry->size, (uint64_t)entry->comp_size);
    return DAT_OK;
}

/* Reads exactly `size` bytes. */
static dat_status read_exactly(const member *m, void *bytes, uint64_t size)
{
    zip_int64_t got = zip_fread(m->file, bytes, size);
    if (got < 0)
        return dat_failure("%s: %s.npy is damaged: %s", m->npz->path, m->name, zip_file_strerror(m->file));
    if ((uint64_t)got != size)
        return dat_failure("%s: %s.npy ends early; the file is truncated or damaged", m->npz->path, m->name);
    return DAT_OK;
}

/* Reads the header text; `entry_size` is the member's size. */
static dat_status read_header(member *m, uint64_t entry_size)
{
    unsigned char prefix[DAT_NPY_PREFIX_MAX];
    char text[DAT_NPY_HEADER_MAX];
    int64_t prefix_size, text_size;
    if (entry_size < DAT_NPY_PREFIX_MAX)
        return dat_failure("%s: %s.npy has %" PRIu64 " bytes, too few for an array", m->npz->path, m->name,
                           entry_size);
    DAT_TRY(read_exactly(m, prefix, DAT_NPY_PREFIX_MIN));
    dat_status status = dat_npy_prefix_size(prefix, &prefix_size);
    if (status.code == DAT_CODE_OK) {
        DAT_TRY(read_exactly(m, prefix + DAT_NPY_PREFIX_MIN, (uint64_t)(prefix_size - DAT_NPY_PREFIX_MIN)));
        status = dat_npy_text_size(prefix, (int64_t)entry_size, &text_size);
    }
    if (status.code == DAT_CODE_OK) {
        DAT_TRY(read_exactly(m, text, (uint64_t)text_size));
        status = dat_npy_header_parse(text, text_size, &m->header);
    }
    if (status.code != DAT_CODE_OK)
        return dat_status_prefix(status, "%s: %s.npy", m->npz->path, m->name);
    uint64_t data = (uint64_t)(m->header.count * m->header.item_size);
    uint64_t expected = (uint64_t)(prefix_size + text_size) + data;
    if (expected != entry_size) {
        char shape[DAT_NPZ_SHAPE_TEXT];
        return dat_failure("%s: %s.npy has %" PRIu64
                           " bytes, but shape %s with %d bytes a value needs %" PRIu64,
                           m->npz->path, m->name, entry_size, dat_npz_shape_text(&m->header.shape, shape),
                           m->header.item_size, expected);
    }
    return DAT_OK;
}

/* Opens a member and reads its header. The caller closes m->file, which may be NULL after a failure. */
static dat_status open_member(const dat_npz *npz, const char *name, member *m)
{
    *m = (member){.npz = npz, .name = name};
    zip_int64_t index = locate(npz, name);
    if (index < 0)
        return dat_failure("%s: has no member %s.npy", npz->path, name);
    zip_stat_t entry;
    if (zip_stat_index(npz->archive, (zip_uint64_t)index, 0, &entry) != 0)
        return dat_failure("%s: %s.npy: %s", npz->path, name, zip_strerror(npz->archive));
    DAT_TRY(check_entry(npz, name, &entry));
    m->file = zip_fopen_index(npz->archive, (zip_uint64_t)index, 0);
    if (!m->file)
        return dat_failure("%s: %s.npy cannot be opened: %s", npz->path, name, zip_strerror(npz->archive));
    return read_header(m, entry.size);
}

static void close_member(member *m)
{
    if (m->file)
        zip_fclose(m->file);
}

dat_status dat_npz_find(const dat_npz *npz, const char *name, dat_npz_shape *shape)
{
    member m;
    dat_status status = open_member(npz, name, &m);
    close_member(&m);
    *shape = m.header.shape;
    return status;
}

/* One value as 64 bits; a negative one is sign-extended, hence huge. */
static uint64_t decode_item(const unsigned char *item, const dat_npy_header *header)
{
    uint64_t value = 0;
    int last = header->item_size - 1;
    for (int i = 0; i <= last; i++)
        value = value << 8 | item[header->big_endian ? i : last - i];
    bool negative = header->is_signed && value >> (8 * last + 7);
    return negative && last < 7 ? value | UINT64_MAX << (8 * (last + 1)) : value;
}

static dat_status out_of_range(const member *m, int64_t index, uint64_t value, uint8_t maximum)
{
    bool negative = m->header.is_signed && value >> 63;
    return dat_failure("%s: value %" PRId64 " of %s.npy is %s%" PRIu64 ", expected 0..%d", m->npz->path,
                       index, m->name, negative ? "-" : "", negative ? 0 - value : value, maximum);
}

/* Reads the values that follow the header. */
static dat_status read_values(const member *m, uint8_t maximum, uint8_t *values)
{
    enum { CHUNK = 8192 };
    unsigned char chunk[CHUNK * 8];
    const dat_npy_header *header = &m->header;
    for (int64_t start = 0; start < header->count; start += CHUNK) {
        int64_t n = header->count - start < CHUNK ? header->count - start : CHUNK;
        DAT_TRY(read_exactly(m, chunk, (uint64_t)(n * header->item_size)));
        for (int64_t i = 0; i < n; i++) {
            uint64_t value = decode_item(chunk + i * header->item_size, header);
            if (value > maximum)
                return out_of_range(m, start + i, value, maximum);
            values[start + i] = (uint8_t)value;
        }
    }
    /* Only reading on to the end makes libzip compare the checksum. */
    zip_int64_t rest = zip_fread(m->file, chunk, 1);
    if (rest < 0)
        return dat_failure("%s: %s.npy is damaged: %s", m->npz->path, m->name, zip_file_strerror(m->file));
    if (rest > 0)
        return dat_failure("%s: %s.npy continues behind its values; the file is damaged", m->npz->path,
                           m->name);
    return DAT_OK;
}

dat_status dat_npz_read_bytes(const dat_npz *npz, const char *name, uint8_t maximum, uint8_t *values)
{
    member m;
    dat_status status = open_member(npz, name, &m);
    if (status.code == DAT_CODE_OK)
        status = read_values(&m, maximum, values);
    close_member(&m);
    return status;
}

const char *dat_npz_shape_text(const dat_npz_shape *shape, char *text)
{
    int used = snprintf(text, DAT_NPZ_SHAPE_TEXT, "(");
    for (int i = 0; i < shape->rank; i++)
        used += snprintf(text + used, DAT_NPZ_SHAPE_TEXT - (size_t)used, "%s%" PRId64, i ? ", " : "",
                         shape->size[i]);
    snprintf(text + used, DAT_NPZ_SHAPE_TEXT - (size_t)used, shape->rank == 1 ? ",)" : ")");
    return text;
}
