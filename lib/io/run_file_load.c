/* Reading run files. Nothing in a file is trusted: every type, rank, name and size is checked before it is
 * used. A run file holds all of its data once and uncompressed, so what is loaded may not be larger than the
 * file. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io/hdf5_image.h"
#include "io/hdf5_util.h"
#include "io/run_file.h"
#include "io/run_file_layout.h"
#include "io/run_file_seal.h"
#include "util/memory.h"

typedef struct run_reader {
    dat_run *run;
    size_t room; /* bytes that may still be allocated */
} run_reader;

static dat_status take_room(run_reader *reader, size_t size)
{
    if (size > reader->room)
        return dat_failure("there is more data than its size can hold");
    reader->room -= size;
    return DAT_OK;
}

/* Reads a text that the caller frees; NULL when the attribute is missing. */
static dat_status read_text(run_reader *reader, hid_t object, const char *name, char **text)
{
    *text = NULL;
    if (!dat_hdf5_has_attribute(object, name))
        return DAT_OK;
    DAT_TRY(dat_hdf5_read_text(object, name, text));
    dat_status status = take_room(reader, strlen(*text));
    if (status.code != DAT_CODE_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

/* Reads a text that must exist and fit. */
static dat_status read_short_text(hid_t object, const char *name, char *text, size_t size)
{
    char *stored = NULL;
    DAT_TRY(dat_hdf5_read_text(object, name, &stored));
    size_t length = strlen(stored);
    if (length < size)
        memcpy(text, stored, length + 1);
    free(stored);
    return length < size ? DAT_OK : dat_failure("attribute '%s' is longer than %zu bytes", name, size - 1);
}

static dat_status read_root(run_reader *reader, hid_t file)
{
    dat_run *run = reader->run;
    char state[16] = "";
    DAT_TRY(read_short_text(file, "experiment", run->experiment, sizeof run->experiment));
    DAT_TRY(read_short_text(file, "run_id", run->run_id, sizeof run->run_id));
    DAT_TRY(read_short_text(file, "created", run->created, sizeof run->created));
    DAT_TRY(read_short_text(file, "updated", run->updated, sizeof run->updated));
    DAT_TRY(read_short_text(file, "status", state, sizeof state));
    for (int i = DAT_RUN_RUNNING; i <= DAT_RUN_FAILED; i++) {
        if (strcmp(state, dat_run_state_names[i]) == 0) {
            run->state = (dat_run_state)i;
            return DAT_OK;
        }
    }
    return dat_failure("its status '%s' is not running, complete or failed", state);
}

static dat_status read_config(run_reader *reader, hid_t group)
{
    dat_run *run = reader->run;
    DAT_TRY(read_text(reader, group, "resolved", &run->config_resolved));
    DAT_TRY(read_text(reader, group, "source", &run->config_source));
    DAT_TRY(read_text(reader, group, "path", &run->config_path));
    return read_text(reader, group, "overrides", &run->config_overrides);
}

/* What visiting the attributes of a group needs to know. */
typedef struct fact_visit {
    run_reader *reader;
    dat_status (*read)(run_reader *reader, hid_t group, const char *name);
    int n_seen;
    dat_status status;
} fact_visit;

static dat_status check_fact(const fact_visit *visit, const char *name)
{
    if (!*name || strlen(name) >= DAT_RUN_NAME_SIZE)
        return dat_failure("the name '%.64s' is empty or longer than %d bytes", name, DAT_RUN_NAME_SIZE - 1);
    if (visit->n_seen > DAT_RUN_MAX_FACTS)
        return dat_failure("there are more than %d facts", DAT_RUN_MAX_FACTS);
    return DAT_OK;
}

static herr_t visit_fact(hid_t group, const char *name, const H5A_info_t *info, void *context)
{
    (void)info;
    fact_visit *visit = context;
    visit->n_seen++;
    visit->status = check_fact(visit, name);
    if (visit->status.code == DAT_CODE_OK)
        visit->status = visit->read(visit->reader, group, name);
    return visit->status.code != DAT_CODE_OK;
}

/* Reads all attributes of a group, in the order of their creation. */
static dat_status read_facts(run_reader *reader, hid_t group,
                             dat_status (*read)(run_reader *reader, hid_t group, const char *name))
{
    fact_visit visit = {.reader = reader, .read = read, .status = DAT_OK};
    if (H5Aiterate2(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_fact, &visit) < 0)
        return dat_hdf5_failure("cannot list the facts");
    return visit.status;
}

/* Reads a text or a number for one of these. */
static dat_status read_fact(run_reader *reader, hid_t group, const char *name,
                            void (*set_text)(dat_run *run, const char *name, const char *text),
                            void (*set_number)(dat_run *run, const char *name, double number))
{
    if (dat_hdf5_is_text(group, name)) {
        char *text = NULL;
        DAT_TRY(read_text(reader, group, name, &text));
        set_text(reader->run, name, text);
        free(text);
        return DAT_OK;
    }
    double number = 0;
    DAT_TRY(dat_hdf5_read_real(group, name, &number));
    set_number(reader->run, name, number);
    return DAT_OK;
}

static dat_status read_environment_fact(run_reader *reader, hid_t group, const char *name)
{
    return read_fact(reader, group, name, dat_run_set_environment_text, dat_run_set_environment_number);
}

static dat_status read_environment(run_reader *reader, hid_t group)
{
    return read_facts(reader, group, read_environment_fact);
}

static dat_status read_summary_fact(run_reader *reader, hid_t group, const char *name)
{
    return read_fact(reader, group, name, dat_run_set_summary_text, dat_run_set_summary);
}

static dat_status read_summary(run_reader *reader, hid_t group)
{
    return read_facts(reader, group, read_summary_fact);
}

/* "128x64" as a shape; false when it is none or its values are not `count`. */
static bool parse_shape(const char *text, int64_t count, dat_run_parameter *parameter)
{
    int64_t product = 1;
    while (*text) {
        int64_t size = 0;
        const size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 18 || parameter->rank == 4)
            return false;
        for (size_t i = 0; i < digits; i++)
            size = 10 * size + (text[i] - '0');
        if (size > 0 && product > INT64_MAX / size)
            return false;
        product *= size;
        parameter->shape[parameter->rank++] = size;
        text += digits;
        if (*text == 'x' && text[1])
            text++;
        else if (*text)
            return false;
    }
    return product == count;
}

static dat_status copy_parameter(const dat_run_parameter_row *row, dat_run_parameter *parameter)
{
    if (!memchr(row->name, 0, sizeof row->name) || !memchr(row->shape, 0, sizeof row->shape))
        return dat_failure("a text in the table of parameters does not end");
    strcpy(parameter->name, row->name);
    if (!parse_shape(row->shape, row->count, parameter))
        return dat_failure("parameter '%.100s' has shape '%s' and %" PRId64
                           " values, which do not fit together",
                           row->name, row->shape, row->count);
    return DAT_OK;
}

static dat_status read_parameters(run_reader *reader, hid_t group)
{
    dat_run *run = reader->run;
    void *table = NULL;
    hid_t file_type = dat_run_parameter_type(H5T_STD_I64LE);
    hid_t memory_type = dat_run_parameter_type(H5T_NATIVE_INT64);
    dat_status status = dat_hdf5_read_array(group, "parameters", file_type, memory_type, reader->room, &table,
                                            &run->n_parameters);
    dat_hdf5_close(memory_type);
    dat_hdf5_close(file_type);
    if (status.code != DAT_CODE_OK)
        return status;
    const dat_run_parameter_row *rows = table;
    run->parameters = dat_allocate((size_t)run->n_parameters, sizeof *run->parameters);
    for (int64_t i = 0; i < run->n_parameters && status.code == DAT_CODE_OK; i++)
        status = copy_parameter(&rows[i], &run->parameters[i]);
    free(table);
    DAT_TRY(status);
    return take_room(reader, (size_t)run->n_parameters * sizeof *rows);
}

static dat_status read_model(run_reader *reader, hid_t group)
{
    dat_run *run = reader->run;
    if (dat_hdf5_has_attribute(group, "n_params"))
        DAT_TRY(dat_hdf5_read_integer(group, "n_params", &run->n_params));
    if (dat_hdf5_has_attribute(group, "flops_per_step"))
        DAT_TRY(dat_hdf5_read_real(group, "flops_per_step", &run->flops_per_step));
    if (run->n_params < 0)
        return dat_failure("n_params is %" PRId64, run->n_params);
    return H5Lexists(group, "parameters", H5P_DEFAULT) > 0 ? read_parameters(reader, group) : DAT_OK;
}

static dat_status read_one_series(run_reader *reader, hid_t file, const char *name)
{
    if (!dat_run_is_series_name(name) || dat_run_find_series(reader->run, name))
        return dat_failure("'%.64s' is not the name of one series", name);
    DAT_TRY(take_room(reader, sizeof(dat_series)));
    dat_series *series = dat_run_add_series(reader->run, name);
    void *values = NULL;
    DAT_TRY(dat_hdf5_read_array(file, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, reader->room, &values,
                                &series->count));
    series->values = values;
    series->capacity = series->count;
    return take_room(reader, (size_t)series->count * sizeof *series->values);
}

static dat_status read_one_blob(run_reader *reader, hid_t group, const char *name)
{
    if (!dat_run_is_dataset_name(name) || dat_run_find_blob(reader->run, name))
        return dat_failure("'%.64s' is not the name of one piece of it", name);
    DAT_TRY(take_room(reader, sizeof(dat_run_blob)));
    void *bytes = NULL;
    int64_t size = 0;
    DAT_TRY(dat_hdf5_read_array(group, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, reader->room, &bytes, &size));
    dat_run_set_blob(reader->run, name, bytes, (size_t)size);
    reader->run->blobs[reader->run->n_blobs - 1].owned = true;
    return take_room(reader, (size_t)size);
}

/* Calls `read` with each line of a text attribute. */
static dat_status read_named(run_reader *reader, hid_t group, const char *attribute,
                             dat_status (*read)(run_reader *reader, hid_t group, const char *name))
{
    char *names = NULL;
    DAT_TRY(read_text(reader, group, attribute, &names));
    dat_status status = DAT_OK;
    char *name = names, *end = NULL;
    while (name && (end = strchr(name, '\n')) && status.code == DAT_CODE_OK) {
        *end = '\0';
        status = read(reader, group, name);
        name = end + 1;
    }
    free(names);
    return status;
}

static dat_status read_series(run_reader *reader, hid_t file)
{
    return read_named(reader, file, "series", read_one_series);
}

static dat_status read_checkpoint(run_reader *reader, hid_t group)
{
    return read_named(reader, group, "blobs", read_one_blob);
}

static dat_status read_group(run_reader *reader, hid_t file, const char *name,
                             dat_status (*read)(run_reader *reader, hid_t group))
{
    hid_t group = -1;
    DAT_TRY(dat_hdf5_open_group(file, name, &group));
    if (group < 0)
        return DAT_OK;
    dat_status status = read(reader, group);
    dat_hdf5_close(group);
    return status.code == DAT_CODE_OK ? DAT_OK : dat_status_prefix(status, "in /%s", name);
}

static dat_status read_all(run_reader *reader, hid_t file, bool with_blobs)
{
    DAT_TRY(read_root(reader, file));
    DAT_TRY(read_group(reader, file, "config", read_config));
    DAT_TRY(read_group(reader, file, "environment", read_environment));
    DAT_TRY(read_group(reader, file, "model", read_model));
    DAT_TRY(read_series(reader, file));
    DAT_TRY(read_group(reader, file, "summary", read_summary));
    return with_blobs ? read_group(reader, file, "checkpoint", read_checkpoint) : DAT_OK;
}

static dat_status read_file(const char *path, hid_t file, size_t size, bool with_blobs, dat_run *run)
{
    int64_t version = 0;
    dat_status status = dat_hdf5_read_integer(file, "schema_version", &version);
    if (status.code == DAT_CODE_OK && version > DAT_RUN_SCHEMA_VERSION)
        return dat_failure("'%.200s' has schema version %" PRId64
                           ", this program reads up to %d; use a newer dat",
                           path, version, DAT_RUN_SCHEMA_VERSION);
    run_reader reader = {.run = run, .room = size};
    if (status.code == DAT_CODE_OK)
        status = read_all(&reader, file, with_blobs);
    if (status.code != DAT_CODE_OK)
        return dat_failure("'%.200s' is not a valid run file: %.200s; delete it and run again", path,
                           status.message);
    return DAT_OK;
}

dat_status dat_run_load(const char *path, bool with_blobs, dat_run *run)
{
    *run = (dat_run){.experiment = ""};
    unsigned char *bytes = NULL;
    size_t size = 0;
    DAT_TRY(dat_run_unseal(path, &bytes, &size));

    dat_hdf5_quiet quiet;
    dat_hdf5_quiet_begin(&quiet);
    hid_t file = -1;
    dat_status status = dat_hdf5_open_image(bytes, size, &file);
    if (status.code == DAT_CODE_OK)
        status = read_file(path, file, size, with_blobs, run);
    else
        status = dat_status_prefix(status, "'%.180s'", path);
    dat_hdf5_close(file);
    dat_hdf5_quiet_end(&quiet);
    free(bytes);
    if (status.code != DAT_CODE_OK)
        dat_run_free(run);
    return status;
}
