/* A run that has some of everything, and a folder to save it in. */
#ifndef TESTS_SUPPORT_RUN_FILE_SAMPLE_H
#define TESTS_SUPPORT_RUN_FILE_SAMPLE_H

#include "io/run_file.h"

enum {
    SAMPLE_SOURCE_LENGTH = 200000, /* more than an HDF5 attribute holds in place */
    SAMPLE_LOSSES = 20000,         /* several chunks */
    SAMPLE_BLOBS = 40,
};

/* Fills a run; blobs point to constants. The caller releases it with dat_run_free. */
dat_run sample_run(void);

/* Saves that run and reads the file back; the caller frees the bytes. */
unsigned char *sample_save(const char *path, size_t *size);

/* Asserts that a file cannot be loaded, that the message names it and has these words, and that the run is
 * empty. */
void sample_expect_refused(const char *path, const char *words);

/* Creates a folder in the system's temporary folder and writes its path; cmocka setup and teardown. The state
 * is the path, and the teardown deletes the folder with all that is in it. */
int sample_folder_create(void **state);
int sample_folder_delete(void **state);

/* "<folder>/<name>" in a buffer of the caller's. */
typedef struct sample_path {
    char text[256];
} sample_path;
sample_path sample_path_in(void *const *state, const char *name);

/* Number of entries in a folder, without "." and "..". */
int sample_count_entries(const char *folder);

/* A whole file; the caller frees it. NULL when it cannot be read. */
unsigned char *sample_read_file(const char *path, size_t *size);

/* Writes a whole file in place. False when it cannot. */
bool sample_write_file(const char *path, const void *bytes, size_t size);

#endif
