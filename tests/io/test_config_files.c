/* Files: what can be read, inheritance, overlays, and which layer wins. */
#include <sys/stat.h>

#include "config_fixture.h"

static void test_files_that_cannot_be_read(void **state)
{
    (void)state;
    dat_config config;
    assert_refused(dat_config_load("no/such.yaml", &fixture_schema, NULL, NULL, 0, &config),
                   "cannot read no/such.yaml: No such file or directory");
    assert_int_equal(mkdir("folder.yaml", 0700), 0);
    assert_refused(dat_config_load("folder.yaml", &fixture_schema, NULL, NULL, 0, &config),
                   "cannot read folder.yaml: Is a directory");
    unsigned char garbage[4096];
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof garbage; ++i)
        garbage[i] = (unsigned char)((noise = noise * 1664525U + 1013904223U) >> 24);
    write_bytes("garbage.yaml", (const char *)garbage, sizeof garbage);
    assert_refused(dat_config_load("garbage.yaml", &fixture_schema, NULL, NULL, 0, &config),
                   "garbage.yaml:1:3: not a text file in UTF-8");
    assert_null(config.runs);
}

static void test_inherit_chain(void **state)
{
    (void)state;
    assert_int_equal(mkdir("sub", 0700), 0);
    write_text("base.yaml", "train: {epochs: 1, lr: 1, shift: 1}\nseed: 1\n");
    write_text("sub/middle.yaml", "inherit: ../base.yaml\ntrain: {lr: 2, shift: 2}\n");
    dat_config config = load_text("train: {shift: 3}\ninherit: sub/middle.yaml\n", NULL, NULL);
    const fixture_config *values = values_of(&config, 0);
    assert_int_equal(values->train.epochs, 1);
    assert_true(values->train.lr == 2);
    assert_true(values->train.shift == 3);
    assert_int_equal(values->seed, 1);
    dat_config_free(&config);

    char path[128], text[160];
    snprintf(path, sizeof path, "%s/base.yaml", fixture_folder);
    snprintf(text, sizeof text, "inherit: %s\n", path);
    config = load_text(text, NULL, NULL);
    assert_int_equal(values_of(&config, 0)->seed, 1);
    dat_config_free(&config);
}

