/* Options that are one of a list of names. */
#ifndef DAT_NN_CHOICE_H
#define DAT_NN_CHOICE_H

#include "util/status.h"

/* Refuses a value that is not the index of one of `names`, which end with NULL; `what` and `option` name the
 * module and its option in the message. */
dat_status dat_check_choice(const char *what, const char *option, int value, const char *const *names);

#endif
