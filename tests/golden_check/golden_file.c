#include "golden_check/golden_file.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

/* No reference array comes near this; a larger size is a damaged file. */
enum { MAX_VALUES = 1 << 26, MAX_TEXT = 1 << 20 };

/* Dimensions of an open dataset, or an error that says which one is unusable. */
static dat_status read_shape(hid_t dataset, golden_array *array)
{
    hsize_t dims[GOLDEN_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    bool readable =
        rank >= 0 && rank <= GOLDEN_MAX_RANK && H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    H5Sclose(space);
    if (!readable)
        return dat_failure("%s has no simple shape of at most %d axes", array->name, GOLDEN_MAX_RANK);
    array->rank = rank;
    array->count = 1;
    for (int axis = 0; axis < rank; axis++) {
        if (dims[axis] > (hsize_t)(MAX_VALUES / (array->count > 0 ? array->count : 1)))
            return dat_failure("%s is larger than any reference array", array->name);
        array->shape[axis] = (int64_t)dims[axis];
        array->count *= array->shape[axis];
    }
    return DAT_OK;
}

static dat_status read_array(hid_t group, golden_array *array)
{
    hid_t dataset = H5Dopen2(group, array->name, H5P_DEFAULT);
    if (dataset < 0)
        return dat_failure("%s is not a dataset", array->name);
    dat_status status = read_shape(dataset, array);
    if (status.code == DAT_CODE_OK) {
        array->values = dat_allocate((size_t)array->count + 1, sizeof array->values[0]);
        if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->values) < 0)
            status = dat_failure("%s cannot be read as numbers", array->name);
    }
    H5Dclose(dataset);
    return status;
}

/* The name of a group's item; the caller frees it. */
static char *item_name(hid_t group, hsize_t index)
{
    ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, NULL, 0, H5P_DEFAULT);
    char *name = dat_allocate((size_t)(length > 0 ? length : 0) + 1, 1);
    H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, (size_t)length + 1, H5P_DEFAULT);
    return name;
}

/* All datasets of the group at `path`; a missing group is an empty one. */
static dat_status read_group(hid_t root, const char *path, golden_group *group)
{
    hid_t handle = H5Gopen2(root, path, H5P_DEFAULT);
    if (handle < 0)
        return DAT_OK;
    H5G_info_t info = {0};
    dat_status status = DAT_OK;
    if (H5Gget_info(handle, &info) >= 0)
        group->items = dat_allocate((size_t)info.nlinks + 1, sizeof group->items[0]);
    for (hsize_t i = 0; i < info.nlinks && status.code == DAT_CODE_OK; i++) {
        golden_array *array = &group->items[group->count++];
        array->name = item_name(handle, i);
        status = read_array(handle, array);
    }
    H5Gclose(handle);
    return status.code == DAT_CODE_OK ? status : dat_status_prefix(status, "%s", path);
}

/* The text of a fixed-length string attribute; NULL when there is none. The caller frees it. */
static char *read_text(hid_t root, const char *name)
{
    hid_t attribute = H5Aopen(root, name, H5P_DEFAULT);
    if (attribute < 0)
        return NULL;
    hid_t type = H5Aget_type(attribute);
    size_t size = H5Tget_size(type);
    char *text = NULL;
    if (H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) && size > 0 && size < MAX_TEXT) {
        text = dat_allocate(size + 1, 1);
        if (H5Aread(attribute, type, text) < 0) {
            free(text);
            text = NULL;
        }
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

/* The JSON value of an attribute, or `fallback` (taken over) when there is none. */
static dat_status read_json(hid_t root, const char *name, json_t *fallback, json_t **value)
{
    char *text = read_text(root, name);
    *value = fallback;
    if (!text)
        return fallback ? DAT_OK : dat_failure("the file has no text attribute '%s'", name);
    json_error_t error;
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!parsed)
        return dat_failure("attribute '%s' is not JSON: %s", name, error.text);
    json_decref(fallback);
    *value = parsed;
    return DAT_OK;
}

static dat_status read_all(hid_t root, golden_file *file)
{
    DAT_TRY(read_json(root, "config", NULL, &file->config));
    DAT_TRY(read_json(root, "tied", json_object(), &file->tied));
    DAT_TRY(read_json(root, "unused", json_array(), &file->unused));
    DAT_TRY(read_json(root, "zero_grads", json_array(), &file->zero_grads));
    DAT_TRY(read_group(root, "inputs", &file->inputs));
    DAT_TRY(read_group(root, "params", &file->params));
    DAT_TRY(read_group(root, "buffers", &file->buffers));
    DAT_TRY(read_group(root, "outputs", &file->outputs));
    DAT_TRY(read_group(root, "grads/params", &file->param_grads));
    DAT_TRY(read_group(root, "grads/inputs", &file->input_grads));
    return read_group(root, "params_final", &file->final_params);
}

dat_status golden_file_read(golden_file *file, const char *path)
{
    *file = (golden_file){0};
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* errors are reported here, in one sentence */
    hid_t root = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (root < 0)
        return dat_failure("%s: not a readable HDF5 file", path);
    dat_status status = read_all(root, file);
    H5Fclose(root);
    return status.code == DAT_CODE_OK ? status : dat_status_prefix(status, "%s", path);
}

static void free_group(golden_group *group)
{
    for (int64_t i = 0; i < group->count; i++) {
        free(group->items[i].name);
        free(group->items[i].values);
    }
    free(group->items);
}

void golden_file_free(golden_file *file)
{
    json_decref(file->config);
    json_decref(file->tied);
    json_decref(file->unused);
    json_decref(file->zero_grads);
    golden_group *groups[] = {&file->inputs,      &file->params,      &file->buffers,     &file->outputs,
                              &file->param_grads, &file->input_grads, &file->final_params};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        free_group(groups[i]);
    *file = (golden_file){0};
}

const golden_array *golden_find(const golden_group *group, const char *name)
{
    for (int64_t i = 0; i < group->count; i++)
        if (strcmp(group->items[i].name, name) == 0)
            return &group->items[i];
    return NULL;
}

const char *golden_config_text(const golden_file *file, const char *key)
{
    const char *text = json_string_value(json_object_get(file->config, key));
    return text ? text : "";
}

bool golden_list_has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (item && strcmp(item, text) == 0)
            return true;
    }
    return false;
}
