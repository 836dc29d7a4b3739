/* What command lines need beyond getopt_long: values checked in full, and refusals as a dat_status. */
#ifndef DAT_UTIL_ARGUMENTS_H
#define DAT_UTIL_ARGUMENTS_H

#include <stdint.h>

#include "util/status.h"

/* The values that getopt_long returns for long flags begin here, apart from all characters. */
enum { DAT_ARGUMENT_FIRST = 256 };

/* Reads a whole decimal number from `minimum` to `maximum`, the value of `flag` ("--jobs"). */
dat_status dat_argument_integer(const char *flag, const char *text, int64_t minimum, int64_t maximum,
                                int64_t *value);

/* The same for a number that need not be whole. */
dat_status dat_argument_number(const char *flag, const char *text, double minimum, double maximum,
                               double *value);

/* Says what is wrong after getopt_long has returned `result`, '?' or ':'. The flags' values must begin at
 * DAT_ARGUMENT_FIRST, the short options with ':', and opterr must be 0. */
dat_status dat_argument_refused(char *const *argv, int result);

#endif
