/* The arguments of a module, read so that none can be overlooked: closing the reader refuses every argument
 * that nobody asked for. */
#ifndef TESTS_GOLDEN_CHECK_ARGUMENTS_H
#define TESTS_GOLDEN_CHECK_ARGUMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/status.h"

/* What is to be said about a file besides its numbers. */
typedef enum golden_outcome { GOLDEN_FINE, GOLDEN_WRONG, GOLDEN_UNSUPPORTED } golden_outcome;

typedef struct golden_verdict {
    golden_outcome outcome;
    char text[512];
} golden_verdict;

/* Sets the verdict, unless there is one; what is unsupported takes precedence over what is wrong. */
void golden_wrong(golden_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
void golden_unsupported(golden_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the verdict to a failed status of the library. Returns true for a good one. */
bool golden_accept(golden_verdict *verdict, dat_status status);

typedef struct golden_arguments {
    json_t *unread; /* members that nobody asked for yet; owned */
    const char *where;
    golden_verdict *verdict;
} golden_arguments;

/* Reads the members of `object` (borrowed; NULL and null mean none). `where` names it in messages. */
void golden_arguments_open(golden_arguments *arguments, json_t *object, const char *where,
                           golden_verdict *verdict);

/* An argument that is left is an error. Releases the reader. */
void golden_arguments_close(golden_arguments *arguments);

/* The value of an argument; `fallback` when it is missing or null. A value of another type is an error. */
int64_t golden_integer(golden_arguments *arguments, const char *key, int64_t fallback);
double golden_number(golden_arguments *arguments, const char *key, double fallback);
bool golden_flag(golden_arguments *arguments, const char *key, bool fallback);

/* The index of the argument's text in `names` (which ends with NULL). */
int golden_choice(golden_arguments *arguments, const char *key, const char *const *names, int fallback);

/* Text that stays valid as long as the object; "" when it is missing or null. */
const char *golden_text(golden_arguments *arguments, const char *key);

/* A list of exactly `count` numbers; false (and an error) for anything else. */
bool golden_numbers(golden_arguments *arguments, const char *key, int count, double *values);

/* Opens an object among the arguments. The caller closes it. */
void golden_nested(golden_arguments *arguments, const char *key, golden_arguments *nested);

#endif
