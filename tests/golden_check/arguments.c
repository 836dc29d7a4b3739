#include "golden_check/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void set_verdict(golden_verdict *verdict, golden_outcome outcome,
                                                              const char *format, va_list arguments)
{
    if (verdict->outcome >= outcome)
        return;
    verdict->outcome = outcome;
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
}

void golden_wrong(golden_verdict *verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_verdict(verdict, GOLDEN_WRONG, format, arguments);
    va_end(arguments);
}

void golden_unsupported(golden_verdict *verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_verdict(verdict, GOLDEN_UNSUPPORTED, format, arguments);
    va_end(arguments);
}

bool golden_accept(golden_verdict *verdict, dat_status status)
{
    if (status.code != DAT_CODE_OK)
        golden_wrong(verdict, "the library says: %s", status.message);
    return status.code == DAT_CODE_OK;
}

void golden_arguments_open(golden_arguments *arguments, json_t *object, const char *where,
                           golden_verdict *verdict)
{
    *arguments = (golden_arguments){.unread = json_object(), .where = where, .verdict = verdict};
    if (json_is_object(object))
        json_object_update(arguments->unread, object);
    else if (object && !json_is_null(object))
        golden_wrong(verdict, "%s is not an object", where);
}

void golden_arguments_close(golden_arguments *arguments)
{
    void *left = json_object_iter(arguments->unread);
    if (left)
        golden_wrong(arguments->verdict, "argument '%s' of %s is unknown to this checker",
                     json_object_iter_key(left), arguments->where);
    json_decref(arguments->unread);
    arguments->unread = NULL;
}

/* Takes an argument out of the unread ones, NULL for a missing one or null. The object that was opened keeps
 * it. */
static json_t *take(golden_arguments *arguments, const char *key)
{
    json_t *value = json_object_get(arguments->unread, key);
    json_object_del(arguments->unread, key);
    return json_is_null(value) ? NULL : value;
}

static void wrong_type(golden_arguments *arguments, const char *key, const char *expected)
{
    golden_wrong(arguments->verdict, "argument '%s' of %s is not %s", key, arguments->where, expected);
}

int64_t golden_integer(golden_arguments *arguments, const char *key, int64_t fallback)
{
    json_t *value = take(arguments, key);
    if (value && !json_is_integer(value))
        wrong_type(arguments, key, "an integer");
    return value ? json_integer_value(value) : fallback;
}

double golden_number(golden_arguments *arguments, const char *key, double fallback)
{
    json_t *value = take(arguments, key);
    if (value && !json_is_number(value))
        wrong_type(arguments, key, "a number");
    return value ? json_number_value(value) : fallback;
}

bool golden_flag(golden_arguments *arguments, const char *key, bool fallback)
{
    json_t *value = take(arguments, key);
    if (value && !json_is_boolean(value))
        wrong_type(arguments, key, "true or false");
    return value ? json_is_true(value) : fallback;
}

const char *golden_text(golden_arguments *arguments, const char *key)
{
    json_t *value = take(arguments, key);
    if (value && !json_is_string(value))
        wrong_type(arguments, key, "a string");
    return json_is_string(value) ? json_string_value(value) : "";
}

int golden_choice(golden_arguments *arguments, const char *key, const char *const *names, int fallback)
{
    const char *text = golden_text(arguments, key);
    if (!text[0])
        return fallback;
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    golden_wrong(arguments->verdict, "argument '%s' of %s has the unknown value '%s'", key, arguments->where,
                 text);
    return fallback;
}

bool golden_numbers(golden_arguments *arguments, const char *key, int count, double *values)
{
    const json_t *list = take(arguments, key);
    bool good = json_array_size(list) == (size_t)count;
    for (int i = 0; i < count && good; i++) {
        good = json_is_number(json_array_get(list, (size_t)i));
        values[i] = json_number_value(json_array_get(list, (size_t)i));
    }
    if (!good)
        golden_wrong(arguments->verdict, "argument '%s' of %s is not a list of %d numbers", key,
                     arguments->where, count);
    return good;
}

void golden_nested(golden_arguments *arguments, const char *key, golden_arguments *nested)
{
    golden_arguments_open(nested, take(arguments, key), key, arguments->verdict);
}
