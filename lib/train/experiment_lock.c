#include "train/experiment_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/folder.h"
#include "util/memory.h"

/* Whether the open file is the one at `path`: an earlier holder may have removed it between open and flock.
 */
static bool is_at(int descriptor, const char *path)
{
    struct stat opened, found;
    return fstat(descriptor, &opened) == 0 && stat(path, &found) == 0 && opened.st_ino == found.st_ino &&
           opened.st_dev == found.st_dev;
}

static dat_status try_lock(const char *path, int *descriptor, bool *busy)
{
    *busy = false;
    for (;;) {
        *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (*descriptor < 0)
            return dat_failure("cannot create lock file '%.200s': %s", path, strerror(errno));
        int result = flock(*descriptor, LOCK_EX | LOCK_NB), error = errno;
        if (result == 0 && is_at(*descriptor, path))
            return DAT_OK;
        close(*descriptor);
        if (result != 0 && error == EWOULDBLOCK) {
            *busy = true;
            return DAT_OK;
        }
        if (result != 0 && error != EINTR)
            return dat_failure("cannot lock '%.200s': %s", path, strerror(error));
    }
}

dat_status dat_run_lock_take(const char *run_path, dat_run_lock *lock, bool *busy)
{
    DAT_TRY(dat_create_parent_folders(run_path));
    size_t size = strlen(run_path) + sizeof ".lock";
    char *path = dat_allocate(size, 1);
    snprintf(path, size, "%s.lock", run_path);
    int descriptor = -1;
    dat_status status = try_lock(path, &descriptor, busy);
    if (status.code == DAT_CODE_OK && !*busy)
        *lock = (dat_run_lock){descriptor, path};
    else
        free(path);
    return status;
}

void dat_run_lock_release(dat_run_lock *lock)
{
    unlink(lock->path);
    close(lock->descriptor);
    free(lock->path);
    *lock = (dat_run_lock){.descriptor = -1};
}
