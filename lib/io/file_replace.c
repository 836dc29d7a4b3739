#include "io/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/folder.h"
#include "util/memory.h"

/* The folder that holds `path`; the caller frees it. */
static char *parent_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return dat_copy_string(".");
    if (slash == path)
        return dat_copy_string("/");
    char *folder = dat_copy_string(path);
    folder[slash - path] = '\0';
    return folder;
}

static bool write_fully(int descriptor, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        ssize_t written = write(descriptor, next, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        next += written;
        size -= (size_t)written;
    }
    return true;
}

/* Creates the file with all parts, on disk when this returns. */
static dat_status write_new_file(const char *path, const dat_file_part *parts, int n_parts)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return dat_failure("cannot create '%.200s': %s", path, strerror(errno));
    bool written = true;
    for (int i = 0; i < n_parts && written; i++)
        written = write_fully(descriptor, parts[i].bytes, parts[i].size);
    written = written && fsync(descriptor) == 0;
    int error = errno;
    if (close(descriptor) != 0 && written) { /* network file systems may report a full disk only here */
        written = false;
        error = errno;
    }
    return written ? DAT_OK : dat_failure("cannot write '%.200s': %s", path, strerror(error));
}

/* Makes a rename in the folder survive a power failure. Some file systems cannot and say EINVAL. */
static dat_status flush_folder(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return dat_failure("cannot open folder '%.200s': %s", folder, strerror(errno));
    dat_status status = DAT_OK;
    if (fsync(descriptor) != 0 && errno != EINVAL)
        status = dat_failure("cannot flush folder '%.200s': %s", folder, strerror(errno));
    close(descriptor);
    return status;
}

dat_status dat_file_replace(const char *path, const dat_file_part *parts, int n_parts)
{
    char *folder = parent_folder(path);
    size_t temporary_size = strlen(path) + sizeof ".tmp";
    char *temporary = dat_allocate(temporary_size, 1);
    snprintf(temporary, temporary_size, "%s.tmp", path);

    dat_status status = dat_create_parent_folders(path);
    if (status.code != DAT_CODE_OK)
        goto done;
    status = write_new_file(temporary, parts, n_parts);
    if (status.code == DAT_CODE_OK && rename(temporary, path) != 0)
        status = dat_failure("cannot replace '%.200s': %s", path, strerror(errno));
    if (status.code != DAT_CODE_OK) {
        unlink(temporary);
        goto done;
    }
    status = flush_folder(folder);
done:
    free(temporary);
    free(folder);
    return status;
}
