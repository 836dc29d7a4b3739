#include "io/run_file_layout.h"

#include <stddef.h>
#include <string.h>

#include "io/hdf5_util.h"

const char *const dat_run_state_names[] = {
    [DAT_RUN_RUNNING] = "running",
    [DAT_RUN_COMPLETE] = "complete",
    [DAT_RUN_FAILED] = "failed",
};

/* Adds a UTF-8 text of fixed size as a member of a compound type. */
static herr_t insert_text(hid_t row, const char *name, size_t offset, size_t size)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    herr_t result = -1;
    if (text >= 0 && H5Tset_size(text, size) >= 0 && H5Tset_cset(text, H5T_CSET_UTF8) >= 0)
        result = H5Tinsert(row, name, offset, text);
    dat_hdf5_close(text);
    return result;
}

hid_t dat_run_parameter_type(hid_t count)
{
    typedef dat_run_parameter_row row;
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(row));
    if (type >= 0 && insert_text(type, "name", offsetof(row, name), sizeof((row *)0)->name) >= 0 &&
        insert_text(type, "shape", offsetof(row, shape), sizeof((row *)0)->shape) >= 0 &&
        H5Tinsert(type, "count", offsetof(row, count), count) >= 0)
        return type;
    dat_hdf5_close(type);
    return -1;
}

bool dat_run_is_dataset_name(const char *name)
{
    if (strlen(name) >= DAT_RUN_NAME_SIZE || strchr(name, '\n'))
        return false;
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && *part == '.'))
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

bool dat_run_is_series_name(const char *name)
{
    static const char *const reserved[] = {"config", "environment", "model", "summary", "checkpoint"};
    const size_t length = strcspn(name, "/");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == length && memcmp(name, reserved[i], length) == 0)
            return false;
    return dat_run_is_dataset_name(name);
}
