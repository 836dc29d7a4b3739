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

void dat_file_sink_write(dat_file_sink *sink, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0 && sink->error == 0) {
        ssize_t written = write(sink->descriptor, next, size);
        if (written >= 0) {
            next += written;
            size -= (size_t)written;
        } else if (errno != EINTR) {
            sink->error = errno;
        }
    }
}

typedef void file_producer(dat_file_sink *sink, const void *context);

/* Creates the file with all its content, on disk when this returns. */
static dat_status write_new_file(const char *path, file_producer *produce, const void *context)
{
    dat_file_sink sink = {.descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (sink.descriptor < 0)
        return dat_failure("cannot create '%.200s': %s", path, strerror(errno));
    produce(&sink, context);
    if (sink.error == 0 && fsync(sink.descriptor) != 0)
        sink.error = errno;
    /* Network file systems may report a full disk only when a file is closed. */
    if (close(sink.descriptor) != 0 && sink.error == 0)
        sink.error = errno;
    return sink.error == 0 ? DAT_OK : dat_failure("cannot write '%.200s': %s", path, strerror(sink.error));
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

dat_status dat_file_replace_by(const char *path, file_producer *produce, const void *context)
{
    char *folder = parent_folder(path);
    size_t temporary_size = strlen(path) + sizeof ".tmp";
    char *temporary = dat_allocate(temporary_size, 1);
    snprintf(temporary, temporary_size, "%s.tmp", path);

    dat_status status = dat_create_parent_folders(path);
    if (status.code != DAT_CODE_OK)
        goto done;
    status = write_new_file(temporary, produce, context);
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

typedef struct part_list {
    const dat_file_part *parts;
    int count;
} part_list;

static void write_parts(dat_file_sink *sink, const void *context)
{
    const part_list *list = context;
    for (int i = 0; i < list->count; i++)
        dat_file_sink_write(sink, list->parts[i].bytes, list->parts[i].size);
}

dat_status dat_file_replace(const char *path, const dat_file_part *parts, int n_parts)
{
    return dat_file_replace_by(path, write_parts, &(part_list){parts, n_parts});
}
