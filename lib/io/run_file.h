/* Run files: everything a training run leaves behind, one HDF5 file, schema version 1:
 *
 *     /               attrs: schema_version, experiment, run_id, created, updated, status ("running",
 *                     "complete" or "failed"), series (names of the time series, one a line)
 *     /config         attrs: resolved (YAML), source (the config file's text), path, overrides
 *     /environment    attrs: one string or number per fact (commit, compiler, flags, CPU, threads, libraries)
 *     /model          attrs: n_params, flops_per_step
 *     /model/parameters   table of name, shape ("128x64") and count
 *     /<group>/<name> time series as 1-d float64 datasets: /train/loss, /eval/hexos/accuracy, ...
 *     /summary        attrs: one number or text each: "accuracy/hexos", "seconds", "predictions", ...
 *     /checkpoint     present while a run is unfinished: bytes needed to resume (see dat_run_blob), one 1-d
 *                     uint8 dataset each; attr: blobs (their names, one a line). A run that keeps its best
 *                     parameters, or its last ("parameters", native float, in the order of the table), has
 *                     them here when it is complete, too
 *
 * Any HDF5 1.8 reader (h5py, h5dump) opens it. Texts are variable-length UTF-8 attributes of any length,
 * datasets are not compressed. Only the attributes of / must exist; dat_run_load ignores groups that it does
 * not know and leaves what is missing at 0 or NULL.
 *
 * In front of the HDF5 data, in its 512-byte user block, stands a seal in text, to be seen with `head -3`:
 *
 *     dat run file
 *     bytes <size of the whole file, 20 digits>
 *     xxh3 <XXH3-64 of everything behind the first 512 bytes, 16 hex digits>
 *
 * dat_run_load checks it before HDF5 sees the file, so that a truncated or damaged file is refused rather
 * than misread; so is one that another program changed. The seal guards against accidents, not against
 * forgers: whoever computes it anew for crafted HDF5 data is met by the checks of dat_run_load and of HDF5
 * only.
 *
 * The writer keeps the run in memory and dat_run_save replaces the file in one step (write beside it, flush
 * to disk, rename): whatever happens, the file on disk is complete and readable. */
#ifndef DAT_IO_RUN_FILE_H
#define DAT_IO_RUN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "util/status.h"

enum { DAT_RUN_SCHEMA_VERSION = 1, DAT_RUN_NAME_SIZE = 64, DAT_RUN_MAX_FACTS = 4096 };

/* A growing column of numbers, "train/loss". Names are paths: parts separated by single slashes, not
 * beginning with config, environment, model, summary or checkpoint; no series lies below another. */
typedef struct dat_series {
    char name[DAT_RUN_NAME_SIZE];
    int64_t count, capacity;
    double *values;
} dat_series;

/* A named fact of the environment or summary: text, or a number when text is NULL. A run has
 * at most DAT_RUN_MAX_FACTS of either kind. */
typedef struct dat_fact {
    char name[DAT_RUN_NAME_SIZE];
    char *text;
    double number;
} dat_fact;

/* A named piece of raw state for resuming, "adam.first_moment"; borrowed when writing, owned when read. */
typedef struct dat_run_blob {
    char name[DAT_RUN_NAME_SIZE];
    void *bytes;
    size_t size;
    bool owned;
} dat_run_blob;

/* One parameter of the model table. */
typedef struct dat_run_parameter {
    char name[192];
    int rank;
    int64_t shape[4];
} dat_run_parameter;

typedef enum dat_run_state { DAT_RUN_RUNNING, DAT_RUN_COMPLETE, DAT_RUN_FAILED } dat_run_state;

/* A run in memory, for writing and for reading alike. Zero-initialise, fill, save; or load. All strings and
 * arrays are owned and released by dat_run_free, but for the bytes of blobs that the writer added. A text may
 * be NULL: not recorded. Names given to the functions below come from the program: one that is empty or does
 * not fit is a broken invariant. */
typedef struct dat_run {
    char experiment[DAT_RUN_NAME_SIZE];
    char run_id[128];
    dat_run_state state;
    char created[32], updated[32]; /* ISO 8601, UTC; set by dat_run_save, `created` by the first */
    char *config_resolved, *config_source, *config_path, *config_overrides;
    int64_t n_params;
    double flops_per_step;
    dat_run_parameter *parameters;
    int64_t n_parameters;
    dat_fact *environment, *summary;
    int n_environment, n_summary;
    dat_series *series;
    int n_series;
    dat_run_blob *blobs;
    int n_blobs;
} dat_run;

/* Adds or replaces a fact. */
void dat_run_set_environment_text(dat_run *run, const char *name, const char *text);
void dat_run_set_environment_number(dat_run *run, const char *name, double number);
void dat_run_set_summary(dat_run *run, const char *name, double number);
void dat_run_set_summary_text(dat_run *run, const char *name, const char *text);

/* Appends one value to a series, creating it (with room for `capacity_hint` values) the first time. Allocates
 * only when a series outgrows its room. */
void dat_run_append(dat_run *run, const char *name, double value, int64_t capacity_hint);

/* The series, or NULL; the summary number, or NAN; the summary text, or NULL; the environment fact, or NULL.
 */
const dat_series *dat_run_find_series(const dat_run *run, const char *name);
double dat_run_summary(const dat_run *run, const char *name);
const char *dat_run_summary_text(const dat_run *run, const char *name);
const dat_fact *dat_run_find_environment(const dat_run *run, const char *name);

/* Adds (or replaces) a borrowed blob that the next save writes; the bytes must live until then. */
void dat_run_set_blob(dat_run *run, const char *name, const void *bytes, size_t size);
const dat_run_blob *dat_run_find_blob(const dat_run *run, const char *name);
void dat_run_clear_blobs(dat_run *run);

/* Writes the run to `path`, replacing what is there only once the new file is complete and on disk. Creates
 * missing folders. On error (unwritable folder, full disk) the previous file is untouched and no partial file
 * stays; a killed process can leave a `<path>.tmp`, which the next save overwrites. The same run gives the
 * same bytes, but for created and updated. */
dat_status dat_run_save(dat_run *run, const char *path);

/* Reads a run file. Refuses what is not one (truncated, other HDF5, newer schema version) in one sentence.
 * `with_blobs` also keeps the checkpoint in memory; without it, saving the run again drops the checkpoint.
 * The caller releases with dat_run_free; on error `run` is empty. */
dat_status dat_run_load(const char *path, bool with_blobs, dat_run *run);

/* Releases everything in a run and leaves it empty; harmless on a zeroed one. */
void dat_run_free(dat_run *run);

#endif
