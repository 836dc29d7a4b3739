/* residual_norm against the two ops that it fuses: values, and gradients through either output or both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "support/close.h"
#include "support/gradcheck.h"
#include "support/random_values.h"

enum { ROWS = 5, WIDTH = 7, COUNT = ROWS * WIDTH };

typedef enum used_outputs { USE_NORM, USE_SUM, USE_BOTH } used_outputs;

static dat_tensor *fused(dat_tape *tape, dat_tensor *const *in, const void *used)
{
    dat_tensor *sum, *normed = dat_residual_norm(tape, in[0], in[1], 0.3, in[2], in[3], &sum);
    switch (*(const used_outputs *)used) {
    case USE_NORM:
        return dat_activation_apply(tape, normed, DAT_TANH);
    case USE_SUM:
        return dat_activation_apply(tape, sum, DAT_TANH);
    case USE_BOTH:
        break;
    }
    return dat_add(tape, sum, dat_activation_apply(tape, normed, DAT_TANH));
}

static const gradcheck_input inputs[] = {
    {.rank = 2, .shape = {ROWS, WIDTH}},
    {.rank = 2, .shape = {ROWS, WIDTH}},
    {.rank = 1, .shape = {WIDTH}},
    {.rank = 1, .shape = {WIDTH}},
};

static void gradients_flow_through_every_output(void **state)
{
    (void)state;
#ifdef DAT_DOUBLE
    for (used_outputs used = USE_NORM; used <= USE_BOTH; used++) {
        gradcheck_result result = gradcheck(fused, &used, inputs, 4, 3);
        if (!result.good)
            fail_msg("outputs %d: %s", (int)used, result.worst);
    }
#else
    (void)inputs;
    (void)fused;
    skip();
#endif
}

static void outputs_equal_the_separate_ops(void **state)
{
    (void)state;
    dat_tape tape;
    dat_real *x = random_values(COUNT, 1), *y = random_values(COUNT, 2);
    dat_real *gain = random_values(WIDTH, 3), *shift = random_values(WIDTH, 4);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 22).code, DAT_CODE_OK);
    for (int centred = 0; centred < 2; centred++) {
        dat_tape_begin(&tape, 9);
        tape.training = false;
        dat_tensor *in[] = {dat_tape_input(&tape, "x", x, 2, (int64_t[]){ROWS, WIDTH}),
                            dat_tape_input(&tape, "y", y, 2, (int64_t[]){ROWS, WIDTH}),
                            dat_tape_input(&tape, "gain", gain, 1, (int64_t[]){WIDTH}),
                            dat_tape_input(&tape, "shift", shift, 1, (int64_t[]){WIDTH})};
        dat_tensor *sum,
            *normed = dat_residual_norm(&tape, in[0], in[1], 0.3, in[2], centred ? in[3] : NULL, &sum);
        dat_tensor *expected_sum = dat_add(&tape, in[0], in[1]);
        dat_tensor *expected = centred ? dat_layer_norm(&tape, expected_sum, in[2], in[3])
                                       : dat_rms_norm(&tape, expected_sum, in[2]);
        assert_all_close(sum->data, expected_sum->data, COUNT, 1e-6);
        assert_all_close(normed->data, expected->data, COUNT, 1e-6);
    }
    dat_tape_free(&tape);
    free(x);
    free(y);
    free(gain);
    free(shift);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_flow_through_every_output),
        cmocka_unit_test(outputs_equal_the_separate_ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
