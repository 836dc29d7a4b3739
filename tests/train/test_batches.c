/* What is counted about predictions: ranks with ties and NaN, labels that do not count, confusion; and losses
 * of mixed labels. Logits are the examples themselves, worked by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/close.h"
#include "train/batches.h"
#include "train/trainer.h"

enum { CLASSES = 7, EXAMPLES = 8 };

/* Rank of the label from 0, and the class with the first of the greatest logits:
 * 0 and 0; 2 and 6; 1 and 0 (an equal before the label is better); 0 and 2 (one after it is not); 6 and 1;
 * 4 and 0; not counted; NaN is better than a label, but not greater than anything. */
static const dat_real logits[EXAMPLES][CLASSES] = {
    {9, 1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6, 7}, {5, 5, 1, 1, 1, 1, 1}, {1, 1, 5, 5, 1, 1, 1},
    {0, 9, 8, 7, 6, 5, 4}, {9, 8, 7, 6, 5, 0, 0}, {9, 8, 7, 6, 5, 0, 0}, {3, 1, NAN, 1, 1, 1, 1},
};
static const int32_t labels[EXAMPLES] = {0, 4, 1, 2, 0, 4, DAT_NO_LABEL, 0};
static const int64_t ranks[DAT_TALLY_RANKS] = {2, 2, 1, 0, 1};
static const int predicted[EXAMPLES] = {0, 6, 0, 2, 1, 0, -1, 0};

static void read_logits(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                        dat_examples out)
{
    (void)epoch;
    for (int64_t i = 0; i < n; i++) {
        memcpy(out.inputs + i * CLASSES, logits[indices[i]], sizeof logits[0]);
        out.labels[i] = labels[indices[i]];
        if (dataset->mixed) {
            out.second_labels[i] = 1;
            out.weights[i] = (dat_real)0.25;
        }
    }
}

static dat_dataset data_of(int64_t size)
{
    return (dat_dataset){.size = size,
                         .input_shape = {1, 1, CLASSES},
                         .n_labels = 1,
                         .n_classes = CLASSES,
                         .read = read_logits};
}

static dat_prediction echo(dat_tape *tape, const void *model, const dat_batch *batch)
{
    (void)model;
    dat_tensor *images =
        dat_tape_input(tape, "logits", batch->examples.inputs, 2, (int64_t[]){batch->count, CLASSES});
    return dat_batch_prediction(batch, images);
}

static dat_tape open_tape(void)
{
    dat_tape tape;
    assert_string_equal(dat_tape_init(&tape, 1 << 20).message, "");
    return tape;
}

static void ranks_and_confusion_are_counted(void **state)
{
    (void)state;
    dat_dataset data = data_of(EXAMPLES);
    dat_tape tape = open_tape();
    int64_t confusion[CLASSES * CLASSES] = {0}, expected[CLASSES * CLASSES] = {0};
    dat_tally tally = {.confusion = confusion};
    dat_batch batch;
    dat_batch_init(&batch, &data, EXAMPLES);
    dat_batch_read(&batch, 0, (int64_t[]){0, 1, 2, 3, 4, 5, 6, 7}, EXAMPLES);
    dat_tape_begin(&tape, 0);
    assert_non_null(dat_batch_loss(&tape, echo, NULL, &batch, &tally));
    for (int i = 0; i < EXAMPLES; i++)
        if (labels[i] != DAT_NO_LABEL)
            expected[labels[i] * CLASSES + predicted[i]]++;
    assert_memory_equal(tally.ranks, ranks, sizeof ranks);
    assert_memory_equal(confusion, expected, sizeof expected);
    dat_batch_free(&batch);
    dat_tape_free(&tape);
}

/* The first six examples: of those, 2, 3, 4, 4 and 5 have their label among the best 1, 2, ... 5. */
static void evaluation_gives_shares(void **state)
{
    (void)state;
    dat_dataset data = data_of(6);
    dat_problem problem = {.forward = echo};
    dat_tape tape = open_tape();
    int64_t confusion[CLASSES * CLASSES];
    dat_evaluation result;
    memset(confusion, 0xff, sizeof confusion);
    assert_string_equal(dat_evaluate(&tape, &problem, &data, 4, NULL, confusion, &result).message, "");
    const double expected[DAT_TALLY_RANKS] = {2, 3, 4, 4, 5};
    for (int k = 0; k < DAT_TALLY_RANKS; k++)
        assert_close(result.top_accuracy[k], expected[k] / 6, 1e-15);
    assert_close(result.accuracy, 2.0 / 6, 1e-15);
    int64_t total = 0;
    for (int i = 0; i < CLASSES * CLASSES; i++)
        total += confusion[i];
    assert_int_equal(total, 6);
    assert_int_equal(confusion[4 * CLASSES + 6], 1);
    dat_tape_free(&tape);
}

/* Of a mixed dataset the loss is that of both labels; the first one is what must be right. */
static void mixed_labels_share_the_loss(void **state)
{
    (void)state;
    dat_dataset data = data_of(1);
    data.mixed = true;
    dat_tape tape = open_tape();
    dat_tally tally = {0};
    dat_batch batch;
    dat_batch_init(&batch, &data, 1);
    dat_batch_read_alone(&batch, 0, (int64_t[]){0}, 1);
    dat_tape_begin(&tape, 0);
    dat_batch slice = dat_batch_slice(&batch, 0, 1);
    dat_tensor *loss = dat_batch_loss(&tape, echo, NULL, &slice, &tally);
    double sum = 0;
    for (int k = 0; k < CLASSES; k++)
        sum += exp((double)logits[0][k]);
    assert_close(loss->data[0], log(sum) - 0.25 * 9 - 0.75 * 1, 1e-6);
    assert_int_equal(tally.ranks[0], 1);
    dat_batch_free(&batch);
    dat_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_and_confusion_are_counted),
        cmocka_unit_test(evaluation_gives_shares),
        cmocka_unit_test(mixed_labels_share_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
