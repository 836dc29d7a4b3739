/* The one training loop: batches in a seeded order, micro-batches with accumulated gradients, evaluation,
 * logging and checkpoints into a run, exact resume. Everything random is a function of (seed, step), so a
 * resumed run ends with the same bits as an uninterrupted one, at any thread count. */
#ifndef DAT_TRAIN_TRAINER_H
#define DAT_TRAIN_TRAINER_H

#include <signal.h>

#include "core/params.h"
#include "io/run_file.h"
#include "optim/optimizer.h"
#include "train/batches.h"

typedef struct dat_train_config {
    int64_t epochs, batch_size;
    int64_t max_steps;      /* ends the last epoch early; 0: never */
    bool keep_best;         /* keep the parameters of the least loss, see DAT_BEST_PARAMETERS */
    int64_t micro_batch;    /* examples per slice of a step; gradients accumulate over a batch's slices; 0: as
                               train/micro_batch.h chooses */
    int64_t evaluate_every; /* epochs between evaluations of the splits marked for it */
    double checkpoint_every;        /* seconds between saves of the run file */
    dat_optimizer_config optimizer; /* the trainer fills in its schedule's steps_per_epoch, and a length of 0:
                                       the run's steps */
    uint64_t seed;
    int loader_threads; /* that make batches ahead of the step; 0: each is made in parallel when it is due */
    bool keep_parameters; /* the complete run file holds their values too, as the blob "parameters" */
    int64_t memory_limit; /* bytes one micro-batch may use */
} dat_train_config;

/* A named set to evaluate on, at the end and, if asked, every few epochs. */
typedef struct dat_split {
    const char *name; /* series "eval/<name>/accuracy", summary "accuracy/<name>"; loss as well, and
                         perplexity where every token has a label */
    dat_dataset data;
    bool during_training;
} dat_split;

/* What one run trains: assembled by the experiment, borrowed by the trainer. */
typedef struct dat_problem {
    dat_params *params; /* allocated and initialised */
    const void *model;
    dat_forward *forward;
    dat_dataset train;
    const dat_split *splits;
    int n_splits;
    /* Adds metrics of the experiment's own to the run: called once after the last evaluation, before the
     * completed run is saved, with a tape that neither trains nor records. NULL: none. */
    dat_status (*conclude)(void *state, dat_tape *tape, dat_run *run);
    void *conclude_state;
    int top_k;      /* evaluations say too how often the label is among the best 2, ..., top_k classes, as
                       "top2_accuracy", ...; at most DAT_TALLY_RANKS */
    bool confusion; /* the series "confusion/<split>" has at the end how many examples of each class (row)
                       were taken for each (column) */
} dat_problem;

/* How far a run is, for a progress display. */
typedef struct dat_train_progress {
    int64_t step, total_steps, epoch, epochs;
    double loss, accuracy; /* of the last step, over the labels that count; NAN before the first */
    double samples_per_second;
    const char *phase; /* "train", "evaluate hexos" or "conclude" */
} dat_train_progress;

/* The outside of a run. */
typedef struct dat_run_control {
    const char *path;                  /* the run file */
    const volatile sig_atomic_t *stop; /* nonzero: save and return early; NULL: never */
    void (*report)(void *sink, const dat_train_progress *progress); /* after every step; or NULL */
    void *sink;
} dat_run_control;

/* The blob of a run file, complete or not, with the values of all parameters when the loss on the first split
 * marked for evaluation during training was least. */
#define DAT_BEST_PARAMETERS "best.parameters"

/* The share of a run's seconds that its steps waited for their batches, in the summary. */
#define DAT_WAITED_SHARE "waited_share"

/* Trains and evaluates. `run` is new, or loaded with its checkpoint, from which training continues. On return
 * it is saved: state DAT_RUN_COMPLETE with its summary, or still DAT_RUN_RUNNING after a stop. An error
 * leaves the last saved file in place. */
dat_status dat_train(const dat_train_config *config, const dat_problem *problem, dat_run *run,
                     const dat_run_control *control);

/* Means over the labels of a dataset that count, with dropout off. */
typedef struct dat_evaluation {
    double loss, accuracy;
    double top_accuracy[DAT_TALLY_RANKS]; /* [k - 1]: share of labels among the best k classes */
} dat_evaluation;

/* Slices are those of dat_batch_slice. `confusion` (classes, classes) receives counts as in dat_tally, or is
 * NULL. */
dat_status dat_evaluate(dat_tape *tape, const dat_problem *problem, const dat_dataset *data,
                        int64_t micro_batch, const volatile sig_atomic_t *stop, int64_t *confusion,
                        dat_evaluation *result);

#endif