static void test_inherit_errors(void **state)
{
    (void)state;
    write_text("loop.yaml", "inherit: ./loop2.yaml\n");
    write_text("loop2.yaml", "inherit: loop.yaml\n");
    write_text("bad_key.yaml", "train:\n  epoch: 1\n");
    write_text("bad_yaml.yaml", "train: [\n");
    const struct {
        const char *text, *fragment;
    } cases[] = {
        {"inherit: c.yaml\n", "c.yaml:1:10: inherit: files inherit in a circle: c.yaml -> c.yaml"},
        {"seed: 1\ninherit: loop.yaml\n", "./loop2.yaml:1:10: inherit: files inherit in a circle: "
                                          "loop.yaml -> ./loop2.yaml -> "},
        {"inherit: missing.yaml\n",
         "c.yaml:1:10: inherit: cannot read missing.yaml: No such file or directory"},
        {"inherit: folder/../x.yaml\n", "c.yaml:1:10: inherit: cannot read folder/../x.yaml"},
        {"inherit: bad_key.yaml\n",
         "bad_key.yaml:2:3: unknown key \"epoch\" in train; did you mean \"epochs\"?"},
        {"inherit: bad_yaml.yaml\n", "c.yaml:1:10: inherit: bad_yaml.yaml:2:1: YAML syntax"},
        {"inherit: [a, b]\n", "c.yaml:1:10: inherit: expected the path of a config, got a list"},
        {"inherit:\n", "inherit: expected the path of a config, got nothing"},
        {"inherit: ''\n", "inherit: expected the path of a config, got \"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, NULL, NULL, cases[i].fragment);
}

/* Each layer sets the keys of its own and all later numbers, so the value says who won. */
static void test_precedence(void **state)
{
    (void)state;
    write_text("base.yaml",
               "train: {epochs: 1}\nseed: 1\nmodel: {n_heads_sa: 1, n_heads_ra: 1, ffn: {width: 1}}\n"
               "data: {train_size: 1}\n"
               "quick: {model: {n_heads_ra: 3, ffn: {width: 3}}, data: {train_size: 3}, seed: 3}\n");
    const char *text =
        "inherit: base.yaml\n"
        "seed: 2\nmodel: {n_heads_sa: 2, n_heads_ra: 2, ffn: {width: 2}}\ndata: {train_size: 2}\n"
        "quick: {model: {ffn: {width: 4}}, data: {train_size: 4}, seed: 4}\n"
        "sweep: {data.train_size: [5], seed: [5]}\n";
    const char *const overrides[] = {"seed=6", NULL};
    dat_config config = load_text(text, "quick", overrides);
    assert_int_equal(config.n_runs, 1);
    const fixture_config *values = values_of(&config, 0);
    assert_true(values->train.lr == 0.001);        /* default */
    assert_int_equal(values->train.epochs, 1);     /* inherited file */
    assert_int_equal(values->model.n_heads_sa, 2); /* file */
    assert_int_equal(values->model.n_heads_ra, 3); /* inherited overlay */
    assert_int_equal(values->model.ffn.width, 4);  /* overlay */
    assert_int_equal(values->data.train_size, 5);  /* sweep */
    assert_int_equal(values->seed, 6);             /* override */
    dat_config_free(&config);

    config = load_text(text, NULL, NULL); /* overlays rest unless chosen */
    assert_int_equal(values_of(&config, 0)->model.n_heads_ra, 2);
    assert_int_equal(values_of(&config, 0)->model.ffn.width, 2);
    dat_config_free(&config);
}

static void test_overlay_errors(void **state)
{
    (void)state;
    const struct {
        const char *preset, *text, *fragment;
    } cases[] = {
        {"quick", "seed: 1\n", "c.yaml has no preset \"quick\"; it defines none"},
        {"quick", "medium: {}\nsmoke: {}\n", "c.yaml has no preset \"quick\"; it defines medium, smoke"},
        {"train", "quick: {}\ntrain: {}\n", "c.yaml has no preset \"train\"; it defines quick"},
        {"", "smoke: {}\n", "c.yaml has no preset \"\"; it defines smoke"},
        {NULL, "quick: [1]\n", "c.yaml:1:8: quick: an overlay must be a mapping"},
        {NULL, "quick:\n", "quick: an overlay must be a mapping"},
        {NULL, "quick: {train: {epochs: 0}}\n",
         "c.yaml:1:25: train.epochs: expected an integer from 1 to 1000"},
        {NULL, "quick: {trian: {}}\n", "c.yaml:1:9: unknown key \"trian\"; did you mean \"train\"?"},
        {NULL, "quick: {inherit: x}\n", "c.yaml:1:9: unknown key \"inherit\""},
        {NULL, "quick: {smoke: {}}\n", "c.yaml:1:9: unknown key \"smoke\""},
        {NULL, "smoke: {sweep: {sead: [1]}}\n", "c.yaml:1:17: unknown key \"sead\"; did you mean \"seed\"?"},
        {NULL, "medium: {sweep: {seed: 1}}\n",
         "c.yaml:1:24: sweep axis seed: expected a list of values, got 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, cases[i].preset, NULL, cases[i].fragment);

    write_text("base.yaml", "medium: {seed: 3}\n");
    refuse_text("inherit: base.yaml\nquick: {}\n", "smoke", NULL,
                "c.yaml has no preset \"smoke\"; it defines quick, medium");
    dat_config config = load_text("inherit: base.yaml\nquick: {}\n", "medium", NULL);
    assert_int_equal(values_of(&config, 0)->seed, 3);
    dat_config_free(&config);
}

static void test_override_errors(void **state)
{
    (void)state;
    const struct {
        const char *override, *fragment;
    } cases[] = {
        {"seed", "--set seed: expected KEY=VALUE"},
        {"=1", "--set : expected KEY=VALUE"},
        {"train.epoch=1", "--set train.epoch: unknown key \"epoch\" in train; did you mean \"epochs\"?"},
        {"seeed=1", "--set seeed: unknown key \"seeed\"; did you mean \"seed\"?"},
        {"train.=1", "--set train.: unknown key \"\" in train; the keys are epochs, lr, shift, note"},
        {"seed.x=1", "--set seed.x: unknown key \"seed.x\": seed is no section and has no keys"},
        {"seed=1.5", "--set seed: seed: expected a 64-bit integer, got 1.5"},
        {"seed=", "--set seed: seed: expected a 64-bit integer, got nothing"},
        {"seed=[", "--set seed: YAML syntax"},
        {"seed=[]", "--set seed: sweep axis seed: the list is empty"},
        {"seed=[1, 1]", "--set seed: sweep axis seed: entry 2 repeats entry 1"},
        {"seed=[1, x]", "--set seed: seed: expected a 64-bit integer, got x"},
        {"train.epochs=0", "--set train.epochs: train.epochs: expected an integer from 1 to 1000, got 0"},
        {"train=3", "--set train: train: expected a mapping of keys, got 3"},
        {"train={epoch: 1}", "--set train: unknown key \"epoch\" in train"},
        {"train={lr: 1, lr: 2}", "--set train: key \"lr\" appears twice"},
        {"sweep.seed=1", "--set sweep.seed: unknown key \"sweep\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const char *const overrides[] = {cases[i].override, NULL};
        refuse_text("", NULL, overrides, cases[i].fragment);
    }
}

static void test_override_values(void **state)
{
    (void)state;
    const char *const overrides[] = {"model.name=DAT(1,1)",
                                     "train.note=\"a: b\"",
                                     "data.task=occurs",
                                     "model.symmetric=true",
                                     "seed=1",
                                     "train={lr: 0.5, epochs: 2}",
                                     "train.epochs=3",
                                     "model.ffn.width=8",
                                     "seed=-2",
                                     NULL};
    dat_config config = load_text("seed: 7\n", NULL, overrides);
    const fixture_config *values = values_of(&config, 0);
    assert_string_equal(values->model.name, "DAT(1,1)");
    assert_string_equal(values->train.note, "a: b");
    assert_int_equal(values->data.task, 1);
    assert_true(values->model.symmetric);
    assert_true(values->train.lr == 0.5);
    assert_int_equal(values->train.epochs, 3);
    assert_int_equal(values->model.ffn.width, 8);
    assert_int_equal(values->seed, -2);
    assert_string_equal(config.source, "seed: 7\n");
    dat_config_free(&config);

    const char *const empty[] = {"train.note=", NULL};
    config = load_text("", NULL, empty);
    assert_string_equal(values_of(&config, 0)->train.note, "");
    dat_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_inherit_chain),
        cmocka_unit_test(test_inherit_errors),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_overlay_errors),
        cmocka_unit_test(test_override_errors),
        cmocka_unit_test(test_override_values),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
