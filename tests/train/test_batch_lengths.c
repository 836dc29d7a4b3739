/* Batches of examples of several lengths: shorter ones first with all that belongs to them, slices by what
 * they cost, the same bits with any number of loader threads, and evaluations that do not change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/close.h"
#include "train/batch_loader.h"
#include "train/trainer.h"
#include "util/parallel.h"

enum { EXAMPLES = 47, TOKENS = 10, CLASSES = 3 };

static int64_t known_length(int64_t index)
{
    return index * index % (TOKENS + 1);
}

/* Tokens are the index and the length; the other numbers follow from the index. */
static void read_examples(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                          dat_examples out)
{
    (void)epoch;
    for (int64_t i = 0; i < n; i++) {
        dat_examples e = dat_examples_from(dataset, out, i);
        int32_t index = (int32_t)indices[i];
        for (int j = 0; j < TOKENS; j++)
            e.tokens[j] = j % 2 ? (int32_t)known_length(index) : index;
        for (int k = 0; k < CLASSES; k++)
            e.inputs[k] = (dat_real)((index + 5 * k) % 7);
        e.labels[0] = index % 4 == 3 ? DAT_NO_LABEL : index % CLASSES;
        e.second_labels[0] = (index + 1) % CLASSES;
        e.weights[0] = (dat_real)(index % 5) / 5;
    }
}

static int64_t told_length(dat_examples example)
{
    return example.tokens[TOKENS - 1];
}

static dat_dataset data_of(bool tells_lengths)
{
    return (dat_dataset){.size = EXAMPLES,
                         .input_shape = {1, 1, CLASSES},
                         .n_tokens = TOKENS,
                         .n_labels = 1,
                         .n_classes = CLASSES,
                         .mixed = true,
                         .read = read_examples,
                         .length = tells_lengths ? told_length : NULL};
}

/* Example i of a batch is all that belongs to its index. */
static void expect_example(const dat_batch *batch, int64_t i, int64_t index)
{
    int32_t tokens[TOKENS], labels[1], second_labels[1];
    dat_real inputs[CLASSES], weights[1];
    dat_examples expected = {inputs, tokens, labels, second_labels, weights};
    dat_examples e = dat_examples_from(batch->data, batch->examples, i);
    read_examples(batch->data, 0, &index, 1, expected);
    assert_memory_equal(e.tokens, tokens, sizeof tokens);
    assert_same_bits(e.inputs, inputs, CLASSES);
    assert_int_equal(e.labels[0], labels[0]);
    assert_int_equal(e.second_labels[0], second_labels[0]);
    assert_same_bits(e.weights, weights, 1);
}

static void shorter_examples_come_first(void **state)
{
    (void)state;
    dat_dataset data = data_of(true);
    dat_batch batch;
    int64_t indices[EXAMPLES];
    for (int64_t i = 0; i < EXAMPLES; i++)
        indices[i] = (EXAMPLES - 1 - i) * 5 % EXAMPLES;
    dat_batch_init(&batch, &data, EXAMPLES);
    for (int way = 0; way < 3; way++) {
        dat_parallel_set_threads(way < 2 ? 1 + 3 * way : 1);
        (way < 2 ? dat_batch_read : dat_batch_read_alone)(&batch, 0, indices, EXAMPLES);
        int64_t place = 0;
        for (int64_t length = 0; length <= TOKENS; length++)
            for (int64_t i = 0; i < EXAMPLES; i++)
                if (known_length(indices[i]) == length) {
                    assert_int_equal(batch.lengths[place], length);
                    expect_example(&batch, place++, indices[i]);
                }
        assert_int_equal(place, EXAMPLES);
    }
    dat_batch_free(&batch);
}

/* Without lengths the order stays, and slices are of equal count. */
static void equal_lengths_stay_in_order(void **state)
{
    (void)state;
    dat_dataset data = data_of(false);
    dat_batch batch;
    dat_batch_init(&batch, &data, 5);
    dat_batch_read(&batch, 0, (int64_t[]){7, 1, 9, 3, 8}, 5);
    assert_null(batch.lengths);
    expect_example(&batch, 0, 7);
    expect_example(&batch, 4, 8);
    assert_int_equal(dat_batch_slice(&batch, 0, 2).count, 2);
    dat_batch rest = dat_batch_slice(&batch, 4, 2);
    assert_int_equal(rest.count, 1);
    expect_example(&rest, 0, 8);
    dat_batch_free(&batch);
}

