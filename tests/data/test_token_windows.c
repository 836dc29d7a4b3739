/* Windows of token files: files as one sequence, and where the windows of a step begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/token_windows.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static char *folder, pattern[512];

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    snprintf(pattern, sizeof pattern, "%s/part_*.bin", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

/* Ids first, first + 1, ... as nanoGPT writes them. */
static void write_part(int number, int first, int count)
{
    char path[512];
    uint16_t ids[64];
    for (int i = 0; i < count; i++)
        ids[i] = (uint16_t)(first + i);
    snprintf(path, sizeof path, "%s/part_%d.bin", folder, number);
    file_write(path, ids, (size_t)count * sizeof ids[0]);
}

static void files_are_one_sequence(void **state)
{
    (void)state;
    dat_token_sequence sequence;
    int32_t ids[32];
    write_part(2, 7, 13);
    write_part(0, 0, 5);
    write_part(1, 5, 0);
    write_part(3, 5, 2); /* and once more, under a name between */
    char from[600], to[600];
    snprintf(from, sizeof from, "%s/part_3.bin", folder);
    snprintf(to, sizeof to, "%s/part_1b.bin", folder);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(dat_token_sequence_open(pattern, 20, &sequence).code, DAT_CODE_OK);
    assert_int_equal(sequence.n_shards, 4);
    assert_int_equal(sequence.count, 20);
    for (int64_t start = 0; start <= 20; start++)
        for (int64_t count = 0; count <= 20 - start; count++) {
            memset(ids, -1, sizeof ids);
            dat_token_sequence_read(&sequence, start, count, ids);
            for (int64_t i = 0; i < count; i++)
                assert_int_equal(ids[i], start + i);
            assert_int_equal(ids[count], -1);
        }
    dat_token_sequence_close(&sequence);
}

static void bad_files_and_none_are_refused(void **state)
{
    (void)state;
    char none[600];
    dat_token_sequence sequence;
    snprintf(none, sizeof none, "%s/other_*.bin", folder);
    expect_refused(dat_token_sequence_open(none, 20, &sequence), "there is no such file");
    write_part(9, 20, 1);
    expect_refused(dat_token_sequence_open(pattern, 20, &sequence), "part_9.bin: token 0 is 20");
    assert_null(sequence.shards);
}

/* 14 tokens hold four windows of 3 with their targets: 0..3, 3..6, 6..9, 9..12; token 13 is left over. */
static void sequential_windows_lie_side_by_side(void **state)
{
    (void)state;
    static const int64_t expected[3][3] = {{0, 3, 6}, {9, 0, 3}, {6, 9, 0}};
    dat_windows windows = {.n_tokens = 14, .length = 3, .order = DAT_WINDOWS_SEQUENTIAL};
    int64_t starts[3];
    assert_int_equal(dat_windows_per_epoch(&windows), 4);
    for (int step = 2; step >= 0; step--) { /* in any order */
        dat_windows_starts(&windows, step, 3, starts);
        assert_memory_equal(starts, expected[step], sizeof starts);
    }
    windows.n_tokens = 13; /* the target of the last window is the last token */
    assert_int_equal(dat_windows_per_epoch(&windows), 4);
    windows.n_tokens = 12;
    assert_int_equal(dat_windows_per_epoch(&windows), 3);
}

/* 10 possible starts, 20,000 draws: each comes 2,000 times with a deviation of 42. */
static void random_windows_are_uniform(void **state)
{
    (void)state;
    enum { BATCH = 8, STEPS = 2500 };
    dat_windows windows = {.n_tokens = 17, .length = 7, .order = DAT_WINDOWS_RANDOM, .seed = 5};
    int64_t starts[BATCH], again[BATCH], counts[10] = {0}, repeats = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        dat_windows_starts(&windows, step, BATCH, starts);
        dat_windows_starts(&windows, step, BATCH, again);
        assert_memory_equal(starts, again, sizeof starts);
        dat_windows_starts(&windows, step + 1, BATCH, again);
        repeats += memcmp(starts, again, sizeof starts) == 0;
        for (int i = 0; i < BATCH; i++) {
            assert_in_range(starts[i], 0, 9);
            counts[starts[i]]++;
        }
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 2000 - 5 * 42, 2000 + 5 * 42);
    assert_int_equal(repeats, 0);
}

static void seeds_give_other_windows(void **state)
{
    (void)state;
    int64_t starts[8], other[8];
    dat_windows windows = {.n_tokens = 1000000, .length = 64, .order = DAT_WINDOWS_RANDOM, .seed = 5};
    dat_windows_starts(&windows, 3, 8, starts);
    windows.seed = 6;
    dat_windows_starts(&windows, 3, 8, other);
    for (int i = 0; i < 8; i++)
        assert_int_not_equal(starts[i], other[i]);
}

