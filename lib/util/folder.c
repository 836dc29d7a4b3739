#include "util/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/memory.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* An existing folder is only looked at: mkdir may be refused where it could not write. */
static dat_status create_folder(const char *folder)
{
    int error = is_folder(folder) || mkdir(folder, 0777) == 0 ? 0 : errno;
    if (error == EEXIST && is_folder(folder)) /* another process was faster */
        error = 0;
    if (error)
        return dat_failure("cannot create folder '%.200s': %s", folder,
                           error == EEXIST ? "a file of that name is in the way" : strerror(error));
    return DAT_OK;
}

dat_status dat_create_parent_folders(const char *path)
{
    dat_status status = DAT_OK;
    char *folder = dat_copy_string(path);
    char *slash = folder;
    while (status.code == DAT_CODE_OK && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        status = create_folder(folder);
        *slash = '/';
    }
    free(folder);
    return status;
}

dat_status dat_create_folders(const char *folder)
{
    DAT_TRY(dat_create_parent_folders(folder));
    return create_folder(folder);
}

char *dat_path_in(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + sizeof "/";
    char *path = dat_allocate(size, 1);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}
