/* Folders. */
#ifndef DAT_UTIL_FOLDER_H
#define DAT_UTIL_FOLDER_H

#include "util/status.h"

/* Creates a folder and the folders above it. Existing ones are fine. */
dat_status dat_create_folders(const char *folder);

/* Creates the folder that is to hold the file `path` (not empty), and the folders above it. Existing ones are
 * fine. */
dat_status dat_create_parent_folders(const char *path);

/* "<folder>/<name>"; the caller releases it with free(). */
char *dat_path_in(const char *folder, const char *name);

#endif
