/* The command line of experiment programs: flags, help, refusals, describe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fake_experiment.h"

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[6], *error;
    } cases[] = {
        {{"fake"}, "a command is missing"},
        {{"fake", "walk"}, "unknown command \"walk\""},
        {{"fake", "--quiet"}, "unknown command \"--quiet\""},
        {{"fake", "run"}, "needs the config file"},
        {{"fake", "run", "c.yaml", "d.yaml"}, "\"d.yaml\" is a second"},
        {{"fake", "run", "missing.yaml"}, "missing.yaml"},
        {{"fake", "run", "c.yaml", "--fast"}, "unknown or ambiguous flag --fast"},
        {{"fake", "run", "c.yaml", "-x"}, "unknown flag -x"},
        {{"fake", "run", "c.yaml", "--jobs", "2"}, "unknown or ambiguous flag --jobs"},
        {{"fake", "sweep", "c.yaml", "--threads", "2"}, "unknown or ambiguous flag --threads"},
        {{"fake", "describe", "c.yaml", "--results", "x"}, "unknown or ambiguous flag --results"},
        {{"fake", "run", "c.yaml", "--re"}, "unknown or ambiguous flag --re"},
        {{"fake", "run", "c.yaml", "--threads"}, "--threads needs a value"},
        {{"fake", "run", "c.yaml", "--quiet=yes"}, "--quiet takes no value"},
        {{"fake", "run", "c.yaml", "--threads", "0"},
         "--threads needs a whole number from 1 to 4096, not \"0\""},
        {{"fake", "run", "c.yaml", "--threads", "2x"}, "not \"2x\""},
        {{"fake", "run", "c.yaml", "--threads", ""}, "not \"\""},
        {{"fake", "run", "c.yaml", "--threads", " 2"}, "not \" 2\""},
        {{"fake", "run", "c.yaml", "--threads", "-"}, "not \"-\""},
        {{"fake", "run", "c.yaml", "--threads", "99999999999999999999"}, "not \"99999999999999999999\""},
        {{"fake", "run", "c.yaml", "--results", ""}, "--results needs the name of a folder"},
        {{"fake", "run", "c.yaml", "--set", "sed=1"}, "sed"},
        {{"fake", "run", "c.yaml", "--set", "seed=x"}, "seed"},
        {{"fake", "run", "c.yaml", "--set", "seed=13"}, "c.yaml: seed 13 is refused"},
        {{"fake", "run", "c.yaml", "--preset", "none"}, "no preset \"none\""},
        {{"fake", "run", "c.yaml", "--set", "seed=[1,2]"},
         "describes 2 runs that differ in seed; use sweep or choose"},
        {{"fake", "sweep", "c.yaml", "--set", "seed=[1,13]"}, "seed=13: seed 13 is refused"},
        {{"fake", "sweep", "c.yaml", "--shard", "3"}, "--shard needs I/N"},
        {{"fake", "sweep", "c.yaml", "--shard", "/3"}, "--shard needs I/N"},
        {{"fake", "sweep", "c.yaml", "--shard", "0/3"}, "from 1 to 3, not \"0\""},
        {{"fake", "sweep", "c.yaml", "--shard", "4/3"}, "from 1 to 3, not \"4\""},
        {{"fake", "sweep", "c.yaml", "--shard", "1/0"}, "not \"0\""},
        {{"fake", "sweep", "c.yaml", "--shard", "1/3/3"}, "not \"3/3\""},
        {{"fake", "sweep", "c.yaml", "--jobs", "-1"}, "--jobs needs a whole number"},
        {{"fake", "describe", "c.yaml", "--set", "steps=0"}, "steps"},
    };
    fake_write_config("seed: 1\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        launch_end *end = fake_call(cases[i].arguments);
        assert_string_equal(end->out, "");
        assert_true(strncmp(end->err, "fake: ", 6) == 0);
        assert_ptr_equal(strchr(end->err, '\n'), end->err + strlen(end->err) - 1); /* one line */
        fake_expect(end, 2, NULL, cases[i].error);
    }
    assert_int_equal(access("results", F_OK), -1);
    assert_int_equal(fake_trace_count("trace.txt", "start"), 0);
}

static void test_help(void **state)
{
    (void)state;
    fake_expect(FAKE_CALL("--help"), 0, "fake run CONFIG.yaml [flags]", NULL);
    fake_expect(FAKE_CALL("-h"), 0, "fake: trains nothing", NULL);
    fake_expect(FAKE_CALL("--version"), 0, "fake 0.", NULL);
    fake_expect(FAKE_CALL("--help-config"), 0, "length of the run", NULL);
    static const struct {
        const char *command, *flags[9], *absent;
    } cases[] = {
        {"run",
         {"--set KEY=VALUE", "--preset NAME", "--threads N", "--results DIR", "--resume", "--quiet"},
         "--jobs"},
        {"sweep",
         {"--set", "--preset", "--jobs N", "--shard I/N", "--dry-run", "--results", "--quiet"},
         "--resume"},
        {"describe", {"--set", "--preset", "--help"}, "--results"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        launch_end *end = FAKE_CALL(cases[i].command, "missing.yaml", "--help");
        for (const char *const *flag = cases[i].flags; *flag; flag++)
            assert_non_null(strstr(end->out, *flag));
        assert_null(strstr(end->out, cases[i].absent));
        assert_string_equal(end->err, "");
        fake_expect(end, 0, "The keys of a config: fake --help-config", NULL);
    }
}

static void to_full_disk(void)
{
    if (!freopen("/dev/full", "w", stdout))
        _exit(99);
}

static void test_unwritable_output(void **state)
{
    (void)state;
    const char *const arguments[] = {"fake", "--help", NULL};
    launch process = launch_function(fake_main, arguments, to_full_disk);
    fake_expect(launch_wait(&process), 1, NULL, "fake: cannot write to standard output: No space left");
}

static void test_describe(void **state)
{
    (void)state;
    fake_write_config("seed: 1\nsweep: {steps: [3, 5], seed: [1, 2]}\n");
    launch_end *end = FAKE_CALL("describe", "c.yaml", "--set", "seed=7", "--set", "steps=6");
    assert_non_null(strstr(end->out, "\nsteps: 6\n"));
    assert_non_null(strstr(end->out, "\nseed: 7\n"));
    fake_expect(end, 0, "a fake of 6 steps\n", NULL);

    end = FAKE_CALL("describe", "c.yaml");
    assert_non_null(strstr(end->out, "4 runs:\n"));
    assert_non_null(strstr(end->out, "steps=5 seed=2\n"));
    const char *first = strstr(end->out, "a fake of 3 steps");
    assert_non_null(first);
    assert_null(strstr(first + 1, "a fake of 3 steps"));
    fake_expect(end, 0, "model 2, of steps=5 seed=1:\na fake of 5 steps\n", NULL);
    assert_int_equal(access("results", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, fake_folder_enter, fake_folder_leave),
        cmocka_unit_test_setup_teardown(test_help, fake_folder_enter, fake_folder_leave),
        cmocka_unit_test_setup_teardown(test_unwritable_output, fake_folder_enter, fake_folder_leave),
        cmocka_unit_test_setup_teardown(test_describe, fake_folder_enter, fake_folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
