/* Files as memory: read-only, paged in by the system when they are looked at. */
#ifndef DAT_IO_FILE_MAP_H
#define DAT_IO_FILE_MAP_H

#include <stdint.h>

#include "util/status.h"

typedef struct dat_file_map {
    const char *bytes; /* not terminated; never NULL in an open map */
    int64_t size;
} dat_file_map;

/* Maps a regular file, which must not be cut short while it is in use. On error `map` is empty. The caller
 * releases it with dat_file_map_close. */
dat_status dat_file_map_open(const char *path, dat_file_map *map);

/* Harmless on an empty one. */
void dat_file_map_close(dat_file_map *map);

#endif
