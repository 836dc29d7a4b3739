#include "support/npz_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

/* What must not fail in a test's own preparations. */
static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "test preparation failed: %s\n", what);
    abort();
}

void npz_write(const char *path, const npz_member *members, int n)
{
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    require(archive != NULL, path);
    for (int i = 0; i < n; i++) {
        zip_source_t *source = zip_source_buffer(archive, members[i].bytes, members[i].size, 0);
        zip_int64_t index = zip_file_add(archive, members[i].name, source, 0);
        require(index >= 0, members[i].name);
        zip_set_file_compression(archive, (zip_uint64_t)index,
                                 members[i].stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0);
    }
    require(zip_close(archive) == 0, path);
}

unsigned char *npy_bytes(int version, const char *header, const void *data, size_t data_size, size_t *size)
{
    size_t prefix = version == 1 ? 10 : 12, length = strlen(header) + 1;
    length += (64 - (prefix + length) % 64) % 64;
    *size = prefix + length + data_size;
    unsigned char *bytes = calloc(*size, 1);
    require(bytes != NULL, "memory");
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (unsigned char)version;
    bytes[8] = (unsigned char)length;
    bytes[9] = (unsigned char)(length >> 8);
    memset(bytes + prefix, ' ', length);
    memcpy(bytes + prefix, header, strlen(header));
    bytes[prefix + length - 1] = '\n';
    if (data_size > 0)
        memcpy(bytes + prefix + length, data, data_size);
    return bytes;
}

const char *npy_text(char *buffer, size_t size, const char *descr, const char *shape)
{
    snprintf(buffer, size, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    return buffer;
}

unsigned char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    require(file && fseek(file, 0, SEEK_END) == 0, path);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    require(bytes && fread(bytes, 1, *size, file) == *size, path);
    fclose(file);
    return bytes;
}

void file_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, path);
}

char *file_make_folder(void)
{
    char *folder = strdup("/tmp/dat-test-XXXXXX");
    require(folder && mkdtemp(folder), "mkdtemp");
    return folder;
}

void file_remove_folder(char *folder)
{
    DIR *directory = opendir(folder);
    require(directory != NULL, folder);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(directory);
    rmdir(folder);
    free(folder);
}
