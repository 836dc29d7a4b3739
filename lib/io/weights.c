#include "io/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "util/folder.h"
#include "util/memory.h"
#include "util/string_table.h"

typedef struct weights {
    const char *folder;
    dat_safetensors *files; /* [n_files], owned */
    int64_t n_files;
} weights;

static const char SINGLE[] = "model.safetensors", INDEX[] = "model.safetensors.index.json";

/* --- opening --- */

static dat_status open_file(weights *w, const char *name)
{
    char *path = dat_path_in(w->folder, name);
    dat_status status = dat_safetensors_open(path, &w->files[w->n_files]);
    w->n_files += status.code == DAT_CODE_OK;
    free(path);
    return status;
}

/* Numbers the distinct file names of the map, which must be files of this folder. */
static dat_status list_files(const json_t *map, dat_string_table *files)
{
    const char *tensor;
    json_t *value;
    json_object_foreach((json_t *)map, tensor, value)
    {
        const char *name = json_string_value(value);
        if (!name || name[0] == '\0' || strchr(name, '/'))
            return dat_failure("\"%.80s\" is assigned to no file of this folder", tensor);
        dat_string_table_add(files, name, (int64_t)strlen(name) + 1);
    }
    return DAT_OK;
}

/* Every tensor must be in the file that the map says, and in the map. */
static dat_status check_map(const json_t *map, const dat_string_table *files, const weights *w)
{
    const char *tensor;
    json_t *value;
    int64_t n_stored = 0;
    json_object_foreach((json_t *)map, tensor, value)
    {
        const char *name = json_string_value(value);
        int64_t file = dat_string_table_find(files, name, (int64_t)strlen(name) + 1);
        if (!dat_safetensors_find(&w->files[file], tensor))
            return dat_failure("%.80s is not in %.80s, which should have it", tensor, name);
    }
    for (int64_t i = 0; i < w->n_files; i++)
        n_stored += w->files[i].count;
    if (n_stored != (int64_t)json_object_size(map))
        return dat_failure("lists %zu tensors, but its files hold %" PRId64, json_object_size(map), n_stored);
    return DAT_OK;
}

static dat_status open_listed(weights *w, const json_t *map)
{
    dat_string_table files = {0};
    int64_t size;
    dat_status status = list_files(map, &files);
    w->files = dat_allocate((size_t)files.count, sizeof w->files[0]);
    for (int64_t i = 0; i < files.count && status.code == DAT_CODE_OK; i++)
        status = open_file(w, dat_string_table_get(&files, i, &size));
    if (status.code == DAT_CODE_OK)
        status = check_map(map, &files, w);
    dat_string_table_free(&files);
    return status;
}

static dat_status open_index(weights *w, const char *path)
{
    static const char *const required[] = {"weight_map", NULL};
    json_t *index;
    dat_members members;
    dat_status status = DAT_OK;
    DAT_TRY(dat_json_read(path, &index));
    dat_members_open(&members, index, required, "the index", &status);
    dat_member_take(&members, "metadata"); /* the total size, which the files tell as well */
    const json_t *map = dat_member_take(&members, "weight_map");
    dat_members_close(&members);
    if (status.code == DAT_CODE_OK)
        status = json_is_object(map) ? open_listed(w, map) : dat_failure("\"weight_map\" is no JSON object");
    json_decref(index);
    return dat_status_prefix(status, "%.200s", path);
}

/* The caller closes them whatever the result. */
static dat_status open_weights(const char *folder, weights *w)
{
    *w = (weights){.folder = folder};
    char *single = dat_path_in(folder, SINGLE), *index = dat_path_in(folder, INDEX);
    dat_status status;
    if (access(single, F_OK) != 0 && access(index, F_OK) == 0) {
        status = open_index(w, index);
    } else {
        w->files = dat_allocate(1, sizeof w->files[0]);
        status = open_file(w, SINGLE);
    }
    free(single);
    free(index);
    return status;
}

static void close_weights(weights *w)
{
    for (int64_t i = 0; i < w->n_files; i++)
        dat_safetensors_close(&w->files[i]);
    free(w->files);
}

/* --- into parameters --- */

static const dat_stored_tensor *find_stored(const weights *w, const char *name)
{
    const dat_stored_tensor *tensor = NULL;
    for (int64_t i = 0; i < w->n_files && !tensor; i++)
        tensor = dat_safetensors_find(&w->files[i], name);
    return tensor;
}

/* The tensor for the storage of parameter `owner`, which is tied to no other: of the first of its names that
 * is stored, or NULL. */
