/* Learning rate schedules against the rates of reference runs, and at the places where they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "golden_check/golden_file.h"
#include "optim/schedule.h"
#include "support/close.h"

#define GOLDEN(name) DAT_SOURCE_DIR "/tests/golden/" name ".h5"

static const double EXACT = 1e-15;

/* The rates of steps 0, 1, ... against a stored list of them. */
static void check_rates(const char *path, const char *name, const dat_schedule *schedule, double peak,
                        int64_t count)
{
    golden_file file;
    assert_int_equal(golden_file_read(&file, path).code, DAT_CODE_OK);
    const golden_array *rates = golden_find(&file.outputs, name);
    assert_non_null(rates);
    assert_int_equal(rates->count, count);
    assert_int_equal(dat_schedule_check(schedule).code, DAT_CODE_OK);
    for (int64_t step = 0; step < count; step++)
        assert_close(dat_schedule_rate(schedule, peak, step) / peak, rates->values[step] / peak, EXACT);
    golden_file_free(&file);
}

static void rates_of_reference_runs(void **state)
{
    (void)state;
    dat_schedule by_step = {DAT_SCHEDULE_WARMUP_COSINE_ITER, .warmup = 5, .length = 20, .min_rate = 2e-4};
    check_rates(GOLDEN("training__datlm_adamw"), "lrs", &by_step, 2e-3, 25);
    dat_schedule by_epoch = {.kind = DAT_SCHEDULE_WARMUP_COSINE_EPOCH,
                             .warmup = 5,
                             .length = 12,
                             .steps_per_epoch = 2,
                             .min_rate = 1e-5};
    check_rates(GOLDEN("training__vit_adam_l2"), "lrs", &by_epoch, 1e-3, 25);
    by_epoch.length = 100;
    by_epoch.steps_per_epoch = 1;
    check_rates(GOLDEN("training__vit_adam_l2"), "epoch_lrs_100", &by_epoch, 1e-3, 100);
    dat_schedule constant = {0};
    check_rates(GOLDEN("training__predinet_adam"), "lrs", &constant, 1e-3, 25);
}

static void the_schedule_by_step_at_its_corners(void **state)
{
    (void)state;
    dat_schedule s = {DAT_SCHEDULE_WARMUP_COSINE_ITER, .warmup = 4, .length = 8, .min_rate = 0.1};
    assert_true(dat_schedule_rate(&s, 1, 0) == 0);
    assert_true(dat_schedule_rate(&s, 1, 4) == 1);
    assert_close(dat_schedule_rate(&s, 1, 6), 0.55, EXACT);
    assert_true(dat_schedule_rate(&s, 1, 8) == 0.1);
    assert_true(dat_schedule_rate(&s, 1, 1000000) == 0.1);
    s.warmup = 0;
    assert_true(dat_schedule_rate(&s, 1, 0) == 1);
    s.warmup = s.length = 8;
    assert_close(dat_schedule_rate(&s, 1, 7), 0.875, EXACT);
    assert_true(dat_schedule_rate(&s, 1, 8) == 0.1);
}

static void the_schedule_by_epoch_at_its_corners(void **state)
{
    (void)state;
    dat_schedule s = {.kind = DAT_SCHEDULE_WARMUP_COSINE_EPOCH,
                      .warmup = 2,
                      .length = 10,
                      .steps_per_epoch = 3,
                      .min_rate = 0.1};
    assert_true(dat_schedule_rate(&s, 1, 2) == 0); /* the last step of epoch 0 */
    assert_true(dat_schedule_rate(&s, 1, 3) == 0.5);
    assert_true(dat_schedule_rate(&s, 1, 6) == 1);
    assert_true(dat_schedule_rate(&s, 1, 9) == 1); /* epoch warmup + 1 repeats the peak */
    assert_true(dat_schedule_rate(&s, 1, 12) < 1);
    assert_close(dat_schedule_rate(&s, 1, 3 * (3 + 5)), 0.55, EXACT); /* half way down */
    s.warmup = 0;
    assert_true(dat_schedule_rate(&s, 1, 0) == 1);
    assert_true(dat_schedule_rate(&s, 1, 3) == 1);
    assert_true(dat_schedule_rate(&s, 1, 6) < 1);
}

static void impossible_schedules_are_explained(void **state)
{
    (void)state;
    static const struct {
        dat_schedule schedule;
        const char *expected;
    } cases[] = {
        {{DAT_SCHEDULE_WARMUP_COSINE_ITER, .warmup = -1, .length = 8}, "warmup = -1"},
        {{DAT_SCHEDULE_WARMUP_COSINE_ITER, .length = 0}, "length = 0"},
        {{DAT_SCHEDULE_WARMUP_COSINE_ITER, .length = 8, .min_rate = -0.5}, "min_rate = -0.5"},
        {{DAT_SCHEDULE_WARMUP_COSINE_ITER, .length = 8, .min_rate = NAN}, "min_rate"},
        {{DAT_SCHEDULE_WARMUP_COSINE_EPOCH, .length = 8}, "steps_per_epoch = 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dat_status status = dat_schedule_check(&cases[i].schedule);
        assert_int_equal(status.code, DAT_CODE_USAGE);
        if (!strstr(status.message, cases[i].expected))
            fail_msg("'%s' is not in: %s", cases[i].expected, status.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_of_reference_runs),
        cmocka_unit_test(the_schedule_by_step_at_its_corners),
        cmocka_unit_test(the_schedule_by_epoch_at_its_corners),
        cmocka_unit_test(impossible_schedules_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
