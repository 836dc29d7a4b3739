/* Errors as values. A function that can fail for a reason outside the program (a file, a config, a disk)
 * returns a dat_status; broken invariants of the program itself are DAT_ASSERT. The library never prints
 * and never exits. */
#ifndef DAT_UTIL_STATUS_H
#define DAT_UTIL_STATUS_H

#include <stdbool.h>

typedef enum dat_code {
    DAT_CODE_OK = 0,
    DAT_CODE_FAILURE = 1, /* the world failed: missing or corrupt file, full disk; exit status 1 */
    DAT_CODE_USAGE = 2,   /* the user asked for something impossible: bad flag or config; exit status 2 */
} dat_code;

/* A result by value: one sentence that says what, where, what was expected and what to do. */
typedef struct dat_status {
    dat_code code;
    char message[508];
} dat_status;

#define DAT_OK ((dat_status){.code = DAT_CODE_OK})

/* An error with a printf-style message; a longer one is cut. */
dat_status dat_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
dat_status dat_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same error with "prefix: " in front, to say where it happened; DAT_OK stays. */
dat_status dat_status_prefix(dat_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns from the calling function when `expression` is an error. */
#define DAT_TRY(expression)                                                                                  \
    do {                                                                                                     \
        dat_status dat_try_status_ = (expression);                                                           \
        if (dat_try_status_.code != DAT_CODE_OK)                                                             \
            return dat_try_status_;                                                                          \
    } while (0)

/* A broken invariant of the program: says where and aborts, in every build. Never for a user's mistake. */
#define DAT_ASSERT(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            dat_assert_failed(#condition, __FILE__, __LINE__);                                               \
    } while (0)
_Noreturn void dat_assert_failed(const char *condition, const char *file, int line);

#endif
