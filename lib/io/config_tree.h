/* YAML text as a tree of nodes that know where they stand, so that every later complaint can point there.
 * Only the plain core of YAML is read: scalars, lists and mappings. Anchors, aliases, tags and a second
 * document are refused, as are duplicate keys. Internal to lib/io/config. */
#ifndef DAT_IO_CONFIG_TREE_H
#define DAT_IO_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/status.h"

typedef enum dat_yaml_kind { DAT_YAML_SCALAR, DAT_YAML_LIST, DAT_YAML_MAPPING } dat_yaml_kind;

typedef struct dat_yaml_node dat_yaml_node;
struct dat_yaml_node {
    dat_yaml_kind kind;
    const char *origin;   /* a file's path, "--set KEY", ...: borrowed */
    size_t line, column;  /* from 1; 0 when the origin alone says where */
    char *text;           /* SCALAR: its value, UTF-8 */
    bool quoted;          /* SCALAR: not plain, so it is text even if it looks like a number */
    int64_t count;        /* LIST and MAPPING: number of items */
    dat_yaml_node *items; /* LIST and MAPPING */
    dat_yaml_node *keys;  /* MAPPING: `count` scalars */
};

/* Longest description of a node or excerpt of a text in a message, with the final NUL. */
enum { DAT_YAML_EXCERPT = 64 };

/* Reads YAML text of `length` bytes into `root`; no text at all gives an empty plain scalar. `origin` names
 * the text in messages and must outlive the tree; without `positions` it stands there alone. On success the
 * caller releases the tree with dat_yaml_free; on error it is empty. */
dat_status dat_yaml_parse(const char *text, size_t length, const char *origin, bool positions,
                          dat_yaml_node *root);

/* Releases what a node owns; harmless on a zeroed one. */
void dat_yaml_free(dat_yaml_node *node);

/* Whether a node is the empty plain scalar: `key:` with nothing behind it. */
bool dat_yaml_is_empty(const dat_yaml_node *node);

/* The item of a mapping with this key, or NULL. */
const dat_yaml_node *dat_yaml_find(const dat_yaml_node *mapping, const char *key);

/* A DAT_CODE_USAGE error at the node: "file:line:column: message". */
dat_status dat_yaml_error(const dat_yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text fit for a message: one line, shortened. */
void dat_yaml_excerpt(const char *text, char excerpt[DAT_YAML_EXCERPT]);

/* What a node is, for "expected ..., got ...": an excerpt of a scalar, "a list" or "a mapping". */
void dat_yaml_describe(const dat_yaml_node *node, char description[DAT_YAML_EXCERPT]);

#endif
