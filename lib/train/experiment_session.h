/* What the subcommands of an experiment program share. Internal to the driver. */
#ifndef DAT_TRAIN_EXPERIMENT_SESSION_H
#define DAT_TRAIN_EXPERIMENT_SESSION_H

#include "train/experiment.h"
#include "train/experiment_options.h"
#include "train/experiment_run.h"

enum { DAT_EXIT_STOPPED = 130 }; /* 128 + SIGINT, as shells say it */

/* A parsed command line with its loaded and checked config. */
typedef struct dat_session {
    const dat_experiment *experiment;
    dat_options options;
    dat_config config;
    char *overrides; /* --preset and --set as written, one a line */
} dat_session;

/* The task of one of the config's runs; borrows from the session. */
dat_task dat_session_task(const dat_session *session, int64_t run);

/* Name of a run for people: its label, or its id when the config has no sweep. */
const char *dat_run_title(const dat_run_config *run);

/* Prints "PROGRAM: message" on stderr and returns the exit status that belongs to it. */
int dat_session_fail(const dat_session *session, dat_status status);

/* The subcommands; each returns the program's exit status. */
int dat_session_run(const dat_session *session);
int dat_session_sweep(const dat_session *session);
int dat_session_describe(const dat_session *session);

#endif
