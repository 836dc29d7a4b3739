/* Writing run files: the run becomes an HDF5 file in memory, which replaces the one on disk in one step. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/file_replace.h"
#include "io/hdf5_image.h"
#include "io/hdf5_util.h"
#include "io/run_file.h"
#include "io/run_file_layout.h"
#include "io/run_file_seal.h"
#include "util/memory.h"

static void format_time(time_t seconds, char text[32])
{
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static dat_status write_text_unless_null(hid_t object, const char *name, const char *text)
{
    return text ? dat_hdf5_write_text(object, name, text) : DAT_OK;
}

static dat_status write_config(hid_t group, const dat_run *run)
{
    DAT_TRY(write_text_unless_null(group, "resolved", run->config_resolved));
    DAT_TRY(write_text_unless_null(group, "source", run->config_source));
    DAT_TRY(write_text_unless_null(group, "path", run->config_path));
    return write_text_unless_null(group, "overrides", run->config_overrides);
}

static dat_status write_facts(hid_t group, const dat_fact *facts, int n_facts)
{
    for (int i = 0; i < n_facts; i++) {
        if (facts[i].text)
            DAT_TRY(dat_hdf5_write_text(group, facts[i].name, facts[i].text));
        else
            DAT_TRY(dat_hdf5_write_real(group, facts[i].name, facts[i].number));
    }
    return DAT_OK;
}

static dat_status write_environment(hid_t group, const dat_run *run)
{
    return write_facts(group, run->environment, run->n_environment);
}

static dat_status write_summary(hid_t group, const dat_run *run)
{
    return write_facts(group, run->summary, run->n_summary);
}

/* Fills a row that is all zero. */
static void fill_row(const dat_run_parameter *parameter, dat_run_parameter_row *row)
{
    DAT_ASSERT(parameter->rank >= 0 && parameter->rank <= 4 && strlen(parameter->name) < sizeof row->name);
    memcpy(row->name, parameter->name, strlen(parameter->name));
    row->count = 1;
    size_t length = 0;
    for (int i = 0; i < parameter->rank; i++) {
        row->count *= parameter->shape[i];
        length += (size_t)snprintf(row->shape + length, sizeof row->shape - length, "%s%" PRId64,
                                   i ? "x" : "", parameter->shape[i]);
    }
}

static dat_status write_parameters(hid_t group, const dat_run *run)
{
    dat_run_parameter_row *rows = dat_allocate((size_t)run->n_parameters, sizeof *rows);
    for (int64_t i = 0; i < run->n_parameters; i++)
        fill_row(&run->parameters[i], &rows[i]);
    hid_t file_type = dat_run_parameter_type(H5T_STD_I64LE);
    hid_t memory_type = dat_run_parameter_type(H5T_NATIVE_INT64);
    dat_status status =
        dat_hdf5_write_array(group, "parameters", file_type, memory_type, rows, run->n_parameters, false);
    dat_hdf5_close(memory_type);
    dat_hdf5_close(file_type);
    free(rows);
    return status;
}

static dat_status write_model(hid_t group, const dat_run *run)
{
    DAT_TRY(dat_hdf5_write_integer(group, "n_params", run->n_params));
    DAT_TRY(dat_hdf5_write_real(group, "flops_per_step", run->flops_per_step));
    return write_parameters(group, run);
}

/* Writes names that stand `stride` bytes apart as one text, a line each. */
static dat_status write_names(hid_t object, const char *attribute, const void *first, size_t stride,
                              int n_names)
{
    char *text = dat_allocate((size_t)n_names * DAT_RUN_NAME_SIZE + 1, 1);
    char *end = text;
    for (int i = 0; i < n_names; i++) {
        const char *name = (const char *)first + (size_t)i * stride;
        size_t length = strlen(name);
        memcpy(end, name, length);
        end += length;
        *end++ = '\n';
    }
    dat_status status = dat_hdf5_write_text(object, attribute, text);
    free(text);
    return status;
}

