#include "io/hdf5_util.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

void dat_hdf5_quiet_begin(dat_hdf5_quiet *saved)
{
    *saved = (dat_hdf5_quiet){0};
    H5Eget_auto2(H5E_DEFAULT, &saved->print, &saved->context);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void dat_hdf5_quiet_end(const dat_hdf5_quiet *saved)
{
    H5Eset_auto2(H5E_DEFAULT, saved->print, saved->context);
}

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *error, void *context)
{
    if (depth == 0 && error->desc)
        snprintf(context, 128, "%s", error->desc);
    return 0;
}

dat_status dat_hdf5_failure(const char *format, ...)
{
    char reason[128] = "unknown HDF5 error";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, reason);
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return dat_failure("%s: %s", message, reason);
}

void dat_hdf5_close(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

herr_t dat_hdf5_set_group_creation(hid_t properties)
{
    if (H5Pset_obj_track_times(properties, false) < 0)
        return -1;
    return H5Pset_attr_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
}

dat_status dat_hdf5_create_group(hid_t parent, const char *name, hid_t *group)
{
    dat_status status = DAT_OK;
    *group = -1;
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    if (creation < 0 || dat_hdf5_set_group_creation(creation) < 0 ||
        (*group = H5Gcreate2(parent, name, H5P_DEFAULT, creation, H5P_DEFAULT)) < 0)
        status = dat_hdf5_failure("cannot create group '%s'", name);
    dat_hdf5_close(creation);
    return status;
}

/* Creates the missing groups above a dataset, one by one: those that HDF5 creates on its own hold the time.
 */
static dat_status create_groups_above(hid_t parent, const char *path)
{
    dat_status status = DAT_OK;
    char *prefix = dat_copy_string(path);
    for (char *slash = strchr(prefix, '/'); slash && status.code == DAT_CODE_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (H5Lexists(parent, prefix, H5P_DEFAULT) <= 0) {
            hid_t group = -1;
            status = dat_hdf5_create_group(parent, prefix, &group);
            dat_hdf5_close(group);
        }
        *slash = '/';
    }
    free(prefix);
    return status;
}

static herr_t refuse_external_link(const char *parent_file, const char *parent_group, const char *child_file,
                                   const char *child_object, unsigned *flags, hid_t access, void *context)
{
    (void)parent_file, (void)parent_group, (void)child_file, (void)child_object, (void)flags, (void)access;
    (void)context;
    return -1;
}

/* Opens an object of a kind; -1 on error or when it is something else. Links into other files are not
 * followed. */
static hid_t open_object(hid_t parent, const char *path, H5I_type_t kind)
{
    hid_t access = H5Pcreate(H5P_LINK_ACCESS);
    hid_t object = -1;
    if (access >= 0 && H5Pset_elink_cb(access, refuse_external_link, NULL) >= 0)
        object = H5Oopen(parent, path, access);
    dat_hdf5_close(access);
    if (object >= 0 && H5Iget_type(object) != kind) {
        dat_hdf5_close(object);
        object = -1;
    }
    return object;
}

dat_status dat_hdf5_open_group(hid_t parent, const char *name, hid_t *group)
{
    *group = -1;
    if (H5Lexists(parent, name, H5P_DEFAULT) == 0)
        return DAT_OK;
    *group = open_object(parent, name, H5I_GROUP);
    return *group >= 0 ? DAT_OK : dat_failure("'%s' is not a readable group", name);
}

/* The smallest power of two that holds `count` values, between bounds: little waste in a short series, few
 * pieces in a long one. */
static hsize_t chunk_size(int64_t count)
{
    hsize_t size = 64;
    while (size < 8192 && size < (hsize_t)count)
        size *= 2;
    return size;
}

/* How a dataset is stored; -1 on error. The caller closes it. */
static hid_t array_creation(int64_t count, bool extendible)
{
    const hsize_t chunk = chunk_size(count);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0 &&
        (!extendible || H5Pset_chunk(creation, 1, &chunk) >= 0))
        return creation;
    dat_hdf5_close(creation);
    return -1;
}

dat_status dat_hdf5_write_array(hid_t parent, const char *path, hid_t file_type, hid_t memory_type,
                                const void *values, int64_t count, bool extendible)
{
    DAT_TRY(create_groups_above(parent, path));
    dat_status status = DAT_OK;
    const hsize_t size = (hsize_t)count, largest = extendible ? H5S_UNLIMITED : size;
    hid_t dataset = -1;
    hid_t space = H5Screate_simple(1, &size, &largest);
    hid_t creation = array_creation(count, extendible);
    if (space < 0 || creation < 0 ||
        (dataset = H5Dcreate2(parent, path, file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT)) < 0 ||
        (count > 0 && H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
        status = dat_hdf5_failure("cannot write dataset '%s'", path);
    dat_hdf5_close(creation);
    dat_hdf5_close(space);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && status.code == DAT_CODE_OK)
        status = dat_hdf5_failure("cannot complete dataset '%s'", path);
    return status;
}

/* True when all of a dataset's bytes lie in this file as they are, which bounds what reading it can cost. */
static bool is_stored_plainly(hid_t dataset)
{
    hid_t creation = H5Dget_create_plist(dataset);
    bool plain = creation >= 0 && H5Pget_nfilters(creation) == 0 && H5Pget_external_count(creation) == 0 &&
                 H5Pget_layout(creation) != H5D_VIRTUAL;
    dat_hdf5_close(creation);
    return plain;
}

/* The length of a plain one-dimensional dataset of a type. */
static dat_status array_count(hid_t dataset, const char *path, hid_t file_type, int64_t *count)
{
    dat_status status = DAT_OK;
    hsize_t size = 0;
    hid_t type = H5Dget_type(dataset);
    hid_t space = H5Dget_space(dataset);
    if (type < 0 || H5Tequal(type, file_type) <= 0)
        status = dat_failure("dataset '%s' does not have the expected type", path);
    else if (space < 0 || H5Sget_simple_extent_ndims(space) != 1 ||
             H5Sget_simple_extent_dims(space, &size, NULL) != 1)
        status = dat_failure("dataset '%s' does not have one dimension", path);
    else if (!is_stored_plainly(dataset))
        status = dat_failure("dataset '%s' is compressed or lies outside of the file", path);
    dat_hdf5_close(space);
    dat_hdf5_close(type);
    *count = (int64_t)size;
    return status;
}

dat_status dat_hdf5_read_array(hid_t parent, const char *path, hid_t file_type, hid_t memory_type,
                               size_t limit, void **values, int64_t *count)
{
    *values = NULL;
    *count = 0;
    hid_t dataset = open_object(parent, path, H5I_DATASET);
    if (dataset < 0)
        return dat_failure("'%s' is not a readable dataset", path);
    dat_status status = array_count(dataset, path, file_type, count);
    const size_t value_size = H5Tget_size(memory_type);
    if (status.code == DAT_CODE_OK && (value_size == 0 || (uint64_t)*count > limit / value_size))
        status =
            dat_failure("dataset '%s' claims %" PRId64 " values, more than its file can hold", path, *count);
    if (status.code == DAT_CODE_OK) {
        *values = dat_allocate((size_t)*count, value_size);
        if (*count > 0 && H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0) {
            status = dat_hdf5_failure("cannot read dataset '%s'", path);
            free(*values);
            *values = NULL;
        }
    }
    dat_hdf5_close(dataset);
    return status;
}
