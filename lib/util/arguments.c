#include "util/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

dat_status dat_argument_integer(const char *flag, const char *text, int64_t minimum, int64_t maximum,
                                int64_t *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool is_number = isdigit((unsigned char)text[text[0] == '-']) && *end == '\0' && errno == 0;
    if (!is_number || number < minimum || number > maximum)
        return dat_usage("%s needs a whole number from %" PRId64 " to %" PRId64 ", not \"%.40s\"", flag,
                         minimum, maximum, text);
    *value = number;
    return DAT_OK;
}

dat_status dat_argument_number(const char *flag, const char *text, double minimum, double maximum,
                               double *value)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= minimum && number <= maximum))
        return dat_usage("%s needs a number from %g to %g, not \"%.40s\"", flag, minimum, maximum, text);
    *value = number;
    return DAT_OK;
}

dat_status dat_argument_refused(char *const *argv, int result)
{
    const char *word = argv[optind - 1];
    if (result == ':')
        return dat_usage("%.60s needs a value", word);
    if (optopt >= DAT_ARGUMENT_FIRST)
        return dat_usage("%.*s takes no value", (int)strcspn(word, "="), word);
    if (optopt != 0)
        return dat_usage("unknown flag -%c", optopt);
    return dat_usage("unknown or ambiguous flag %.60s", word);
}
