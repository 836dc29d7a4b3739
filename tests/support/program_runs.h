/* Runs of an experiment program with the config c.yaml of the working folder, and what they leave. */
#ifndef TESTS_SUPPORT_PROGRAM_RUNS_H
#define TESTS_SUPPORT_PROGRAM_RUNS_H

#include "io/run_file.h"
#include "support/launch.h"

/* Of a run file. */
typedef struct program_path {
    char text[256];
} program_path;

/* Starts `run c.yaml` with one thread and the results in `folder`; `prepare` as of launch_program. */
launch program_start(const char *program, const char *folder, void (*prepare)(void));

/* The same, to its end. The caller frees the result. */
launch_end *program_finish(const char *program, const char *folder);

/* The path of the run file that a program says it completed; its end must be a good one, and is freed. */
program_path program_completed(launch_end *end);

/* program_finish, which must end well; returns the path of the run file. */
program_path program_complete(const char *program, const char *folder);

/* Waits until the file at `path` has been replaced `times` times; gives up after five seconds. */
void program_wait_for_saves(const char *path, int times);

/* The path that a reference run's file has in another folder of results. */
program_path program_path_in(const char *folder, const program_path *reference);

/* Kills a run six times on its way, in the folder killed; it must then end as the reference run did. */
void program_kill_and_resume(const char *program, const program_path *reference, int least_series);

/* Reads a run file, with its checkpoint. The caller frees the run. */
dat_run program_load(const char *path);

/* Asserts that two complete runs have the same parameters, summary and series, of which there are at least
 * `least_series`, but for times. */
void program_expect_same_run(const char *path, const char *reference, int least_series);

/* Runs with one thread and with two, in the folders one and two, and asserts that they end the same. */
void program_expect_threads_do_not_matter(const char *program, int least_series);

/* Asserts that `run c.yaml --set <change>` ends with this status, one line on stderr that holds `error`, and
 * no run file. */
void program_expect_refusal(const char *program, const char *change, int status, const char *error);
void program_expect_no_run_files(const char *program);

#endif
