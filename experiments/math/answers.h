/* What a trained model answers when nobody tells it the characters before: greedy decoding. */
#ifndef MATH_ANSWERS_H
#define MATH_ANSWERS_H

#include "models/seq2seq.h"
#include "questions.h"

/* A trained model and its test sets, borrowed. */
typedef struct math_answers {
    const dat_seq2seq_model *model;
    const math_questions *questions;
} math_answers;

/* The `conclude` of a dat_problem; `answers` is a math_answers. Adds to the run's summary, for the splits
 * interpolate and train-hard: "answers/<split>", the share of up to 256 questions that are answered right to
 * the last character, and "predictions/<split>", the first few of them as text, a line each: question, answer
 * and prediction, separated by tabs. */
dat_status math_answers_conclude(void *answers, dat_tape *tape, dat_run *run);

#endif
