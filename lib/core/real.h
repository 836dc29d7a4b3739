/* The number type of tensors: float, or double in the build that checks gradients. */
#ifndef DAT_CORE_REAL_H
#define DAT_CORE_REAL_H

#include <math.h>

#ifdef DAT_DOUBLE
typedef double dat_real;
#define DAT_REAL(function) function
#define DAT_REAL_EPSILON   2.220446049250313e-16
#else
typedef float dat_real;
#define DAT_REAL(function) function##f /* DAT_REAL(exp)(x) is expf(x) */
#define DAT_REAL_EPSILON   1.1920929e-7
#endif

#endif
