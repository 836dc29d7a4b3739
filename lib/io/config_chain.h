/* A config file and the files it inherits from. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_CHAIN_H
#define DAT_IO_CONFIG_CHAIN_H

#include <sys/types.h>

#include "io/config_tree.h"

/* One file, read and parsed but not checked against a schema. */
typedef struct dat_config_file {
    char *path;
    char *text;
    dat_yaml_node root; /* a mapping, or empty */
    dev_t device;       /* with the inode: which file it is, whatever its path */
    ino_t inode;
} dat_config_file;

/* The files from the one asked for (first) to the most basic one (last). */
typedef struct dat_config_chain {
    dat_config_file *files;
    int64_t count;
} dat_config_chain;

/* Reads a file and, by `inherit:`, those below it. A path is relative to the file that names it. On success
 * the caller releases the chain with dat_config_chain_free; on error it is empty. */
dat_status dat_config_chain_read(const char *path, dat_config_chain *chain);

void dat_config_chain_free(dat_config_chain *chain);

#endif
