/* The problems of one run: those it trains on and the test sets. */
#ifndef MATH_QUESTIONS_H
#define MATH_QUESTIONS_H

#include "config.h"
#include "data/subset.h"
#include "train/trainer.h"

typedef enum math_split {
    MATH_INTERPOLATE, /* problems of one difficulty in between, the test set of version 1.0 */
    MATH_TRAIN_HARD,  /* fresh problems of the training levels */
    MATH_TRAIN_MEDIUM,
    MATH_TRAIN_EASY,
    MATH_N_SPLITS,
} math_split;

typedef struct math_questions {
    dat_math_dataset *training, *tests[MATH_N_SPLITS]; /* owned */
    int64_t *order;                                    /* of the files' training pairs; owned */
    dat_subset drawn;                                  /* the pairs of files to train on */
    dat_dataset train;
    dat_split splits[MATH_N_SPLITS];
} math_questions;

/* Lets problems tell their lengths if padding is to be trimmed, which is how models know. */
void math_set_padding(dat_dataset *problems, const math_data_config *config);

/* Whether the levels are known and a config's folder has the files. Reads none of them. */
dat_status math_questions_check(const math_data_config *config);

/* Generates all sets, or reads those to train on and to interpolate from files and generates the others.
 * They are the same for all seeds, as files are. The caller frees the questions whatever the result. */
dat_status math_questions_open(math_questions *questions, const math_data_config *config);
void math_questions_free(math_questions *questions);

#endif
