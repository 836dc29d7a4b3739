/* The example of lib/README.md: readme_example.h holds its text, cut out by CMake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "readme_example.h"

static void the_example_learns(void **state)
{
    (void)state;
    dat_parallel_set_threads(1); /* waking threads would take most of the time */
    dat_games_priors priors = dat_games_default_priors(DAT_GAMES_SAME);
    dat_games_dataset *images = dat_games_generate(DAT_GAMES_SAME, DAT_GAMES_PENTOS, &priors, 1, 64);
    dat_dataset data = dat_games_as_dataset(images);
    double loss = 0;
    dat_status status = train_a_little(&data, &loss);
    dat_games_free(images);
    assert_int_equal(status.code, DAT_CODE_OK);
    /* It sees the same 64 images thirty times: far below the log 2 of guessing. */
    assert_true(loss > 0 && loss < 0.35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_example_learns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
