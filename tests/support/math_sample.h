/* The mathematics problems that ship with the project. */
#ifndef TESTS_SUPPORT_MATH_SAMPLE_H
#define TESTS_SUPPORT_MATH_SAMPLE_H

#include "data/math.h"

/* The sample of a module and level. Ends the running cmocka test when it cannot be read. */
dat_math_dataset *math_sample(dat_math_module module, dat_math_level level);

#endif
