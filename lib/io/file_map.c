#include "io/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static dat_status map_descriptor(const char *path, int descriptor, dat_file_map *map)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0)
        return dat_failure("%.200s: cannot be examined: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dat_failure("%.200s: is not a regular file", path);
    if (info.st_size == 0) { /* which mmap refuses */
        map->bytes = "";
        return DAT_OK;
    }
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED)
        return dat_failure("%.200s: cannot be mapped into memory: %s", path, strerror(errno));
    *map = (dat_file_map){bytes, (int64_t)info.st_size};
    return DAT_OK;
}

dat_status dat_file_map_open(const char *path, dat_file_map *map)
{
    *map = (dat_file_map){0};
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return dat_failure("%.200s: cannot be opened: %s", path, strerror(errno));
    dat_status status = map_descriptor(path, descriptor, map);
    close(descriptor);
    return status;
}

void dat_file_map_close(dat_file_map *map)
{
    if (map->size > 0)
        munmap((void *)map->bytes, (size_t)map->size);
    *map = (dat_file_map){0};
}
