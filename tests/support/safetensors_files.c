#include "support/safetensors_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/npz_files.h"

void safetensors_write_parts(const char *path, uint64_t length, const char *header, const void *data,
                             size_t data_size)
{
    size_t header_size = strlen(header), size = 8 + header_size + data_size;
    unsigned char *bytes = calloc(size, 1);
    if (!bytes)
        abort();
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(length >> 8 * i);
    memcpy(bytes + 8, header, header_size);
    if (data)
        memcpy(bytes + 8 + header_size, data, data_size);
    file_write(path, bytes, size);
    free(bytes);
}

void safetensors_write(const char *path, const char *header, const void *data, size_t data_size)
{
    safetensors_write_parts(path, strlen(header), header, data, data_size);
}

dat_safetensors safetensors_open_good(const char *path)
{
    dat_safetensors file;
    dat_status status = dat_safetensors_open(path, &file);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    return file;
}
