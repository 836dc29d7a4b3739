/* Scalar attributes of io/hdf5_util.h. A variable-length text lies outside of its attribute, so that the 64
 * KiB which HDF5 allows an attribute do not limit it. */
#include <stdlib.h>

#include "io/hdf5_util.h"
#include "util/memory.h"

/* Variable-length UTF-8; -1 on error. The caller closes it. */
static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    dat_hdf5_close(type);
    return -1;
}

static dat_status write_scalar(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                               const void *value)
{
    dat_status status = DAT_OK;
    hid_t attribute = -1;
    hid_t space = H5Screate(H5S_SCALAR);
    if (space < 0 || file_type < 0 ||
        (attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT)) < 0 ||
        H5Awrite(attribute, memory_type, value) < 0)
        status = dat_hdf5_failure("cannot write attribute '%s'", name);
    dat_hdf5_close(attribute);
    dat_hdf5_close(space);
    return status;
}

dat_status dat_hdf5_write_text(hid_t object, const char *name, const char *text)
{
    hid_t type = text_type();
    dat_status status = write_scalar(object, name, type, type, &text);
    dat_hdf5_close(type);
    return status;
}

dat_status dat_hdf5_write_integer(hid_t object, const char *name, int64_t value)
{
    return write_scalar(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

dat_status dat_hdf5_write_real(hid_t object, const char *name, double value)
{
    return write_scalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

bool dat_hdf5_has_attribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0;
}

bool dat_hdf5_is_text(hid_t object, const char *name)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : -1;
    bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
    dat_hdf5_close(type);
    dat_hdf5_close(attribute);
    return is_text;
}

static dat_status read_scalar(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                              const char *kind, void *value)
{
    dat_status status = DAT_OK;
    hid_t type = -1, space = -1;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0 || (type = H5Aget_type(attribute)) < 0 || (space = H5Aget_space(attribute)) < 0) {
        status = dat_hdf5_failure("cannot open attribute '%s'", name);
        goto done;
    }
    if (H5Tequal(type, file_type) <= 0 || H5Sget_simple_extent_type(space) != H5S_SCALAR) {
        status = dat_failure("attribute '%s' is not %s", name, kind);
        goto done;
    }
    if (H5Aread(attribute, memory_type, value) < 0)
        status = dat_hdf5_failure("cannot read attribute '%s'", name);
done:
    dat_hdf5_close(space);
    dat_hdf5_close(type);
    dat_hdf5_close(attribute);
    return status;
}

dat_status dat_hdf5_read_text(hid_t object, const char *name, char **text)
{
    char *stored = NULL; /* stays NULL for an empty text */
    *text = NULL;
    hid_t type = text_type();
    dat_status status = read_scalar(object, name, type, type, "a UTF-8 text", &stored);
    if (status.code == DAT_CODE_OK)
        *text = dat_copy_string(stored ? stored : "");
    H5free_memory(stored);
    dat_hdf5_close(type);
    return status;
}

dat_status dat_hdf5_read_integer(hid_t object, const char *name, int64_t *value)
{
    return read_scalar(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, "a 64-bit integer", value);
}

dat_status dat_hdf5_read_real(hid_t object, const char *name, double *value)
{
    return read_scalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, "a 64-bit float", value);
}
