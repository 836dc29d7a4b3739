#include "train/experiment_options.h"

#include <getopt.h>
#include <string.h>

#include "util/arguments.h"
#include "util/memory.h"

enum { RUN = 1 << DAT_COMMAND_RUN, SWEEP = 1 << DAT_COMMAND_SWEEP, DESCRIBE = 1 << DAT_COMMAND_DESCRIBE };
enum { MOST_PROCESSES = 4096, MOST_SHARDS = 100000 };

static const struct {
    const char *name, *help;
} commands[DAT_N_COMMANDS] = {
    [DAT_COMMAND_RUN] = {"run", "Trains the one run that a config describes."},
    [DAT_COMMAND_SWEEP] =
        {"sweep", "Trains every run of a config that is not complete yet, in processes of their own."},
    [DAT_COMMAND_DESCRIBE] = {"describe", "Prints resolved configs, the models' parameters and their FLOPs."},
};

typedef enum flag_kind {
    FLAG_SET = DAT_ARGUMENT_FIRST,
    FLAG_PRESET,
    FLAG_THREADS,
    FLAG_JOBS,
    FLAG_SHARD,
    FLAG_DRY_RUN,
    FLAG_RESULTS,
    FLAG_RESUME,
    FLAG_QUIET,
    FLAG_HELP,
} flag_kind;

/* Parser and help read the same table. */
static const struct {
    const char *name, *value, *help;
    flag_kind kind;
    int commands;
} flags[] = {
    {"set", "KEY=VALUE", "give a key of the config another value; may be repeated", FLAG_SET,
     RUN | SWEEP | DESCRIBE},
    {"preset", "NAME", "apply an overlay of the config, such as quick", FLAG_PRESET, RUN | SWEEP | DESCRIBE},
    {"threads", "N", "threads to compute with (all cores)", FLAG_THREADS, RUN},
    {"jobs", "N", "runs at the same time (one per core)", FLAG_JOBS, SWEEP},
    {"shard", "I/N", "only the I-th of N parts of the runs, to share them among machines", FLAG_SHARD, SWEEP},
    {"dry-run", NULL, "list the runs and what is there of them", FLAG_DRY_RUN, SWEEP},
    {"results", "DIR", "folder of the run files (results)", FLAG_RESULTS, RUN | SWEEP},
    {"resume", NULL, "go on with an unfinished run, which is done anyway", FLAG_RESUME, RUN},
    {"quiet", NULL, "print only errors and the final summary", FLAG_QUIET, RUN | SWEEP},
    {"help", NULL, "print this help", FLAG_HELP, RUN | SWEEP | DESCRIBE},
};
enum { N_FLAGS = sizeof flags / sizeof flags[0] };

bool dat_command_find(const char *name, dat_command *command)
{
    for (int i = 0; i < DAT_N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            *command = (dat_command)i;
            return true;
        }
    return false;
}

static dat_status parse_shard(const char *text, dat_options *options)
{
    char first[16];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : 0;
    if (length == 0 || length >= sizeof first)
        return dat_usage("--shard needs I/N, such as 1/4, not \"%.40s\"", text);
    memcpy(first, text, length);
    first[length] = '\0';
    DAT_TRY(
        dat_argument_integer("--shard, behind the slash,", slash + 1, 1, MOST_SHARDS, &options->n_shards));
    return dat_argument_integer("--shard, before the slash,", first, 1, options->n_shards, &options->shard);
}

static dat_status apply_flag(flag_kind kind, const char *value, dat_options *options)
{
    switch (kind) {
    case FLAG_SET:
        options->overrides[options->n_overrides++] = value;
        return DAT_OK;
    case FLAG_PRESET:
        options->preset = value;
        return DAT_OK;
    case FLAG_THREADS:
        return dat_argument_integer("--threads", value, 1, MOST_PROCESSES, &options->threads);
    case FLAG_JOBS:
        return dat_argument_integer("--jobs", value, 1, MOST_PROCESSES, &options->jobs);
    case FLAG_SHARD:
        return parse_shard(value, options);
    case FLAG_DRY_RUN:
        options->dry_run = true;
        return DAT_OK;
    case FLAG_RESULTS:
        options->results = value;
        return *value ? DAT_OK : dat_usage("--results needs the name of a folder");
    case FLAG_RESUME:
        return DAT_OK;
    case FLAG_QUIET:
        options->quiet = true;
        return DAT_OK;
    case FLAG_HELP:
        options->help = true;
        return DAT_OK;
    }
    return DAT_OK;
}

/* The flags of one command for getopt_long. */
static void list_flags(dat_command command, struct option list[N_FLAGS + 1])
{
    int count = 0;
    for (int i = 0; i < N_FLAGS; i++)
        if (flags[i].commands & 1 << command)
            list[count++] = (struct option){flags[i].name, flags[i].value ? required_argument : no_argument,
                                            NULL, (int)flags[i].kind};
    list[count] = (struct option){0};
}

dat_status dat_options_parse(dat_command command, int argc, char **argv, dat_options *options)
{
    struct option list[N_FLAGS + 1];
    list_flags(command, list);
    *options = (dat_options){.command = command, .results = "results", .shard = 1, .n_shards = 1};
    options->overrides = dat_allocate((size_t)argc, sizeof options->overrides[0]);
    optind = 1;
    opterr = 0;
    int kind;
    while ((kind = getopt_long(argc, argv, ":h", list, NULL)) != -1) {
        if (kind == '?' || kind == ':')
            return dat_argument_refused(argv, kind);
        DAT_TRY(apply_flag(kind == 'h' ? FLAG_HELP : (flag_kind)kind, optarg, options));
    }
    if (options->help)
        return DAT_OK;
    if (optind == argc)
        return dat_usage("%s needs the config file to work on", commands[command].name);
    if (optind + 1 < argc)
        return dat_usage("%s takes one config file, and \"%.80s\" is a second", commands[command].name,
                         argv[optind + 1]);
    options->config = argv[optind];
    return DAT_OK;
}

void dat_options_print_usage(const char *program, const char *summary, FILE *stream)
{
    fprintf(stream, "%s: %s\n\nusage:\n", program, summary);
    for (int i = 0; i < DAT_N_COMMANDS; i++)
        fprintf(stream, "  %s %s CONFIG.yaml [flags]\n      %s\n", program, commands[i].name,
                commands[i].help);
    fprintf(stream,
            "\n"
            "  %s COMMAND --help    the flags of a command\n"
            "  %s --help-config     the keys of a config\n"
            "  %s --version\n"
            "\n"
            "Exit status: 0 done, 1 a run failed, 2 bad flags or config, 130 stopped by Ctrl-C or SIGTERM.\n",
            program, program, program);
}

void dat_options_print_help(const char *program, dat_command command, FILE *stream)
{
    fprintf(stream, "usage: %s %s CONFIG.yaml [flags]\n%s\n\n", program, commands[command].name,
            commands[command].help);
    for (int i = 0; i < N_FLAGS; i++) {
        char flag[40];
        snprintf(flag, sizeof flag, "--%s%s%s", flags[i].name, flags[i].value ? " " : "",
                 flags[i].value ? flags[i].value : "");
        if (flags[i].commands & 1 << command)
            fprintf(stream, "  %-16s  %s\n", flag, flags[i].help);
    }
    fprintf(stream, "\nThe keys of a config: %s --help-config\n", program);
}
