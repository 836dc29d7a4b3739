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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_one_sequence),
        cmocka_unit_test(bad_files_and_none_are_refused),
        cmocka_unit_test(sequential_windows_lie_side_by_side),
        cmocka_unit_test(random_windows_are_uniform),
        cmocka_unit_test(seeds_give_other_windows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
