/* JSON values with one thing changed. */
#ifndef TESTS_SUPPORT_CHANGED_JSON_H
#define TESTS_SUPPORT_CHANGED_JSON_H

#include <jansson.h>

enum { JSON_MOST_KEYS = 5 };

/* The member at `keys` (which end with NULL; an array's index as a number) becomes `value` (JSON text), or
 * goes when it is NULL. */
typedef struct json_change {
    const char *keys[JSON_MOST_KEYS];
    const char *value;
    const char *part; /* of the message that refuses the change, for whoever expects one */
} json_change;

/* Changes `root`; aborts when the keys lead nowhere. */
void json_apply(json_t *root, const json_change *change);

#endif
