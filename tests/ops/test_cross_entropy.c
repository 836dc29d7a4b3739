/* Cross-entropy with two classes a row, worked by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "support/close.h"

static const double TOLERANCE = 1e-6;

/* The loss of logits (0, log 3), whose probabilities are 1/4 and 3/4, in both rows. */
static double loss_of(const int32_t *targets, const int32_t *second_targets, const dat_real *weights,
                      dat_real gradient[4])
{
    dat_real logits[] = {0, (dat_real)log(3), 0, (dat_real)log(3)};
    dat_cross_entropy_args args = {
        .targets = targets, .ignore_index = -1, .second_targets = second_targets, .weights = weights};
    dat_tape tape;
    assert_string_equal(dat_tape_init(&tape, 1 << 20).message, "");
    dat_tape_begin(&tape, 0);
    dat_tensor *input = dat_tape_variable(&tape, "logits", logits, 2, (int64_t[]){2, 2});
    dat_tensor *loss = dat_cross_entropy(&tape, input, &args);
    dat_tape_backward(&tape, loss, 1);
    assert_string_equal(tape.status.message, "");
    double value = (double)loss->data[0];
    memcpy(gradient, input->grad, 4 * sizeof gradient[0]);
    dat_tape_free(&tape);
    return value;
}

static void classes_count_by_their_weights(void **state)
{
    (void)state;
    const int32_t targets[] = {0, 1}, second_targets[] = {1, 0};
    const dat_real weights[] = {0.25, 0.5};
    dat_real gradient[4];
    double first = 0.25 * log(4) + 0.75 * log(4.0 / 3), second = 0.5 * log(4.0 / 3) + 0.5 * log(4);
    assert_close(loss_of(targets, second_targets, weights, gradient), (first + second) / 2, TOLERANCE);
    /* (p - y) / 2: the first row's target is what the model says. */
    const double expected[] = {0, 0, (0.25 - 0.5) / 2, (0.75 - 0.5) / 2};
    for (int i = 0; i < 4; i++)
        assert_close(gradient[i], expected[i], TOLERANCE);
}

static void a_row_that_is_ignored_has_no_second_class_either(void **state)
{
    (void)state;
    const int32_t targets[] = {-1, 1}, second_targets[] = {99, 0};
    const dat_real weights[] = {7, 0.75};
    dat_real gradient[4];
    assert_close(loss_of(targets, second_targets, weights, gradient), 0.75 * log(4.0 / 3) + 0.25 * log(4),
                 TOLERANCE);
    assert_close(gradient[0], 0, 0);
    assert_close(gradient[1], 0, 0);
    assert_close(gradient[3], 0.75 - 0.75, TOLERANCE);
}

static void one_class_is_a_weight_of_1(void **state)
{
    (void)state;
    const int32_t targets[] = {0, 1}, second_targets[] = {1, 0};
    const dat_real weights[] = {1, 1};
    dat_real gradient[4], plain[4];
    double mixed = loss_of(targets, second_targets, weights, gradient);
    assert_close(loss_of(targets, NULL, NULL, plain), mixed, 0);
    assert_same_bits(gradient, plain, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_count_by_their_weights),
        cmocka_unit_test(a_row_that_is_ignored_has_no_second_class_either),
        cmocka_unit_test(one_class_is_a_weight_of_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
