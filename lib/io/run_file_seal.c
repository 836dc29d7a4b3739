#include "io/run_file_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "util/memory.h"

#define FIRST_LINE "dat run file\n"

/* Larger files are refused before anything is allocated for them. */
static const int64_t max_file_size = INT64_C(64) << 30;

void dat_run_seal(const void *body, size_t size, char seal[DAT_RUN_SEAL_SIZE])
{
    memset(seal, 0, DAT_RUN_SEAL_SIZE);
    snprintf(seal, DAT_RUN_SEAL_SIZE, FIRST_LINE "bytes %020zu\nxxh3 %016" PRIx64 "\n",
             size + DAT_RUN_SEAL_SIZE, (uint64_t)XXH3_64bits(body, size));
}

/* Reads up to `size` bytes; fewer at the end of the file, -1 on error. */
static ssize_t read_fully(int descriptor, void *bytes, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(descriptor, (char *)bytes + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* Refuses what has no seal or another size than the seal says. `seal` ends with a zero byte. */
static dat_status check_size(const char *path, const char *seal, size_t seal_size, int64_t size)
{
    const size_t line = strlen(FIRST_LINE);
    if (memcmp(seal, FIRST_LINE, seal_size < line ? seal_size : line) != 0)
        return dat_failure(
            "'%.200s' is not a run file: it does not begin with \"dat run file\"; name a file that a "
            "run wrote",
            path);
    if (seal_size < DAT_RUN_SEAL_SIZE)
        return dat_failure("'%.200s' is truncated to %" PRId64 " bytes; delete it and run again", path, size);
    int64_t sealed_size = 0;
    if (sscanf(seal + line, "bytes %20" SCNd64, &sealed_size) != 1 || sealed_size != size)
        return dat_failure("'%.200s' has %" PRId64 " bytes but was written with %" PRId64
                           ": it is truncated or damaged; delete it and run again",
                           path, size, sealed_size);
    if (size > max_file_size)
        return dat_failure("'%.200s' has %" PRId64 " bytes; run files have at most %" PRId64, path, size,
                           max_file_size);
    return DAT_OK;
}

/* Reads the rest of the file behind its seal and checks the hash. */
static dat_status read_sealed(const char *path, int descriptor, const char *seal, size_t size,
                              unsigned char *bytes)
{
    memcpy(bytes, seal, DAT_RUN_SEAL_SIZE);
    unsigned char *body = bytes + DAT_RUN_SEAL_SIZE;
    size_t body_size = size - DAT_RUN_SEAL_SIZE;
    ssize_t got = read_fully(descriptor, body, body_size);
    if (got < 0)
        return dat_failure("cannot read '%.200s': %s", path, strerror(errno));
    char expected[DAT_RUN_SEAL_SIZE];
    dat_run_seal(body, (size_t)got, expected);
    if ((size_t)got != body_size || memcmp(seal, expected, DAT_RUN_SEAL_SIZE) != 0)
        return dat_failure(
            "'%.200s' is damaged or was changed after its run wrote it: its checksum does not match; "
            "delete it and run again",
            path);
    return DAT_OK;
}

dat_status dat_run_unseal(const char *path, unsigned char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    dat_status status = DAT_OK;
    char seal[DAT_RUN_SEAL_SIZE + 1] = {0}; /* one more: a text for sscanf whatever the file holds */
    struct stat info;
    ssize_t seal_size = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a pipe's writer */
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        status = dat_failure("cannot open run file '%.200s': %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        status = dat_failure("'%.200s' is not a run file: it is a folder or a device", path);
        goto done;
    }
    seal_size = read_fully(descriptor, seal, DAT_RUN_SEAL_SIZE);
    if (seal_size < 0) {
        status = dat_failure("cannot read '%.200s': %s", path, strerror(errno));
        goto done;
    }
    status = check_size(path, seal, (size_t)seal_size, info.st_size);
    if (status.code != DAT_CODE_OK)
        goto done;
    *size = (size_t)info.st_size;
    *bytes = dat_allocate(*size, 1);
    status = read_sealed(path, descriptor, seal, *size, *bytes);
done:
    if (descriptor >= 0)
        close(descriptor);
    if (status.code != DAT_CODE_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}