static const dat_stored_tensor *source_of(const weights *w, const dat_params *params, int64_t owner)
{
    const dat_stored_tensor *tensor = NULL;
    for (int64_t i = owner; i < params->count && !tensor; i++)
        if (i == owner || params->items[i]->tied_to == owner)
            tensor = find_stored(w, params->items[i]->name);
    return tensor;
}

/* Names for a message, as many of the first ones as fit. */
typedef struct name_list {
    char text[240];
    int64_t count;
    bool cut;
} name_list;

static void list_name(name_list *list, const char *name)
{
    static const char more[] = ", ...";
    size_t used = strlen(list->text), room = sizeof list->text - used;
    list->count++;
    if (list->cut)
        return;
    list->cut = strlen(name) + 2 * sizeof more > room;
    if (list->cut)
        strcpy(list->text + used, more);
    else
        snprintf(list->text + used, room, "%s%s", used > 0 ? ", " : "", name);
}

static int64_t owner_of(const dat_params *params, const dat_param *param)
{
    if (param->tied_to >= 0)
        return param->tied_to;
    int64_t i = 0;
    while (params->items[i] != param)
        i++;
    return i;
}

/* A stored tensor against the parameter of its name. */
static dat_status check_tensor(const weights *w, const dat_params *params, const dat_stored_tensor *tensor,
                               const dat_param *param)
{
    char expected[DAT_SHAPE_TEXT_SIZE], stored[DAT_SHAPE_TEXT_SIZE];
    dat_tensor shape = dat_tensor_over(tensor->name, NULL, tensor->rank, tensor->shape);
    if (!dat_same_shape(&shape, &param->tensor))
        return dat_failure("%.80s is %s, expected %s for this config", tensor->name,
                           dat_shape_text(&shape, stored), dat_shape_text(&param->tensor, expected));
    const dat_stored_tensor *source = source_of(w, params, owner_of(params, param));
    if (source != tensor && !dat_stored_tensor_equal(source, tensor))
        return dat_failure("%.80s and %.80s differ, but are one parameter in this config", source->name,
                           tensor->name);
    return DAT_OK;
}

static dat_status check_all(const weights *w, const dat_params *params)
{
    name_list unknown = {0}, missing = {0};
    for (int64_t i = 0; i < params->count; i++)
        if (params->items[i]->tied_to < 0 && !source_of(w, params, i))
            list_name(&missing, params->items[i]->name);
    for (int64_t file = 0; file < w->n_files; file++)
        for (int64_t i = 0; i < w->files[file].count; i++) {
            const dat_stored_tensor *tensor = &w->files[file].tensors[i];
            const dat_param *param = dat_params_find(params, tensor->name);
            if (param)
                DAT_TRY(check_tensor(w, params, tensor, param));
            else
                list_name(&unknown, tensor->name);
        }
    if (missing.count > 0)
        return dat_failure("%" PRId64 " parameters of this config are missing: %s", missing.count,
                           missing.text);
    if (unknown.count > 0)
        return dat_failure("%" PRId64 " tensors are no parameters of this config: %s", unknown.count,
                           unknown.text);
    return DAT_OK;
}

static void copy_all(const weights *w, dat_params *params)
{
    for (int64_t i = 0; i < params->count; i++)
        if (params->items[i]->tied_to < 0)
            dat_stored_tensor_copy(source_of(w, params, i), params->items[i]->tensor.data);
}

dat_status dat_weights_load(const char *folder, dat_params *params)
{
    weights w;
    dat_status status = open_weights(folder, &w);
    if (status.code == DAT_CODE_OK)
        status = dat_status_prefix(check_all(&w, params), "%.150s", folder);
    if (status.code == DAT_CODE_OK && params->size == 0)
        dat_params_allocate_values(params);
    if (status.code == DAT_CODE_OK)
        copy_all(&w, params);
    close_weights(&w);
    return status;
}

/* --- out of parameters --- */

/* Whether no other name of the parameter's storage comes before its own. */
static bool is_first_name(const dat_params *params, int64_t index)
{
    const dat_param *param = params->items[index];
    for (int64_t i = 0; i < params->count; i++)
        if (params->items[i]->offset == param->offset && strcmp(params->items[i]->name, param->name) < 0)
            return false;
    return true;
}

dat_status dat_weights_save(const char *folder, const dat_params *params, dat_float_type type)
{
    const dat_tensor **tensors = dat_allocate((size_t)params->count, sizeof tensors[0]);
    char *path = dat_path_in(folder, SINGLE);
    int64_t count = 0;
    for (int64_t i = 0; i < params->count; i++)
        if (is_first_name(params, i))
            tensors[count++] = &params->items[i]->tensor;
    dat_status status = dat_safetensors_write(path, type, tensors, count);
    free(tensors);
    free(path);
    return status;
}
