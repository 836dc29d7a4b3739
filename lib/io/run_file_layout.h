/* What the writer and the reader of run files share, beyond the layout in io/run_file.h. */
#ifndef DAT_IO_RUN_FILE_LAYOUT_H
#define DAT_IO_RUN_FILE_LAYOUT_H

#include <hdf5.h>

#include "io/run_file.h"

/* Texts of the attribute `status`, by dat_run_state. */
extern const char *const dat_run_state_names[DAT_RUN_FAILED + 1];

/* A row of the dataset /model/parameters. */
typedef struct dat_run_parameter_row {
    char name[192];
    char shape[80]; /* four numbers of 19 digits, "x" between */
    int64_t count;
} dat_run_parameter_row;

/* The HDF5 type of a row whose count has type `count`; -1 on error. The caller closes it. */
hid_t dat_run_parameter_type(hid_t count);

/* True for a name that fits and can be a path below an HDF5 group: parts separated by single slashes, one
 * line. */
bool dat_run_is_dataset_name(const char *name);

/* The same, and not inside one of the groups that have a meaning of their own. */
bool dat_run_is_series_name(const char *name);

/* Adds an empty series; the name must be new. */
dat_series *dat_run_add_series(dat_run *run, const char *name);

#endif
