/* JSON files, and objects whose members are read so that none can be overlooked. */
#ifndef DAT_IO_JSON_H
#define DAT_IO_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

/* A JSON file, refused when it is not JSON or a key stands twice. The caller releases it with json_decref;
 * NULL on error. */
dat_status dat_json_read(const char *path, json_t **json);

/* The same of a text in memory, which messages call `where`. */
dat_status dat_json_parse(const char *text, int64_t size, const char *where, json_t **json);

/* The members of an object that nobody asked for yet. Wrong types, missing members and, at the end, unknown
 * ones are errors; the first is kept, and the functions below then return their fallback. */
typedef struct dat_members {
    json_t *unread;     /* owned */
    const char *where;  /* names the object in messages */
    dat_status *status; /* the first error; may be shared with other objects */
} dat_members;

/* Begins to read `object` (borrowed; NULL and null are empty objects), which must have `required` members
 * (names that end with NULL; NULL for none). Release with dat_members_close. */
void dat_members_open(dat_members *members, const json_t *object, const char *const *required,
                      const char *where, dat_status *status);

/* Refuses the members that are left, and releases the reader. */
void dat_members_close(dat_members *members);

/* Takes a member out: NULL when it is missing or null. Valid as long as the object. */
const json_t *dat_member_take(dat_members *members, const char *key);

/* The value of a member; `fallback` when it is missing or null. */
int64_t dat_member_integer(dat_members *members, const char *key, int64_t fallback, int64_t minimum,
                           int64_t maximum);
double dat_member_number(dat_members *members, const char *key, double fallback, double minimum,
                         double maximum);
bool dat_member_flag(dat_members *members, const char *key, bool fallback);

/* The index of the member's text in `names`, which end with NULL. */
int dat_member_choice(dat_members *members, const char *key, const char *const *names, int fallback);

/* An object among the members. The caller closes it. */
void dat_member_object(dat_members *members, const char *key, const char *const *required,
                       dat_members *object);

#endif
