#include "support/math_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

dat_math_dataset *math_sample(dat_math_module module, dat_math_level level)
{
    char path[512];
    dat_math_dataset *dataset;
    dat_status status =
        dat_math_path(DAT_SOURCE_DIR "/datasets/mathematics", module, level, path, sizeof path);
    assert_string_equal(status.message, "");
    status = dat_math_read(&(const char *){path}, 1, &dataset);
    assert_string_equal(status.message, "");
    return dataset;
}
