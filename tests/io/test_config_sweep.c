/* Sweeps: the product and its order, names of runs, axes of overlays and the command line, limits. */
#include <xxhash.h>

#include "config_fixture.h"

static const char *const models = "sweep:\n"
                                  "  model:\n"
                                  "    - {name: \"DAT(1,1)\", n_heads_sa: 1, n_heads_ra: 1}\n"
                                  "    - {name: \"T(2)\", n_heads_sa: 2, n_heads_ra: 0}\n"
                                  "  data.task: [same, occurs]\n"
                                  "  data.train_size: [250, 500]\n"
                                  "  seed: [0, 1]\n";

/* An alternative that leaves a key alone differs from one that sets it, to whatever value. */
static void test_entries_with_different_keys(void **state)
{
    (void)state;
    dat_config config =
        load_text("model: {n_heads_ra: 3}\nsweep: {model: [{n_heads_ra: 0}, {}]}\n", NULL, NULL);
    assert_int_equal(config.n_runs, 2);
    assert_int_equal(values_of(&config, 0)->model.n_heads_ra, 0);
    assert_int_equal(values_of(&config, 1)->model.n_heads_ra, 3);
    dat_config_free(&config);
}

/* "slug-hhhhhhhh" with the hash of the resolved text. */
static void assert_run_id(const dat_run_config *run, const char *slug)
{
    char expected[512], hash[17];
    snprintf(hash, sizeof hash, "%016llx",
             (unsigned long long)XXH3_64bits(run->resolved, strlen(run->resolved)));
    snprintf(expected, sizeof expected, "%s-%.8s", slug, hash);
    assert_string_equal(run->run_id, expected);
}

static void test_product(void **state)
{
    (void)state;
    dat_config config = load_text(models, NULL, NULL);
    assert_int_equal(config.n_runs, 16);
    for (int64_t i = 0; i < 16; ++i) {
        const fixture_config *values = values_of(&config, i);
        assert_int_equal(values->seed, i % 2);
        assert_int_equal(values->data.train_size, i / 2 % 2 ? 500 : 250);
        assert_int_equal(values->data.task, i / 4 % 2);
        assert_int_equal(values->model.n_heads_sa, 1 + i / 8);
        assert_int_equal(values->model.n_heads_ra, 1 - i / 8);
        assert_string_equal(values->model.name, i < 8 ? "DAT(1,1)" : "T(2)");
        assert_true(values->train.lr == 0.001);
        fixture_config back;
        assert_ok(dat_config_parse_resolved(config.runs[i].resolved, &fixture_schema, &back));
        assert_memory_equal(&back, values, sizeof back);
        for (int64_t j = 0; j < i; ++j)
            assert_string_not_equal(config.runs[i].run_id, config.runs[j].run_id);
    }
    assert_string_equal(config.runs[0].label,
                        "model.name=DAT(1,1) data.task=same data.train_size=250 seed=0");
    assert_run_id(&config.runs[0], "dat-1-1_same_train_size-250_s0");
    assert_run_id(&config.runs[15], "t-2_occurs_train_size-500_s1");
    dat_config_free(&config);
}

