/* Assertions about random configurations; they end the running cmocka test and name the configuration. */
#ifndef TESTS_SUPPORT_EXPECT_CONFIGURATION_H
#define TESTS_SUPPORT_EXPECT_CONFIGURATION_H

#include "support/random_configuration.h"

/* Configurations that every property is tried on. */
enum { N_CONFIGURATIONS = 800 };

#ifdef DAT_DOUBLE
#define CONFIGURATION_TOLERANCE 1e-10
#else
#define CONFIGURATION_TOLERANCE 1e-4 /* norms over as few as four values magnify what rounding leaves */
#endif

/* cmocka setup and teardown: the state is a tape that does not train. */
int open_configuration_tape(void **state);
int close_configuration_tape(void **state);

/* Equal up to rounding at the size of the largest value. */
void expect_close(const random_configuration *c, const char *what, const dat_real *a, const dat_real *b,
                  int64_t count);

/* Equal bits. */
void expect_bits(const random_configuration *c, const char *what, const dat_real *a, const dat_real *b,
                 int64_t count);

/* Prints how many configurations a property held for, and fails if they are fewer than `least`: no filter may
 * leave a property without any. */
void expect_at_least(const char *what, int64_t count, int64_t least);

#endif
