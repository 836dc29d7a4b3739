#include "support/changed_json.h"

#include <stdlib.h>

void json_apply(json_t *root, const json_change *change)
{
    json_t *at = root;
    int i = 0;
    for (; change->keys[i + 1]; i++)
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(change->keys[i]))
                               : json_object_get(at, change->keys[i]);
    json_t *value = change->value ? json_loads(change->value, JSON_DECODE_ANY, NULL) : NULL;
    if (!at || (change->value && !value))
        abort();
    if (json_is_array(at))
        json_array_set_new(at, (size_t)atoi(change->keys[i]), value);
    else if (value)
        json_object_set_new(at, change->keys[i], value);
    else
        json_object_del(at, change->keys[i]);
}
