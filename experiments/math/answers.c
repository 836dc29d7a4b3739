#include "answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "models/seq2seq_greedy.h"
#include "util/memory.h"

enum {
    N_QUESTIONS = 256, /* that are answered, of a split */
    N_SHOWN = 10,      /* and kept as text */
    BATCH = 32,
    Q = DAT_MATH_QUESTION_TOKENS,
    A = DAT_MATH_ANSWER_TOKENS,
};

/* A split being answered. */
typedef struct quiz {
    const dat_seq2seq_model *model;
    const dat_split *split;
    dat_dataset data; /* of the split, in its own order whatever the lengths */
    dat_batch batch;
    int64_t asked, right;
    FILE *shown;
} quiz;

/* Whether a prediction has the answer's characters and ends with it. */
static bool is_right(const int32_t *labels, const int32_t *prediction)
{
    for (int i = 0; i < A; i++)
        if (labels[i] != DAT_NO_LABEL && labels[i] != prediction[i])
            return false;
    return true;
}

static void show(quiz *q, const int32_t *question, const int32_t *inputs, const int32_t *prediction)
{
    char texts[3][Q + 1];
    dat_math_decode(question, Q, texts[0]);
    dat_math_decode(inputs + 1, A - 1, texts[1]);
    dat_math_decode(prediction, A, texts[2]);
    fprintf(q->shown, "%s\t%s\t%s\n", texts[0], texts[1], texts[2]);
}

static dat_status ask_batch(quiz *q, dat_tape *tape)
{
    int64_t indices[BATCH], lengths[BATCH], left = q->data.size - q->asked;
    int64_t most = N_QUESTIONS - q->asked < left ? N_QUESTIONS - q->asked : left;
    int64_t n = most < BATCH ? most : BATCH;
    int32_t questions[BATCH * Q], predictions[BATCH * A];
    for (int64_t i = 0; i < BATCH; i++)
        indices[i] = q->asked + i;
    dat_batch_read(&q->batch, 0, indices, n);
    dat_sequence source = math_copy_questions(&q->batch, questions, q->split->data.length ? lengths : NULL);
    DAT_TRY(dat_seq2seq_greedy(tape, q->model, &source, DAT_MATH_START, DAT_MATH_END, A, predictions));
    for (int64_t i = 0; i < n; i++, q->asked++) {
        dat_examples example = dat_examples_from(&q->data, q->batch.examples, i);
        q->right += is_right(example.labels, predictions + i * A);
        if (q->asked < N_SHOWN)
            show(q, example.tokens, example.tokens + Q, predictions + i * A);
    }
    return DAT_OK;
}

static dat_status ask_split(const math_answers *answers, math_split split, dat_tape *tape, dat_run *run)
{
    char name[DAT_RUN_NAME_SIZE], *text = NULL;
    size_t size = 0;
    quiz q = {.model = answers->model, .split = &answers->questions->splits[split]};
    q.data = q.split->data;
    q.data.length = NULL;
    dat_status status = DAT_OK;
    q.shown = open_memstream(&text, &size);
    DAT_ASSERT(q.shown);
    dat_batch_init(&q.batch, &q.data, BATCH);
    while (status.code == DAT_CODE_OK && q.asked < N_QUESTIONS && q.asked < q.data.size)
        status = ask_batch(&q, tape);
    dat_batch_free(&q.batch);
    DAT_ASSERT(fclose(q.shown) == 0);
    if (status.code == DAT_CODE_OK) {
        snprintf(name, sizeof name, "answers/%s", q.split->name);
        dat_run_set_summary(run, name, (double)q.right / (double)q.asked);
        snprintf(name, sizeof name, "predictions/%s", q.split->name);
        dat_run_set_summary_text(run, name, text);
    }
    free(text);
    return status;
}

dat_status math_answers_conclude(void *state, dat_tape *tape, dat_run *run)
{
    const math_answers *answers = state;
    DAT_TRY(ask_split(answers, MATH_INTERPOLATE, tape, run));
    return ask_split(answers, MATH_TRAIN_HARD, tape, run);
}
