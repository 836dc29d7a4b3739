#include "nn/choice.h"

#include <stddef.h>

dat_status dat_check_choice(const char *what, const char *option, int value, const char *const *names)
{
    int count = 0;
    while (names[count])
        count++;
    if (value < 0 || value >= count)
        return dat_usage("%s: %s = %d must be one of 0 (%s) to %d (%s)", what, option, value, names[0],
                         count - 1, names[count - 1]);
    return DAT_OK;
}
