#include "io/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file_map.h"

dat_status dat_json_parse(const char *text, int64_t size, const char *where, json_t **json)
{
    json_error_t error;
    *json = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &error);
    return *json ? DAT_OK : dat_failure("%.200s:%d:%d: %.200s", where, error.line, error.column, error.text);
}

dat_status dat_json_read(const char *path, json_t **json)
{
    dat_file_map map;
    *json = NULL;
    DAT_TRY(dat_file_map_open(path, &map));
    dat_status status = dat_json_parse(map.bytes, map.size, path, json);
    dat_file_map_close(&map);
    return status;
}

static void refuse(const dat_members *members, dat_status status)
{
    if (members->status->code == DAT_CODE_OK)
        *members->status = status;
}

/* Says that a member has not the `expected` value. */
static void refuse_value(const dat_members *members, const char *key, const json_t *value,
                         const char *expected)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    refuse(members, dat_failure("\"%.60s\" of %.80s is %.60s, expected %s", key, members->where,
                                text ? text : "unprintable", expected));
    free(text);
}

void dat_members_open(dat_members *members, const json_t *object, const char *const *required,
                      const char *where, dat_status *status)
{
    *members = (dat_members){json_object(), where, status};
    if (json_is_object(object))
        json_object_update(members->unread, (json_t *)object);
    else if (object && !json_is_null(object))
        refuse(members, dat_failure("%.80s is no JSON object", where));
    for (int i = 0; required && required[i]; i++)
        if (!json_object_get(members->unread, required[i]))
            refuse(members, dat_failure("\"%s\" of %.80s is missing", required[i], where));
}

void dat_members_close(dat_members *members)
{
    char list[256] = "";
    size_t used = 0;
    const char *key;
    json_t *value;
    json_object_foreach(members->unread, key, value)
    {
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%.60s\"", used ? ", " : "", key);
    }
    if (used > 0)
        refuse(members, dat_failure("%.80s has unknown members: %s", members->where, list));
    json_decref(members->unread);
    members->unread = NULL;
}

/* The object that was opened keeps the value. */
const json_t *dat_member_take(dat_members *members, const char *key)
{
    const json_t *value = json_object_get(members->unread, key);
    json_object_del(members->unread, key);
    return json_is_null(value) ? NULL : value;
}

int64_t dat_member_integer(dat_members *members, const char *key, int64_t fallback, int64_t minimum,
                           int64_t maximum)
{
    const json_t *value = dat_member_take(members, key);
    json_int_t number = json_integer_value(value);
    char expected[80];
    if (!value)
        return fallback;
    if (json_is_integer(value) && number >= minimum && number <= maximum)
        return number;
    snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64, minimum, maximum);
    refuse_value(members, key, value, expected);
    return fallback;
}

double dat_member_number(dat_members *members, const char *key, double fallback, double minimum,
                         double maximum)
{
    const json_t *value = dat_member_take(members, key);
    double number = json_number_value(value);
    char expected[80];
    if (!value)
        return fallback;
    if (json_is_number(value) && number >= minimum && number <= maximum)
        return number;
    snprintf(expected, sizeof expected, "a number from %g to %g", minimum, maximum);
    refuse_value(members, key, value, expected);
    return fallback;
}

bool dat_member_flag(dat_members *members, const char *key, bool fallback)
{
    const json_t *value = dat_member_take(members, key);
    if (!value)
        return fallback;
    if (!json_is_boolean(value))
        refuse_value(members, key, value, "true or false");
    return json_is_true(value);
}

int dat_member_choice(dat_members *members, const char *key, const char *const *names, int fallback)
{
    const json_t *value = dat_member_take(members, key);
    const char *text = json_string_value(value);
    char expected[160] = "one of";
    if (!value)
        return fallback;
    for (int i = 0; names[i]; i++) {
        if (text && strcmp(names[i], text) == 0)
            return i;
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s%s", i > 0 ? ", " : " ", names[i]);
    }
    refuse_value(members, key, value, expected);
    return fallback;
}

void dat_member_object(dat_members *members, const char *key, const char *const *required,
                       dat_members *object)
{
    dat_members_open(object, dat_member_take(members, key), required, key, members->status);
}
