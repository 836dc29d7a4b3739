/* The command line of the experiment programs. Internal to the driver. */
#ifndef DAT_TRAIN_EXPERIMENT_OPTIONS_H
#define DAT_TRAIN_EXPERIMENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/status.h"

typedef enum dat_command {
    DAT_COMMAND_RUN,
    DAT_COMMAND_SWEEP,
    DAT_COMMAND_DESCRIBE,
    DAT_N_COMMANDS
} dat_command;

/* One subcommand with its flags. Texts belong to argv. */
typedef struct dat_options {
    dat_command command;
    const char *config;
    const char *preset;     /* NULL: none */
    const char **overrides; /* KEY=VALUE of each --set */
    int n_overrides;
    const char *results;
    int64_t threads, jobs;   /* 0: as many as there are cores */
    int64_t shard, n_shards; /* shard 1..n_shards */
    bool dry_run, quiet, help;
} dat_options;

/* Finds a subcommand by name. */
bool dat_command_find(const char *name, dat_command *command);

/* Reads the flags of a subcommand, whose name is argv[0]. The caller frees options->overrides, also on error.
 */
dat_status dat_options_parse(dat_command command, int argc, char **argv, dat_options *options);

/* Help for the whole program, and for one subcommand. */
void dat_options_print_usage(const char *program, const char *summary, FILE *stream);
void dat_options_print_help(const char *program, dat_command command, FILE *stream);

#endif