/* Of ten tokens, or twenty: three of up to 2 cost 6, a fourth one of 3 would make it 12; two of 5 cost 10. */
static void slices_are_cut_by_what_they_cost(void **state)
{
    (void)state;
    enum { COUNT = 8, MOST_SLICES = 5 };
    static const struct {
        int64_t micro_batch, counts[MOST_SLICES];
    } cases[] = {{1, {3, 2, 1, 1, 1}}, {2, {4, 2, 2}}, {3, {6, 2}}, {100, {8}}};
    int64_t lengths[COUNT] = {1, 1, 2, 3, 5, 5, 9, 10};
    int32_t tokens[COUNT * TOKENS] = {0}, labels[COUNT] = {0};
    dat_dataset data = data_of(true);
    dat_batch batch = {.data = &data,
                       .capacity = COUNT,
                       .count = COUNT,
                       .examples = {.tokens = tokens, .labels = labels},
                       .lengths = lengths};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (int64_t start = 0, slice = 0; start < COUNT; slice++) {
            dat_batch part = dat_batch_slice(&batch, start, cases[c].micro_batch);
            assert_int_equal(part.count, cases[c].counts[slice]);
            assert_ptr_equal(part.examples.tokens, tokens + start * TOKENS);
            assert_int_equal(part.lengths[part.count - 1], lengths[start + part.count - 1]);
            start += part.count;
        }
}

static void loader_threads_change_nothing(void **state)
{
    (void)state;
    enum { BATCH = 9, BATCHES = 12 };
    static int32_t tokens[3][BATCHES * BATCH * TOKENS];
    dat_dataset data = data_of(true);
    for (int workers = 0; workers < 3; workers++) {
        dat_batch_loader_config config = {.data = &data,
                                          .order = dat_rng_seed(4),
                                          .batch_size = BATCH,
                                          .end = BATCHES,
                                          .n_workers = workers};
        dat_batch_loader *loader;
        const dat_batch *batch;
        assert_string_equal(dat_batch_loader_open(&config, &loader).message, "");
        for (int64_t number = 0; number < BATCHES; number++) {
            assert_string_equal(dat_batch_loader_next(loader, &batch).message, "");
            memcpy(tokens[workers] + number * BATCH * TOKENS, batch->examples.tokens,
                   (size_t)batch->count * TOKENS * sizeof(int32_t));
            for (int64_t i = 1; i < batch->count; i++)
                assert_true(batch->lengths[i - 1] <= batch->lengths[i]);
        }
        dat_batch_loader_close(loader);
    }
    assert_memory_equal(tokens[0], tokens[1], sizeof tokens[0]);
    assert_memory_equal(tokens[0], tokens[2], sizeof tokens[0]);
}

/* Logits are the inputs. */
static dat_prediction echo(dat_tape *tape, const void *model, const dat_batch *batch)
{
    (void)model;
    return dat_batch_prediction(
        batch, dat_tape_input(tape, "logits", batch->examples.inputs, 2, (int64_t[]){batch->count, CLASSES}));
}

static void evaluation_does_not_depend_on_the_order(void **state)
{
    (void)state;
    dat_problem problem = {.forward = echo};
    dat_evaluation results[2];
    int64_t confusions[2][CLASSES * CLASSES];
    dat_tape tape;
    assert_string_equal(dat_tape_init(&tape, 1 << 20).message, "");
    for (int told = 0; told < 2; told++) {
        dat_dataset data = data_of(told);
        assert_string_equal(
            dat_evaluate(&tape, &problem, &data, 2, NULL, confusions[told], &results[told]).message, "");
    }
    assert_memory_equal(confusions[0], confusions[1], sizeof confusions[0]);
    assert_memory_equal(results[0].top_accuracy, results[1].top_accuracy, sizeof results[0].top_accuracy);
    assert_true(results[0].accuracy > 0.1 && results[0].accuracy < 0.9);
    assert_close(results[0].loss, results[1].loss, 1e-6);
    dat_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shorter_examples_come_first),
        cmocka_unit_test(equal_lengths_stay_in_order),
        cmocka_unit_test(slices_are_cut_by_what_they_cost),
        cmocka_unit_test(loader_threads_change_nothing),
        cmocka_unit_test(evaluation_does_not_depend_on_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
