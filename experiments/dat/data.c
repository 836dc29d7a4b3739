/* dat data: looks at a dataset or prepares it. */
#include "data.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct {
    const char *name;
    dat_status (*show)(int argc, char **argv);
} datasets[] = {
    {"relational_games", data_relational_games},
    {"math", data_math},
    {"images", data_images},
    {"text", data_text},
};

dat_status data_choice(const char *option, const char *text, const char *const *names, int *choice)
{
    char known[256] = "";
    *choice = DATA_ALL;
    if (strcmp(text, "all") == 0)
        return DAT_OK;
    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *choice = i;
            return DAT_OK;
        }
        strncat(known, names[i], sizeof known - strlen(known) - 3);
        strcat(known, ", ");
    }
    return dat_usage("%s is '%s', expected %sor all", option, text, known);
}

int command_data(int argc, char **argv)
{
    static const char *const usage = "Usage: dat data relational_games [OPTION]...\n"
                                     "       dat data math [OPTION]...\n"
                                     "       dat data images [OPTION]...\n"
                                     "       dat data text --tokenizer T --out DIR [OPTION]... FILE...\n"
                                     "       dat data DATASET --help\n";
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 2) {
        fputs(usage, stderr);
        return 2;
    }
    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0]; i++) {
        if (strcmp(argv[1], datasets[i].name) != 0)
            continue;
        dat_status status = datasets[i].show(argc - 1, argv + 1);
        if (status.code != DAT_CODE_OK)
            fprintf(stderr, "dat data %s: %s\n", argv[1], status.message);
        return (int)status.code;
    }
    fprintf(stderr, "dat data: unknown dataset '%s', expected relational_games, math, images or text\n",
            argv[1]);
    return 2;
}