static void test_slugs(void **state)
{
    (void)state;
    const struct {
        const char *text, *label, *slug;
    } cases[] = {
        {"seed: 3\n", "", "c"},
        {"sweep: {seed: [12]}\n", "seed=12", "s12"},
        {"sweep: {model: [{n_heads_sa: 1, symmetric: true}]}\n", "model.n_heads_sa=1 model.symmetric=true",
         "n_heads_sa-1_symmetric-true"},
        {"sweep: {model: [{ffn: {width: 3}}]}\n", "model.ffn.width=3", "width-3"},
        {"sweep: {model: [{}]}\n", "", "c"},
        {"sweep: {train.lr: [1e-10], train.shift: [-2.5e20]}\n", "train.lr=1e-10 train.shift=-2.5e+20",
         "lr-1e-10_shift--2.5e20"},
        {"sweep: {train.note: [\"../..//A  b\\n\\u00e9 (c.d)_\"], seed: [1]}\n",
         "train.note=../..//A  b?\xc3\xa9 (c.d)_ seed=1", "a-b-c.d_s1"},
        {"sweep: {train.note: [\"\\u00e9\"]}\n", "train.note=\xc3\xa9", "run"},
        {"sweep: {model.name: [none], model.ffn: [{width: 2}]}\n", "model.name=none model.ffn.width=2",
         "none_width-2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dat_config config = load_text(cases[i].text, NULL, NULL);
        assert_string_equal(config.runs[0].label, cases[i].label);
        assert_run_id(&config.runs[0], cases[i].slug);
        dat_config_free(&config);
    }
}

static void test_long_slug_is_cut(void **state)
{
    (void)state;
    char text[600], name[250];
    memset(name, 'a', sizeof name);
    name[89] = '-'; /* the cut must not leave it at the end */
    name[sizeof name - 1] = '\0';
    snprintf(text, sizeof text, "sweep: {train.note: [%s, %sb]}\n", name, name);
    dat_config config = load_text(text, NULL, NULL);
    name[89] = '\0';
    assert_run_id(&config.runs[0], name);
    assert_string_not_equal(config.runs[0].run_id, config.runs[1].run_id);
    dat_config_free(&config);
}

static void test_run_id_depends_on_values_only(void **state)
{
    (void)state;
    dat_config first = load_text("train: {lr: 0.5}\nsweep: {seed: [1]}\n", NULL, NULL);
    dat_config same = load_text("# other text\nsweep: {seed: [2]}\ntrain: {lr: 5e-1}\n", NULL,
                                (const char *const[]){"seed=1", NULL});
    dat_config other = load_text("train: {lr: 0.25}\nsweep: {seed: [1]}\n", NULL, NULL);
    assert_string_equal(first.runs[0].run_id, same.runs[0].run_id);
    assert_string_not_equal(first.runs[0].run_id, other.runs[0].run_id);
    dat_config_free(&first);
    dat_config_free(&same);
    dat_config_free(&other);
}

static void test_wrong_sweeps(void **state)
{
    (void)state;
    const struct {
        const char *text, *fragment;
    } cases[] = {
        {"sweep: [1]\n", "c.yaml:1:8: sweep: expected a mapping of keys to lists, got a list"},
        {"sweep:\n", "sweep: expected a mapping of keys to lists, got nothing"},
        {"sweep: {seed: 1}\n", "c.yaml:1:15: sweep axis seed: expected a list of values, got 1"},
        {"sweep: {seed: {a: 1}}\n", "sweep axis seed: expected a list of values, got a mapping"},
        {"sweep: {model: {name: a}}\n", "sweep axis model: expected a list of mappings, got a mapping"},
        {"sweep: {seed: []}\n", "c.yaml:1:9: sweep axis seed: the list is empty; give at least one value"},
        {"sweep: {data.train_sise: [1]}\n",
         "c.yaml:1:9: unknown key \"train_sise\" in data; did you mean \"train_size\"?"},
        {"sweep: {seed.x: [1]}\n", "c.yaml:1:9: unknown key \"seed.x\": seed is no section and has no keys"},
        {"sweep: {seed: [0, 1, 0]}\n", "c.yaml:1:22: sweep axis seed: entry 3 repeats entry 1"},
        {"sweep: {train.lr: [0.1, 2, 1e-1]}\n", "c.yaml:1:28: sweep axis train.lr: entry 3 repeats entry 1"},
        {"sweep: {model: [{name: a, n_heads_sa: 1}, {n_heads_sa: 01, name: 'a'}]}\n",
         "sweep axis model: entry 2 repeats entry 1"},
        {"sweep: {seed: [0, x]}\n", "c.yaml:1:19: seed: expected a 64-bit integer, got x"},
        {"sweep: {data.train_size: [0]}\n", "data.train_size: expected an integer from 1 to 1000000, got 0"},
        {"sweep: {model: [1]}\n", "c.yaml:1:17: model: expected a mapping of keys, got 1"},
        {"sweep: {model: [{nam: a}]}\n", "c.yaml:1:18: unknown key \"nam\" in model; did you mean \"name\"?"},
        {"sweep: {model: [{n_heads_ra: 1}, {name: a}], model.n_heads_ra: [1, 2]}\n",
         "c.yaml:1:46: sweep axes model and model.n_heads_ra set the same key"},
        {"sweep: {seed: [1], seed: [2]}\n", "c.yaml:1:20: key \"seed\" appears twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, NULL, NULL, cases[i].fragment);
}

static void assert_labels(dat_config config, const char *const labels[])
{
    int64_t n = 0;
    for (; labels[n]; ++n) {
        assert_true(n < config.n_runs);
        assert_string_equal(config.runs[n].label, labels[n]);
    }
    assert_int_equal(config.n_runs, n);
    dat_config_free(&config);
}

static void test_inherited_and_overlaid_axes(void **state)
{
    (void)state;
    write_text("base.yaml", "sweep: {data.task: [same, occurs], seed: [0, 1]}\n"
                            "quick: {sweep: {data.task: [occurs]}}\n");
    const char *text = "inherit: base.yaml\nsweep: {train.epochs: [5], data.task: [off]}\n"
                       "quick: {sweep: {seed: [7], train.lr: [1, 2]}}\n";
    assert_labels(load_text(text, NULL, NULL),
                  (const char *const[]){"data.task=off seed=0 train.epochs=5",
                                        "data.task=off seed=1 train.epochs=5", NULL});
    assert_labels(load_text(text, "quick", NULL),
                  (const char *const[]){"data.task=occurs seed=7 train.epochs=5 train.lr=1",
                                        "data.task=occurs seed=7 train.epochs=5 train.lr=2", NULL});
}

static void test_overrides_of_axes(void **state)
{
    (void)state;
    const char *text = "sweep: {data.task: [same, occurs], seed: [0, 1]}\n";
    assert_labels(load_text(text, NULL, (const char *const[]){"data.task=off", NULL}),
                  (const char *const[]){"data.task=off seed=0", "data.task=off seed=1", NULL});
    assert_labels(load_text(text, NULL, (const char *const[]){"data.task=off", "seed=[5, 6]", NULL}),
                  (const char *const[]){"data.task=off seed=5", "data.task=off seed=6", NULL});
    assert_labels(load_text("", NULL, (const char *const[]){"data.train_size=[250,500]", NULL}),
                  (const char *const[]){"data.train_size=250", "data.train_size=500", NULL});
    assert_labels(
        load_text(text, NULL, (const char *const[]){"seed=[1,2,3]", "data.task=off", "seed=9", NULL}),
        (const char *const[]){"data.task=off seed=9", NULL});
    assert_labels(load_text("", NULL, (const char *const[]){"seed=9", "seed=[1,2]", NULL}),
                  (const char *const[]){"seed=1", "seed=2", NULL});
    assert_labels(load_text(models, NULL,
                            (const char *const[]){"model={name: X, n_heads_ra: 9}", "data.task=off",
                                                  "data.train_size=7", "seed=0", NULL}),
                  (const char *const[]){"model.name=X data.task=off data.train_size=7 seed=0", NULL});
}

static void test_override_selects_mappings(void **state)
{
    (void)state;
    assert_labels(
        load_text(models, NULL,
                  (const char *const[]){"model.name=T(2)", "data.task=same", "data.train_size=250", NULL}),
        (const char *const[]){"model.name=T(2) data.task=same data.train_size=250 seed=0",
                              "model.name=T(2) data.task=same data.train_size=250 seed=1", NULL});
    const char *text = "model: {n_heads_ra: 3}\n"
                       "sweep: {model: [{name: a, n_heads_ra: 1}, {name: \"b, c\"}, {name: d, n_heads_ra: "
                       "01, dropout: 0.5}]}\n";
    const struct {
        const char *overrides[3], *labels[4];
    } cases[] = {
        {{"model.n_heads_ra=1"}, {"model.name=a", "model.name=d"}},
        {{"model.n_heads_ra=3"}, {"model.name=b, c"}}, /* which leaves the file's value alone */
        {{"model.name=b, c"}, {"model.name=b, c"}},
        {{"model.name=[d, a]"}, {"model.name=a", "model.name=d"}},
        {{"model.n_heads_ra=1", "model.name=d"}, {"model.name=d"}},
        {{"model.dropout=5e-1"}, {"model.name=d"}},
        {{"model.dropout=0.1"}, {"model.name=a", "model.name=b, c"}}, /* the schema's value */
        {{"model.n_heads_sa=7"},
         {"model.name=a", "model.name=b, c", "model.name=d"}}, /* no mapping sets it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        assert_labels(load_text(text, NULL, cases[i].overrides), cases[i].labels);
}

static void test_runs_that_an_override_makes_equal(void **state)
{
    (void)state;
    const char *text = "sweep: {model: [{ffn: {width: 1}}, {ffn: {width: 2}}], seed: [0, 1]}\n";
    assert_labels(load_text(text, NULL, (const char *const[]){"model.ffn={width: 3}", NULL}),
                  (const char *const[]){"model.ffn.width=3 seed=0", "model.ffn.width=3 seed=1", NULL});
}

/* A run that is selected is the run of the whole sweep. */
static void test_selected_runs_keep_their_ids(void **state)
{
    (void)state;
    dat_config all = load_text(models, NULL, NULL);
    dat_config some = load_text(models, NULL, (const char *const[]){"model.name=T(2)", NULL});
    assert_int_equal(some.n_runs, 8);
    for (int64_t i = 0; i < 8; ++i) {
        assert_string_equal(some.runs[i].run_id, all.runs[8 + i].run_id);
        assert_string_equal(some.runs[i].resolved, all.runs[8 + i].resolved);
    }
    dat_config_free(&all);
    dat_config_free(&some);
}

static void test_override_that_no_mapping_has(void **state)
{
    (void)state;
    const char *text = "sweep:\n"
                       "  model: [{name: a, n_heads_ra: 1}, {name: \"b, c\", n_heads_ra: 1}, {name: d}]\n";
    const struct {
        const char *override, *fragment;
    } cases[] = {
        {"model.name=x", "--set model.name: no entry of the sweep axis model has the value \"x\"; they have "
                         "\"a\", \"b, c\", \"d\""},
        {"model.name=[a, x]", "has the value \"x\"; they have"},
        {"model.n_heads_ra=8", "has the value \"8\"; they have \"1\", \"0\""},
        {"model.n_heads_ra=65", "--set model.n_heads_ra: model.n_heads_ra: expected an integer from 0 to 64"},
        {"model.name=[]", "--set model.name: the list is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(text, NULL, (const char *const[]){cases[i].override, NULL}, cases[i].fragment);
}

static void test_too_many_runs(void **state)
{
    (void)state;
    enum { N = 100001 };
    char *text = malloc(8 * N + 64);
    assert_non_null(text);
    size_t used = (size_t)sprintf(text, "sweep: {seed: [0");
    for (int i = 1; i < N; ++i)
        used += (size_t)sprintf(text + used, ",%d", i);
    sprintf(text + used, "]}\n");
    refuse_text(text, NULL, NULL,
                "c.yaml:1:9: sweep axis seed: 100001 values are more than the 100000 allowed");

    used = (size_t)sprintf(text, "sweep:\n");
    const char *const keys[] = {"seed", "model.ffn.width", "train.shift"};
    for (int axis = 0; axis < 3; ++axis) {
        used += (size_t)sprintf(text + used, "  %s: [0", keys[axis]);
        for (int i = 1; i < 20000; ++i)
            used += (size_t)sprintf(text + used, ",%d", i);
        used += (size_t)sprintf(text + used, "]\n");
    }
    refuse_text(text, NULL, NULL, "c.yaml: the sweep's product has more than 100000 runs; shorten its axes");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_entries_with_different_keys),
        cmocka_unit_test(test_slugs),
        cmocka_unit_test(test_long_slug_is_cut),
        cmocka_unit_test(test_run_id_depends_on_values_only),
        cmocka_unit_test(test_wrong_sweeps),
        cmocka_unit_test(test_inherited_and_overlaid_axes),
        cmocka_unit_test(test_overrides_of_axes),
        cmocka_unit_test(test_override_selects_mappings),
        cmocka_unit_test(test_runs_that_an_override_makes_equal),
        cmocka_unit_test(test_selected_runs_keep_their_ids),
        cmocka_unit_test(test_override_that_no_mapping_has),
        cmocka_unit_test(test_too_many_runs),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
