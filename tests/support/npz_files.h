/* Makes .npz files, good and bad, for the tests of their readers. */
#ifndef TESTS_SUPPORT_NPZ_FILES_H
#define TESTS_SUPPORT_NPZ_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member in memory. */
typedef struct npz_member {
    const char *name; /* with .npy */
    const void *bytes;
    size_t size;
    bool stored; /* else deflated */
} npz_member;

/* Writes an archive through libzip. */
void npz_write(const char *path, const npz_member *members, int n);

/* The .npy bytes of an array: signature, version, length and header text (padded to 64 bytes), then the data.
 * The caller frees them. */
unsigned char *npy_bytes(int version, const char *header, const void *data, size_t data_size, size_t *size);

/* The header text of a C-ordered array: npy_text(buffer, "<i8", "(5, 1)"). */
const char *npy_text(char *buffer, size_t size, const char *descr, const char *shape);

/* Whole files. The caller frees the bytes. */
unsigned char *file_read(const char *path, size_t *size);
void file_write(const char *path, const void *bytes, size_t size);

/* A new temporary folder; file_remove_folder deletes it with the files in it. The caller frees the name. */
char *file_make_folder(void);
void file_remove_folder(char *folder);

#endif
