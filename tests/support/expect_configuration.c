#include "support/expect_configuration.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/memory.h"
#include "util/parallel.h"

int open_configuration_tape(void **state)
{
    dat_tape *tape = dat_allocate(1, sizeof *tape);
    *state = tape;
    int code = (int)dat_tape_init(tape, (size_t)1 << 26).code;
    tape->training = false;
    dat_parallel_set_threads(1); /* nothing here is worth a second one */
    return code;
}

int close_configuration_tape(void **state)
{
    dat_tape_free(*state);
    free(*state);
    return 0;
}

void expect_close(const random_configuration *c, const char *what, const dat_real *a, const dat_real *b,
                  int64_t count)
{
    char text[CONFIGURATION_TEXT_SIZE];
    double scale = 1;
    for (int64_t i = 0; i < count; i++)
        scale = fmax(scale, fabs((double)b[i]));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= CONFIGURATION_TOLERANCE * scale))
            fail_msg("configuration %s: %s %" PRId64 " of %" PRId64 ": %.17g is not %.17g",
                     describe_configuration(c, text), what, i, count, (double)a[i], (double)b[i]);
}

void expect_bits(const random_configuration *c, const char *what, const dat_real *a, const dat_real *b,
                 int64_t count)
{
    char text[CONFIGURATION_TEXT_SIZE];
    if (memcmp(a, b, (size_t)count * sizeof a[0]) != 0)
        fail_msg("configuration %s: %s", describe_configuration(c, text), what);
}

void expect_at_least(const char *what, int64_t count, int64_t least)
{
    print_message("%s: %" PRId64 " of %d configurations\n", what, count, N_CONFIGURATIONS);
    if (count < least)
        fail_msg("%s: %" PRId64 " configurations, expected at least %" PRId64, what, count, least);
}
