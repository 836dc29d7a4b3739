/* Tables of configs that must be refused: each is a config that works, with some members changed. */
#ifndef TESTS_SUPPORT_REFUSALS_H
#define TESTS_SUPPORT_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/params.h"

typedef enum value_kind { INTEGER, CHOICE, FLAG, REAL } value_kind;

/* A member of a config and the value it gets. */
typedef struct change {
    size_t offset;
    value_kind kind;
    double value;
} change;

enum { MOST_CHANGES = 3, MOST_FRAGMENTS = 3, LARGEST_CONFIG = 4096 };

typedef struct refusal {
    change changes[MOST_CHANGES];
    int n_changes;
    const char *expected[MOST_FRAGMENTS]; /* parts of the message */
} refusal;

/* Braces of initialisers, which the formatter takes for blocks. */
/* clang-format off */

/* `member` of CONFIG, which is the type of the config, and its value. */
#define KIND_OF(value) _Generic((value), int64_t: INTEGER, double: REAL, bool: FLAG, default: CHOICE)
#define SET(member, to) {offsetof(CONFIG, member), KIND_OF(((CONFIG *)0)->member), (to)}

/* One, two and three changes with what the message says. */
#define ONE(a, ...) {{a}, 1, {__VA_ARGS__}}
#define TWO(a, b, ...) {{a, b}, 2, {__VA_ARGS__}}
#define THREE(a, b, c, ...) {{a, b, c}, 3, {__VA_ARGS__}}

/* clang-format on */

/* Initialises a module and releases what it owns but its parameters. */
typedef dat_status init_function(dat_params *params, const void *config);

/* Fails unless the base config, of `size` bytes, is accepted and refused as a user's mistake with the changes
 * of every row. */
void expect_refusals(init_function *init, const void *base, size_t size, const refusal *rows, int n);

#define EXPECT_REFUSALS(init, base, rows)                                                                    \
    expect_refusals(init, &(base), sizeof(base), rows, (int)(sizeof(rows) / sizeof((rows)[0])))

#endif
