#include "io/config_chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/config_words.h"
#include "util/memory.h"

enum { MAX_BYTES = 1 << 20 };

static dat_status read_text(dat_config_file *file, size_t *length)
{
    dat_status status = DAT_OK;
    struct stat facts;
    FILE *stream = fopen(file->path, "rb");
    if (!stream || fstat(fileno(stream), &facts) != 0) {
        status = dat_usage("cannot read %.200s: %s", file->path, strerror(errno));
        goto done;
    }
    file->device = facts.st_dev;
    file->inode = facts.st_ino;
    file->text = dat_allocate(MAX_BYTES + 2, 1);
    *length = fread(file->text, 1, MAX_BYTES + 1, stream);
    if (ferror(stream))
        status = dat_usage("cannot read %.200s: %s", file->path, strerror(errno));
    else if (*length > MAX_BYTES)
        status = dat_usage("%.200s is larger than %d bytes and cannot be a config", file->path, MAX_BYTES);
    file->text = dat_reallocate(file->text, *length + 1, 1);
    file->text[*length] = '\0';
done:
    if (stream)
        fclose(stream);
    return status;
}

/* Reads the file of file->path. */
static dat_status read_file(dat_config_file *file)
{
    size_t length = 0;
    DAT_TRY(read_text(file, &length));
    DAT_TRY(dat_yaml_parse(file->text, length, file->path, true, &file->root));
    char got[DAT_YAML_EXCERPT];
    dat_yaml_describe(&file->root, got);
    if (file->root.kind != DAT_YAML_MAPPING && !dat_yaml_is_empty(&file->root))
        return dat_yaml_error(&file->root, "a config is a mapping of keys to values, got %s", got);
    return DAT_OK;
}

/* The path that `name` means in the file at `from`; the caller frees it. */
static char *relative_path(const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    size_t folder = slash && name[0] != '/' ? (size_t)(slash - from) + 1 : 0;
    char *path = dat_allocate(folder + strlen(name) + 1, 1);
    memcpy(path, from, folder);
    strcpy(path + folder, name);
    return path;
}

/* Refuses the chain's last file when it stands in the chain already. */
static dat_status check_circle(const dat_config_chain *chain)
{
    const dat_config_file *last = &chain->files[chain->count - 1];
    char circle[300] = "";
    for (const dat_config_file *file = chain->files; file != last; ++file) {
        if (circle[0] || (file->device == last->device && file->inode == last->inode)) {
            dat_text_append(circle, sizeof circle, file->path);
            dat_text_append(circle, sizeof circle, " -> ");
        }
    }
    return circle[0] ? dat_usage("files inherit in a circle: %s%s", circle, last->path) : DAT_OK;
}

static dat_status add_file(dat_config_chain *chain, char *path)
{
    chain->files = dat_reallocate(chain->files, (size_t)chain->count + 1, sizeof *chain->files);
    dat_config_file *file = &chain->files[chain->count++];
    *file = (dat_config_file){.path = path};
    DAT_TRY(read_file(file));
    return check_circle(chain);
}

dat_status dat_config_chain_read(const char *path, dat_config_chain *chain)
{
    *chain = (dat_config_chain){0};
    dat_status status = add_file(chain, dat_copy_string(path));
    while (status.code == DAT_CODE_OK) {
        const dat_config_file *file = &chain->files[chain->count - 1];
        const dat_yaml_node *inherit = dat_yaml_find(&file->root, "inherit");
        if (!inherit)
            return DAT_OK;
        if (inherit->kind != DAT_YAML_SCALAR || inherit->text[0] == '\0') {
            char got[DAT_YAML_EXCERPT];
            dat_yaml_describe(inherit, got);
            status = dat_yaml_error(inherit, "inherit: expected the path of a config, got %s", got);
            break;
        }
        dat_yaml_node place = *inherit;
        status = add_file(chain, relative_path(file->path, inherit->text));
        if (status.code != DAT_CODE_OK)
            status = dat_yaml_error(&place, "inherit: %s", status.message);
    }
    dat_config_chain_free(chain);
    return status;
}

void dat_config_chain_free(dat_config_chain *chain)
{
    for (int64_t i = 0; i < chain->count; ++i) {
        dat_yaml_free(&chain->files[i].root);
        free(chain->files[i].path);
        free(chain->files[i].text);
    }
    free(chain->files);
    *chain = (dat_config_chain){0};
}
