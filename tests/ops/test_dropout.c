/* Dropout: rates and scales as asked, unrelated neighbours, the same mask for the same key and only then, and
 * nothing at all in evaluation. Seeds are fixed, bounds are five standard errors wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/dropout.h"
#include "ops/ops.h"
#include "support/chance.h"
#include "support/close.h"
#include "support/random_values.h"

enum { ROWS = 512, WIDTH = 401, COUNT = ROWS * WIDTH };

static const int64_t shape[] = {ROWS, WIDTH};
static const double SIGMAS = 5;

typedef struct fixture {
    dat_tape tape;
    dat_real ones[COUNT], values[COUNT], other[COUNT];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    for (int i = 0; i < COUNT; i++)
        f->ones[i] = 1;
    fill_random(f->values, COUNT, 1);
    fill_random(f->other, COUNT, 2);
    *state = f;
    return dat_tape_init(&f->tape, (size_t)1 << 26).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    free(f);
    return 0;
}

static dat_tensor *drop_ones(fixture *f, uint64_t key, double rate)
{
    dat_tape_begin(&f->tape, key);
    return dat_dropout(&f->tape, dat_tape_variable(&f->tape, "ones", f->ones, 2, shape), rate);
}

static void rate_and_scale_are_as_asked(void **state)
{
    fixture *f = *state;
    static const double rates[] = {0.01, 0.1, 0.5, 0.9};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        const dat_tensor *y = drop_ones(f, 3 + r, rates[r]);
        int64_t kept = 0;
        double sum = 0, square = 0, scale = 1 / (1 - rates[r]);
        for (int i = 0; i < COUNT; i++) {
            double value = (double)y->data[i];
            assert_true(value == 0 || fabs(value - scale) < 1e-6 * scale);
            kept += value != 0;
            sum += value / COUNT;
            square += value * value / COUNT;
        }
        assert_true(share_is("kept", kept, COUNT, 1 - rates[r], SIGMAS));
        assert_close(sum, 1, SIGMAS * sqrt(rates[r] / (1 - rates[r]) / COUNT));
        double spread =
            fabs(1 - 2 * rates[r]) / sqrt(rates[r] * (1 - rates[r]) * COUNT); /* of the variance */
        assert_close((square - sum * sum) * (1 - rates[r]) / rates[r], 1, SIGMAS * spread + 1e-3);
    }
}

/* What happened to an element says nothing about the next one, in its row or its column. */
static void neighbours_are_independent(void **state)
{
    fixture *f = *state;
    const double rate = 0.3;
    const dat_tensor *y = drop_ones(f, 7, rate);
    static const int steps[] = {1, 2, WIDTH, WIDTH + 1};
    for (int s = 0; s < 4; s++) {
        int64_t counts[4] = {0};
        for (int i = 0; i + steps[s] < COUNT; i++)
            counts[2 * (y->data[i] != 0) + (y->data[i + steps[s]] != 0)]++;
        double keep = 1 - rate, probabilities[] = {rate * rate, rate * keep, keep * rate, keep * keep};
        assert_true(histogram_is("pairs", counts, probabilities, 4, SIGMAS));
    }
}

static int64_t agreements(const dat_real *a, const dat_real *b)
{
    int64_t count = 0;
    for (int i = 0; i < COUNT; i++)
        count += (a[i] != 0) == (b[i] != 0);
    return count;
}

static void masks_follow_the_key(void **state)
{
    fixture *f = *state;
    const double rate = 0.5;
    memcpy(f->other, drop_ones(f, 11, rate)->data, sizeof f->other);
    assert_same_bits(drop_ones(f, 11, rate)->data, f->other, COUNT);
    assert_true(
        share_is("same by chance", agreements(drop_ones(f, 12, rate)->data, f->other), COUNT, 0.5, SIGMAS));

    const dat_tensor *first = drop_ones(f, 13, rate);
    const dat_tensor *second =
        dat_dropout(&f->tape, dat_tape_input(&f->tape, "ones", f->ones, 2, shape), rate);
    assert_true(share_is("two nodes", agreements(first->data, second->data), COUNT, 0.5, SIGMAS));
}

static void recording_does_not_change_masks(void **state)
{
    fixture *f = *state;
    memcpy(f->other, drop_ones(f, 11, 0.5)->data, sizeof f->other);
    f->tape.recording = false;
    assert_same_bits(drop_ones(f, 11, 0.5)->data, f->other, COUNT);
    f->tape.recording = true;
}

static void evaluation_drops_nothing(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    f->tape.training = false;
    dat_tape_begin(tape, 1);
    dat_tensor *x = dat_tape_variable(tape, "x", f->values, 2, shape);
    assert_ptr_equal(dat_dropout(tape, x, 0.5), x);
    const dat_tensor *sum = dat_add_dropout(tape, x, dat_tape_input(tape, "y", f->other, 2, shape), 0.5);
    for (int i = 0; i < COUNT; i++)
        assert_close(sum->data[i], f->values[i] + f->other[i], 0);
    f->tape.training = true;
    dat_tape_begin(tape, 1);
    x = dat_tape_variable(tape, "x", f->values, 2, shape);
    assert_ptr_equal(dat_dropout(tape, x, 0), x);
}

/* Forward and backward of both ops use one mask; the residual of add_dropout is untouched. */
static void backward_uses_the_same_mask(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    dat_tensor *y = drop_ones(f, 17, 0.4);
    dat_tape_backward_from(tape, y, f->values);
    const dat_real *grad = y->maker->in[0]->grad;
    for (int i = 0; i < COUNT; i++)
        assert_close(grad[i], (double)y->data[i] * (double)f->values[i], 1e-6);

    dat_tape_begin(tape, 18);
    dat_tensor *x = dat_tape_variable(tape, "x", f->values, 2, shape);
    dat_tensor *ones = dat_tape_variable(tape, "ones", f->ones, 2, shape);
    y = dat_add_dropout(tape, x, ones, 0.4);
    dat_tape_backward_from(tape, y, f->other);
    assert_same_bits(x->grad, f->other, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_close(ones->grad[i], ((double)y->data[i] - (double)f->values[i]) * (double)f->other[i], 1e-5);
}

/* Attention drops probabilities, each with its own element of the mask: with values 1 the output is their
 * kept sum. */
static void attention_drops_at_its_rate(void **state)
{
    fixture *f = *state;
    enum { B = 8, L = 40, H = 2 };
    dat_tape_begin(&f->tape, 21);
    int64_t sequence[] = {B, L, H};
    dat_real zeros[B * L * H] = {0};
    dat_tensor *q = dat_tape_input(&f->tape, "q", zeros, 3, sequence);
    dat_tensor *v = dat_tape_input(&f->tape, "v", f->ones, 3, sequence);
    const double rate = 0.25;
    dat_attention_args args = {.n_heads = H, .n_kv_heads = H, .scale = 1, .dropout = rate};
    const dat_tensor *y =
        dat_attention(&f->tape, dat_all_columns(q), dat_all_columns(q), dat_all_columns(v), &args);
    int64_t kept = 0;
    for (int i = 0; i < B * L * H; i++) { /* each is a number of kept pairs, times scale / L */
        double pairs = (double)y->data[i] * L * (1 - rate);
        assert_close(pairs, round(pairs), 1e-3);
        kept += (int64_t)round(pairs);
    }
    assert_true(share_is("kept pairs", kept, (int64_t)B * L * H * L, 1 - rate, SIGMAS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rate_and_scale_are_as_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neighbours_are_independent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(masks_follow_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recording_does_not_change_masks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evaluation_drops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backward_uses_the_same_mask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attention_drops_at_its_rate, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
