#include "util/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static dat_status format_status(dat_code code, const char *format, va_list arguments)
{
    dat_status status = {.code = code};
    vsnprintf(status.message, sizeof status.message, format, arguments);
    return status;
}

dat_status dat_failure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    dat_status status = format_status(DAT_CODE_FAILURE, format, arguments);
    va_end(arguments);
    return status;
}

dat_status dat_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    dat_status status = format_status(DAT_CODE_USAGE, format, arguments);
    va_end(arguments);
    return status;
}

dat_status dat_status_prefix(dat_status status, const char *format, ...)
{
    char prefix[256];
    va_list arguments;
    if (status.code == DAT_CODE_OK)
        return status;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    dat_status prefixed = {.code = status.code};
    snprintf(prefixed.message, sizeof prefixed.message, "%.200s: %.300s", prefix, status.message);
    return prefixed;
}

_Noreturn void dat_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: internal error: %s does not hold\n", file, line, condition);
    abort();
}