static dat_status write_series(hid_t file, const dat_run *run)
{
    DAT_TRY(write_names(file, "series", run->series, sizeof *run->series, run->n_series));
    for (int i = 0; i < run->n_series; i++) {
        const dat_series *series = &run->series[i];
        DAT_TRY(dat_hdf5_write_array(file, series->name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, series->values,
                                     series->count, true));
    }
    return DAT_OK;
}

static dat_status write_checkpoint(hid_t group, const dat_run *run)
{
    DAT_TRY(write_names(group, "blobs", run->blobs, sizeof *run->blobs, run->n_blobs));
    for (int i = 0; i < run->n_blobs; i++) {
        const dat_run_blob *blob = &run->blobs[i];
        DAT_TRY(dat_hdf5_write_array(group, blob->name, H5T_STD_U8LE, H5T_NATIVE_UINT8, blob->bytes,
                                     (int64_t)blob->size, false));
    }
    return DAT_OK;
}

static dat_status write_group(hid_t file, const char *name, const dat_run *run,
                              dat_status (*write)(hid_t group, const dat_run *run))
{
    hid_t group = -1;
    DAT_TRY(dat_hdf5_create_group(file, name, &group));
    dat_status status = write(group, run);
    dat_hdf5_close(group);
    return status;
}

static dat_status write_all(hid_t file, const dat_run *run)
{
    DAT_TRY(dat_hdf5_write_integer(file, "schema_version", DAT_RUN_SCHEMA_VERSION));
    DAT_TRY(dat_hdf5_write_text(file, "experiment", run->experiment));
    DAT_TRY(dat_hdf5_write_text(file, "run_id", run->run_id));
    DAT_TRY(dat_hdf5_write_text(file, "status", dat_run_state_names[run->state]));
    DAT_TRY(dat_hdf5_write_text(file, "created", run->created));
    DAT_TRY(dat_hdf5_write_text(file, "updated", run->updated));
    DAT_TRY(write_group(file, "config", run, write_config));
    DAT_TRY(write_group(file, "environment", run, write_environment));
    DAT_TRY(write_group(file, "model", run, write_model));
    DAT_TRY(write_series(file, run));
    DAT_TRY(write_group(file, "summary", run, write_summary));
    return run->n_blobs ? write_group(file, "checkpoint", run, write_checkpoint) : DAT_OK;
}

static dat_status replace_file(hid_t file, const char *path)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    DAT_TRY(dat_hdf5_image_bytes(file, DAT_RUN_SEAL_SIZE, &bytes, &size));
    dat_file_part body = {bytes + DAT_RUN_SEAL_SIZE, size - DAT_RUN_SEAL_SIZE};
    char seal[DAT_RUN_SEAL_SIZE];
    dat_run_seal(body.bytes, body.size, seal);
    return dat_file_replace(path, (dat_file_part[]){{seal, sizeof seal}, body}, 2);
}

dat_status dat_run_save(dat_run *run, const char *path)
{
    dat_run stamped = *run;
    format_time(time(NULL), stamped.updated);
    if (!*stamped.created)
        memcpy(stamped.created, stamped.updated, sizeof stamped.created);

    dat_hdf5_quiet quiet;
    dat_hdf5_quiet_begin(&quiet);
    hid_t file = -1;
    dat_status status = dat_hdf5_create_image(DAT_RUN_SEAL_SIZE, &file);
    if (status.code == DAT_CODE_OK)
        status = write_all(file, &stamped);
    if (status.code == DAT_CODE_OK)
        status = replace_file(file, path);
    dat_hdf5_close(file);
    dat_hdf5_quiet_end(&quiet);
    if (status.code != DAT_CODE_OK)
        return dat_failure("run not saved, the previous file stays: %s", status.message);

    memcpy(run->created, stamped.created, sizeof run->created);
    memcpy(run->updated, stamped.updated, sizeof run->updated);
    return DAT_OK;
}
