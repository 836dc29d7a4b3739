/* dat: looks at datasets and models, tries and converts language models, reports on results. Commands have
 * their own files. */
#include <stdio.h>
#include <string.h>

#include "build_info.h"
#include "commands.h"

static const char *const help =
    "Usage: dat COMMAND [ARGUMENT]...\n"
    "\n"
    "Commands:\n"
    "  convert [OPTION]...        a language model's run file as a folder, and back\n"
    "  data DATASET [OPTION]...   show examples and statistics of a dataset, or prepare it\n"
    "  eval [OPTION]... FILE      the loss of a language model on a text\n"
    "  generate [OPTION]...       continue a text with a language model\n"
    "  inspect WHAT [OPTION]...   look into a trained model\n"
    "  report [OPTION]...         make tables and figures from the run files in results/\n"
    "  tokenizer ACTION ...       encode text, decode token ids, train a tokenizer\n"
    "\n"
    "Options:\n"
    "  -h, --help                 show this help; `dat COMMAND --help` shows a command's\n"
    "  -V, --version              show the version\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"convert", command_convert},     {"data", command_data},       {"eval", command_eval},
    {"generate", command_generate},   {"inspect", command_inspect}, {"report", command_report},
    {"tokenizer", command_tokenizer},
};

/* A result that could not be printed is a failure. */
static int flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("dat: standard output");
    return status != 0 ? status : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, stdout);
        return flush(0);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("dat %s (%s)\n", DAT_VERSION, DAT_BUILD_COMMIT);
        return flush(0);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return flush(commands[i].run(argc - 1, argv + 1));
    fprintf(stderr,
            "dat: unknown command '%s', expected convert, data, eval, generate, inspect, report or "
            "tokenizer; see dat "
            "--help\n",
            argv[1]);
    return 2;
}
