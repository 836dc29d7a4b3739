/* How many examples a step takes at a time: the rule by hand-worked numbers, and the bytes it starts from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "train/micro_batch.h"
#include "util/parallel.h"

static const int64_t TWELFTH = DAT_MICRO_BATCH_BYTES / 12; /* of what a slice may have */

static void test_fits_the_budget(void **state)
{
    (void)state;
    assert_int_equal(dat_micro_batch(512, TWELFTH / 4, 0), 32);      /* 48 fit, 32 divides 512 */
    assert_int_equal(dat_micro_batch(512, 3 * TWELFTH / 16, 0), 64); /* 64 fit exactly */
    assert_int_equal(dat_micro_batch(512, 3 * TWELFTH / 16 + 1, 0), 32);
    assert_int_equal(dat_micro_batch(128, 5 * TWELFTH, 0), 2);
    assert_int_equal(dat_micro_batch(128, 13 * TWELFTH, 0), 1); /* one does not fit: still one */
    assert_int_equal(dat_micro_batch(8, 1000 * TWELFTH, 0), 1);
}

static void test_never_more_than_the_batch(void **state)
{
    (void)state;
    assert_int_equal(dat_micro_batch(16, 1, 0), 16);
    assert_int_equal(dat_micro_batch(1, 1, 0), 1);
    assert_int_equal(dat_micro_batch(1, 100 * TWELFTH, 0), 1);
    assert_int_equal(dat_micro_batch(16, 0, 0), 16); /* activations that no example adds to */
}

static void test_large_models_take_more_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(dat_micro_batch(128, 12 * TWELFTH, 3 * TWELFTH), 1);
    assert_int_equal(dat_micro_batch(128, 12 * TWELFTH, 12 * TWELFTH), 4);
    assert_int_equal(dat_micro_batch(128, 12 * TWELFTH, 14 * TWELFTH), 4); /* 4.7 */
    assert_int_equal(dat_micro_batch(128, 12 * TWELFTH, 5000 * TWELFTH), 128);
}

/* Slices are equal where a divisor is above half of what fits, else as equal as can be. */
static void test_slices_of_awkward_batches(void **state)
{
    (void)state;
    assert_int_equal(dat_micro_batch(100, TWELFTH, 0), 10);     /* 12 fit: 10 divides */
    assert_int_equal(dat_micro_batch(96, TWELFTH, 0), 12);      /* 12 divides */
    assert_int_equal(dat_micro_batch(14, TWELFTH, 0), 7);       /* 7 divides and is more than 6 */
    assert_int_equal(dat_micro_batch(26, TWELFTH, 0), 9);       /* 13 is too many, 2 too few: 9, 9, 8 */
    assert_int_equal(dat_micro_batch(127, TWELFTH, 0), 12);     /* prime: eleven slices, the last of 7 */
    assert_int_equal(dat_micro_batch(13, TWELFTH, 0), 7);       /* 7 and 6 rather than 12 and 1 */
    assert_int_equal(dat_micro_batch(1009, 2 * TWELFTH, 0), 6); /* prime */
}

enum { WIDTH = 1024, TABLE_ROWS = 48 };

/* What a forward pass of the tests reads, and whether it is to fail. */
typedef struct pass {
    dat_real x[2 * WIDTH], table[TABLE_ROWS * WIDTH];
    bool fails;
    int calls;
} pass;

/* Two activations of every example, each WIDTH wide, after some rows that the batch shares. */
static dat_tensor *forward(void *context, dat_tape *tape, int64_t count)
{
    pass *p = context;
    p->calls++;
    assert_true(tape->training && tape->recording);
    dat_tensor *table = dat_tape_variable(tape, "table", p->table, 2, (int64_t[]){TABLE_ROWS, WIDTH});
    dat_tensor *x = dat_tape_variable(tape, "x", p->x, 2, (int64_t[]){count, p->fails ? 1 : WIDTH});
    dat_first_rows(tape, table, TABLE_ROWS);
    return dat_add(tape, dat_activation_apply(tape, x, DAT_RELU),
                   dat_tape_input(tape, "one row", p->x, 1, (int64_t[]){WIDTH}));
}

static void test_bytes_of_an_example(void **state)
{
    (void)state;
    static pass p;
    dat_tape tape;
    int64_t bytes = 0;
    assert_int_equal(dat_tape_init(&tape, (size_t)16 << 20).code, DAT_CODE_OK);
    tape.training = tape.recording = false;
    for (int threads = 1; threads <= 2; threads++) {
        dat_parallel_set_threads(threads);
        assert_int_equal(dat_example_bytes(&tape, forward, &p, &bytes).code, DAT_CODE_OK);
        assert_int_equal(bytes, 2 * WIDTH * sizeof(dat_real));
    }
    assert_false(tape.training || tape.recording); /* left as it was */
    dat_tape_free(&tape);
}

static void test_a_failing_pass_is_reported(void **state)
{
    (void)state;
    static pass p = {.fails = true};
    dat_tape tape;
    int64_t bytes = 0;
    assert_int_equal(dat_tape_init(&tape, (size_t)16 << 20).code, DAT_CODE_OK);
    dat_status status = dat_example_bytes(&tape, forward, &p, &bytes);
    assert_int_equal(status.code, DAT_CODE_USAGE);
    assert_non_null(strstr(status.message, "add: "));
    assert_int_equal(p.calls, 1);
    assert_true(tape.training && tape.recording);
    dat_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_the_budget),
        cmocka_unit_test(test_never_more_than_the_batch),
        cmocka_unit_test(test_large_models_take_more_at_a_time),
        cmocka_unit_test(test_slices_of_awkward_batches),
        cmocka_unit_test(test_bytes_of_an_example),
        cmocka_unit_test(test_a_failing_pass_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