static void ids_in_memory_are_a_sequence_too(void **state)
{
    (void)state;
    const int32_t ids[] = {0, 255, 256, 65535, 65536, INT32_MAX, 7};
    int32_t read[7];
    dat_token_sequence sequence = dat_token_sequence_of(ids, 7);
    assert_int_equal(sequence.count, 7);
    dat_token_sequence_read(&sequence, 0, 7, read);
    assert_memory_equal(read, ids, sizeof ids);
    dat_token_sequence_read(&sequence, 4, 2, read);
    assert_memory_equal(read, ids + 4, 2 * sizeof ids[0]);
    dat_token_sequence_close(&sequence);
    sequence = dat_token_sequence_of(ids, 0);
    assert_int_equal(sequence.count, 0);
    dat_token_sequence_close(&sequence);
}

/* 100 tokens 0, 1, ..., so that an example says where it began. */
static dat_token_sequence count_to_100(void)
{
    int32_t ids[100];
    for (int i = 0; i < 100; i++)
        ids[i] = i;
    return dat_token_sequence_of(ids, 100);
}

/* Reads some examples, checks that they are windows with the next tokens as labels, and writes where each
 * begins. */
static void read_starts(const dat_dataset *data, int64_t epoch, const int64_t *indices, int64_t n,
                        int32_t *starts)
{
    enum { LENGTH = 8, MOST = 16 };
    int32_t tokens[MOST * LENGTH], labels[MOST * LENGTH];
    assert_int_equal(data->n_tokens, LENGTH);
    assert_int_equal(data->n_labels, LENGTH);
    data->read(data, epoch, indices, n, (dat_examples){.tokens = tokens, .labels = labels});
    for (int64_t i = 0; i < n; i++) {
        starts[i] = tokens[i * LENGTH];
        for (int32_t j = 0; j < LENGTH; j++) {
            assert_int_equal(tokens[i * LENGTH + j], starts[i] + j);
            assert_int_equal(labels[i * LENGTH + j], starts[i] + j + 1);
        }
    }
}

static void examples_are_functions_of_epoch_and_index(void **state)
{
    (void)state;
    static const int64_t forward[] = {0, 1, 2, 3}, backward[] = {3, 2, 1, 0};
    int32_t first[4], again[4], later[4], other[4];
    dat_token_sequence sequence = count_to_100();
    dat_window_dataset windows = {&sequence, {100, 8, DAT_WINDOWS_RANDOM, 3}, .size = 4, .vocab_size = 100};
    dat_dataset data = dat_windows_as_dataset(&windows);
    assert_int_equal(data.size, 4);
    assert_int_equal(data.n_classes, 100);
    read_starts(&data, 0, forward, 4, first);
    read_starts(&data, 0, backward, 4, again);
    for (int i = 0; i < 4; i++)
        assert_int_equal(again[i], first[3 - i]);
    read_starts(&data, 1, forward, 4, later);
    assert_memory_not_equal(first, later, sizeof first);
    windows.windows.seed = 4;
    read_starts(&data, 0, forward, 4, other);
    assert_memory_not_equal(first, other, sizeof first);
    for (int i = 0; i < 4; i++)
        assert_in_range(later[i], 0, 91);
    dat_token_sequence_close(&sequence);
}

/* 100 tokens hold 12 windows of 8 with their targets; five examples an epoch. */
static void sequential_examples_go_through_the_tokens(void **state)
{
    (void)state;
    static const int64_t indices[] = {0, 1, 2, 3, 4};
    static const int32_t expected[3][5] = {{0, 8, 16, 24, 32}, {40, 48, 56, 64, 72}, {80, 88, 0, 8, 16}};
    int32_t starts[5];
    dat_token_sequence sequence = count_to_100();
    dat_window_dataset windows = {
        &sequence, {100, 8, DAT_WINDOWS_SEQUENTIAL, 0}, .size = 5, .vocab_size = 100};
    dat_dataset data = dat_windows_as_dataset(&windows);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        read_starts(&data, epoch, indices, 5, starts);
        assert_memory_equal(starts, expected[epoch], sizeof starts);
    }
    dat_token_sequence_close(&sequence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_one_sequence),
        cmocka_unit_test(bad_files_and_none_are_refused),
        cmocka_unit_test(sequential_windows_lie_side_by_side),
        cmocka_unit_test(random_windows_are_uniform),
        cmocka_unit_test(seeds_give_other_windows),
        cmocka_unit_test(ids_in_memory_are_a_sequence_too),
        cmocka_unit_test(examples_are_functions_of_epoch_and_index),
        cmocka_unit_test(sequential_examples_go_through_the_tokens),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
