/* The bookkeeping of a sweep: order, states and the amount of work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/sweep.h"

enum { N_RUNS = 6 };

static dat_sweep_table table_of(dat_sweep_run runs[N_RUNS])
{
    return (dat_sweep_table){.runs = runs, .n_runs = N_RUNS};
}

static void test_work(void **state)
{
    (void)state;
    dat_sweep_run runs[N_RUNS] = {
        {.state = DAT_SWEEP_COMPLETE}, /* before this session: no work of ours */
        {.state = DAT_SWEEP_COMPLETE, .step = 100, .total_steps = 100},
        {.state = DAT_SWEEP_RUNNING, .step = 150, .total_steps = 200, .first_step = 120},
        {.state = DAT_SWEEP_RUNNING}, /* has not told yet */
        {.state = DAT_SWEEP_FAILED, .step = 30, .total_steps = 300},
        {.state = DAT_SWEEP_WAITING},
    };
    dat_sweep_table table = table_of(runs);
    dat_work work = dat_sweep_work(&table);
    assert_true(work.done == 100 + 150 + 30);
    assert_true(work.inherited == 120);
    assert_true(work.total == 100 + 200 + 30 + 2 * 200); /* 200 is the mean of what runs have told */
}

static void test_work_before_anything_is_known(void **state)
{
    (void)state;
    dat_sweep_run runs[N_RUNS] = {{.state = DAT_SWEEP_RUNNING}};
    dat_sweep_table table = table_of(runs);
    dat_work work = dat_sweep_work(&table);
    assert_true(work.total == 0 && work.done == 0 && work.inherited == 0);
}

static void test_order(void **state)
{
    (void)state;
    static const int64_t order[] = {1, 3, 5, 0, 2};
    dat_sweep_run runs[N_RUNS] = {
        {.state = DAT_SWEEP_BUSY},    {.state = DAT_SWEEP_WAITING}, {.state = DAT_SWEEP_BUSY},
        {.state = DAT_SWEEP_WAITING}, {.state = DAT_SWEEP_FAILED},  {.state = DAT_SWEEP_WAITING},
    };
    dat_sweep_table table = table_of(runs);
    for (int i = 0; i < 5; i++) {
        int64_t next = dat_sweep_next(&table);
        assert_int_equal(next, order[i]);
        runs[next].state = DAT_SWEEP_RUNNING;
    }
    assert_int_equal(dat_sweep_next(&table), -1);
    assert_int_equal(dat_sweep_count(&table, DAT_SWEEP_RUNNING), 5);
    assert_int_equal(dat_sweep_count(&table, DAT_SWEEP_FAILED), 1);
    assert_int_equal(dat_sweep_count(&table, DAT_SWEEP_WAITING), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_work_before_anything_is_known),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
