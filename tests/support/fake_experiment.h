/* An experiment that trains nothing but does all that a run does: series, checkpoints, stops, failures and
 * crashes, as its config says; and a trace file of when its runs began and ended. */
#ifndef TESTS_SUPPORT_FAKE_EXPERIMENT_H
#define TESTS_SUPPORT_FAKE_EXPERIMENT_H

#include "support/launch.h"
#include "train/experiment.h"

/* Keys: behaviour (succeed, fail, crash, deaf: does not hear the stop flag, stop: sends itself SIGTERM at
 * once), steps, milliseconds (of a step),
 * seed (13 is refused), trace (path). Series train/loss, summary accuracy/fake. */
extern const dat_experiment fake_experiment;

/* The loss of a step. */
double fake_loss(int64_t seed, int64_t step);

/* main of a program with this experiment. */
int fake_main(int argc, char **argv);

/* Number of lines in the trace that begin with `word` ("start", "step", "end"), and the most runs at any one
 * time. */
int fake_trace_count(const char *path, const char *word);
int fake_trace_most_at_once(const char *path);

/* A scratch folder, which becomes the working folder, with `config` written to c.yaml; cmocka setup and
 * teardown. */
int fake_folder_enter(void **state);
int fake_folder_leave(void **state);
void fake_write_config(const char *config);

/* Runs the program with these arguments (the last NULL) and waits for it. The caller frees the result. */
launch_end *fake_call(const char *const *arguments);

/* Asserts about an end, and frees it: exit status, and a fragment that the output holds or NULL. */
void fake_expect(launch_end *end, int status, const char *out, const char *err);

#define FAKE_CALL(...) fake_call((const char *const[]){"fake", __VA_ARGS__, NULL})

/* Asserts that a run file is complete and holds every loss from the first step to the last. */
void fake_expect_complete(const char *path, int64_t seed, int64_t steps);

/* Path of the run file of a config's run, "results/fake/<run id>.h5"; the caller frees it. */
char *fake_run_path(const char *const *overrides, int n_overrides, int64_t run);

#endif
