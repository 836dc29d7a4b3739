#include "support/close.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int is_close(double a, double b, double tolerance)
{
    double scale = fabs(b) > 1 ? fabs(b) : 1;
    return fabs(a - b) <= tolerance * scale;
}

void assert_close_at(double a, double b, double tolerance, const char *file, int line)
{
    if (is_close(a, b, tolerance))
        return;
    print_error("%.17g is not %.17g within %g\n", a, b, tolerance);
    _fail(file, line);
}

void assert_all_close_at(const dat_real *a, const dat_real *b, int64_t count, double tolerance,
                         const char *file, int line)
{
    for (int64_t i = 0; i < count; i++) {
        if (is_close((double)a[i], (double)b[i], tolerance))
            continue;
        print_error("value %" PRId64 " of %" PRId64 ": %.17g is not %.17g within %g\n", i, count,
                    (double)a[i], (double)b[i], tolerance);
        _fail(file, line);
    }
}

void assert_same_bits_at(const dat_real *a, const dat_real *b, int64_t count, const char *file, int line)
{
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(a + i, b + i, sizeof a[0]) == 0)
            continue;
        print_error("value %" PRId64 " of %" PRId64 ": %.17g and %.17g differ in their bits\n", i, count,
                    (double)a[i], (double)b[i]);
        _fail(file, line);
    }
}

void assert_all_finite_at(const dat_real *a, int64_t count, const char *file, int line)
{
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(a[i]))
            continue;
        print_error("value %" PRId64 " of %" PRId64 " is %g\n", i, count, (double)a[i]);
        _fail(file, line);
    }
}
