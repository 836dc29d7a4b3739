/* Values: right and wrong forms of every type, where errors point, resolved text that reads back the same. */
#include "config_fixture.h"

/* One wrong config and a part of the message that it must give. */
typedef struct wrong_config {
    const char *text, *fragment;
} wrong_config;

static void test_defaults_of_an_empty_file(void **state)
{
    (void)state;
    const char *const empty[] = {"", "\n", "# only a comment\n", "---\n", "{}"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; ++i) {
        dat_config config = load_text(empty[i], NULL, NULL);
        assert_int_equal(config.n_runs, 1);
        const fixture_config *values = values_of(&config, 0);
        assert_int_equal(values->data.task, 0);
        assert_int_equal(values->data.train_size, 100);
        assert_string_equal(values->model.name, "");
        assert_int_equal(values->model.n_heads_sa, 2);
        assert_false(values->model.symmetric);
        assert_true(values->model.dropout == 0.1);
        assert_int_equal(values->model.ffn.width, 64);
        assert_true(values->train.lr == 0.001);
        assert_string_equal(values->train.note, "none");
        assert_string_equal(config.source, empty[i]);
        assert_string_equal(config.path, "c.yaml");
        assert_string_equal(config.runs[0].label, "");
        dat_config_free(&config);
    }
}

static void test_values_of_every_type(void **state)
{
    (void)state;
    dat_config config = load_text("data: {task: \"occurs\", train_size: +1000000}\n"
                                  "model:\n"
                                  "  name: 12\n"
                                  "  symmetric: true\n"
                                  "  dropout: 0\n"
                                  "  ffn:\n"
                                  "    width: -9223372036854775808\n"
                                  "train: {lr: 1e-3, shift: -2.5E+2, note: 'a: b'}\n"
                                  "seed: 9223372036854775807\n",
                                  NULL, NULL);
    const fixture_config *values = values_of(&config, 0);
    assert_int_equal(values->data.task, 1);
    assert_int_equal(values->data.train_size, 1000000);
    assert_string_equal(values->model.name, "12");
    assert_true(values->model.symmetric);
    assert_true(values->model.dropout == 0);
    assert_true(values->model.ffn.width == INT64_MIN);
    assert_true(values->train.lr == 1e-3);
    assert_true(values->train.shift == -250);
    assert_string_equal(values->train.note, "a: b");
    assert_true(values->seed == INT64_MAX);
    dat_config_free(&config);
}

static void test_wrong_keys(void **state)
{
    (void)state;
    const wrong_config cases[] = {
        {"trian: {}\n", "c.yaml:1:1: unknown key \"trian\"; did you mean \"train\"?"},
        {"inherits: x\n", "c.yaml:1:1: unknown key \"inherits\"; did you mean \"inherit\"?"},
        {"seed: 1\ntrain:\n  lr: 1\n  epoch: 3\n",
         "c.yaml:4:3: unknown key \"epoch\" in train; did you mean \"epochs\"?"},
        {"train: {zzzzzz: 1}\n",
         "c.yaml:1:9: unknown key \"zzzzzz\" in train; the keys are epochs, lr, shift, note"},
        {"model: {ffn: {widht: 1}}\n",
         "c.yaml:1:15: unknown key \"widht\" in model.ffn; did you mean \"width\"?"},
        {"train.lr: 1\n", "c.yaml:1:1: unknown key \"train.lr\"; did you mean \"train\"?"},
        {"fast: {train: {epochs: 1}}\n", "c.yaml:1:1: unknown key \"fast\"; the keys are data, model, train, "
                                         "seed, inherit, sweep, quick, medium, smoke"},
        {"? [a]\n: 1\n", "c.yaml:1:3: a key must be a word"},
        {"'': 1\n", "unknown key \"\"; the keys are data"},
        {"<<: {seed: 1}\n", "unknown key \"<<\""},
        {"seed: 1\ntrain: {lr: 1}\nseed: 2\n", "c.yaml:3:1: key \"seed\" appears twice, first in line 1"},
        {"train:\n  lr: 1\n  'lr': 1\n", "c.yaml:3:3: key \"lr\" appears twice, first in line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, NULL, NULL, cases[i].fragment);
}

static void test_wrong_values(void **state)
{
    (void)state;
    const wrong_config cases[] = {
        {"seed: 1.5\n", "c.yaml:1:7: seed: expected a 64-bit integer, got 1.5"},
        {"seed: abc\n", "seed: expected a 64-bit integer, got abc"},
        {"seed: \"1\"\n", "seed: expected a 64-bit integer, got \"1\""},
        {"seed: 0x10\n", "expected a 64-bit integer, got 0x10"},
        {"seed: 1e3\n", "expected a 64-bit integer, got 1e3"},
        {"seed: 9223372036854775808\n", "expected a 64-bit integer, got 9223372036854775808"},
        {"seed:\n", "c.yaml:1:6: seed: expected a 64-bit integer, got nothing"},
        {"seed: ''\n", "expected a 64-bit integer, got \"\""},
        {"seed: -\n", "YAML syntax"},
        {"seed: [1]\n", "seed: expected a 64-bit integer, got a list"},
        {"train:\n  epochs: 0\n", "c.yaml:2:11: train.epochs: expected an integer from 1 to 1000, got 0"},
        {"train: {epochs: 1001}\n", "train.epochs: expected an integer from 1 to 1000, got 1001"},
        {"train: {lr: -0.5}\n", "train.lr: expected a number of at least 0, got -0.5"},
        {"train: {lr: nan}\n", "train.lr: expected a number of at least 0, got nan"},
        {"train: {shift: inf}\n", "train.shift: expected a finite number, got inf"},
        {"train: {shift: .inf}\n", "train.shift: expected a finite number, got .inf"},
        {"train: {shift: 1e999}\n", "train.shift: expected a finite number, got 1e999"},
        {"train: {shift: 1e-999}\n", "train.shift: expected a finite number, got 1e-999"},
        {"train: {shift: 1e}\n", "train.shift: expected a finite number, got 1e"},
        {"train: {shift: 0x1p3}\n", "train.shift: expected a finite number, got 0x1p3"},
        {"train: {shift: 1 2}\n", "train.shift: expected a finite number, got 1 2"},
        {"train: {shift: true}\n", "train.shift: expected a finite number, got true"},
        {"model: {dropout: 0.95}\n", "model.dropout: expected a number from 0 to 0.9, got 0.95"},
        {"model: {symmetric: yes}\n", "c.yaml:1:20: model.symmetric: expected true or false, got yes"},
        {"model: {symmetric: 1}\n", "model.symmetric: expected true or false, got 1"},
        {"model: {symmetric: 'true'}\n", "model.symmetric: expected true or false, got \"true\""},
        {"data: {task: sme}\n",
         "c.yaml:1:14: data.task: expected one of same, occurs, off, got sme; did you mean \"same\"?"},
        {"data: {task: 0}\n", "data.task: expected one of same, occurs, off, got 0"},
        {"model: {name: [a]}\n", "model.name: expected text of at most 255 bytes, got a list"},
        {"model: {name: {a: b}}\n", "model.name: expected text of at most 255 bytes, got a mapping"},
        {"model: {name: \"a\\0b\"}\n", "c.yaml:1:15: text cannot hold a NUL character"},
        {"train: 5\n", "c.yaml:1:8: train: expected a mapping of keys, got 5"},
        {"train: [1]\n", "c.yaml:1:8: train: expected a mapping of keys, got a list"},
        {"train:\nseed: 1\n", "train: expected a mapping of keys, got nothing"},
        {"model: {ffn: 3}\n", "model.ffn: expected a mapping of keys, got 3"},
        {"seed: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg\n", "ffffffffff..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, NULL, NULL, cases[i].fragment);
}

static void test_wrong_yaml(void **state)
{
    (void)state;
    const wrong_config cases[] = {
        {"seed: [1\n", "c.yaml:2:1: YAML syntax: while parsing a flow sequence"},
        {"train:\n\tlr: 1\n", "c.yaml:2:1: YAML syntax: "},
        {"train:\n\tlr: 1\n", "indent with spaces, not tabs"},
        {"seed: 1\n  lr: 2\n", "c.yaml:2:5: YAML syntax: mapping values are not allowed in this context"},
        {"seed: 'open\n", "YAML syntax: while scanning a quoted scalar"},
        {"seed: &a 1\n", "c.yaml:1:7: YAML anchors (&), aliases (*) and tags (!) are not supported"},
        {"train: &a {shift: 1}\n", "c.yaml:1:8: YAML anchors"},
        {"seed: *a\n", "c.yaml:1:7: YAML anchors"},
        {"a: &a [*a, *a]\n", "c.yaml:1:4: YAML anchors"},
        {"seed: !!int 1\n", "c.yaml:1:7: YAML anchors"},
        {"seed: 1\n---\nseed: 2\n", "c.yaml:2:1: a second YAML document begins"},
        {"just text\n", "c.yaml:1:1: a config is a mapping of keys to values, got just text"},
        {"- 1\n- 2\n", "c.yaml:1:1: a config is a mapping of keys to values, got a list"},
        {"seed: 1\nmodel: {name: \xff\xfe}\n", "c.yaml:2:15: not a text file in UTF-8"},
        {"seed: \x01\n", "c.yaml:1:7: not a text file in UTF-8: control characters are not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        refuse_text(cases[i].text, NULL, NULL, cases[i].fragment);
}

static void test_utf16_is_refused(void **state)
{
    (void)state;
    dat_config config;
    write_bytes("c.yaml",
                "\xff\xfes\0:\0 \0"
                "1\0",
                10);
    assert_refused(load(NULL, NULL, &config), "c.yaml:1:1: not a text file in UTF-8");
    write_bytes("c.yaml", "\xef\xbb\xbfseed: 4\n", 11); /* a mark of UTF-8 is harmless */
    assert_ok(load(NULL, NULL, &config));
    assert_int_equal(values_of(&config, 0)->seed, 4);
    dat_config_free(&config);
}

static void test_hostile_sizes(void **state)
{
    (void)state;
    enum { DEPTH = 200000, KEYS = 2000, LONG = 2 << 20 };
    char *text = malloc(LONG + 1);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    refuse_text(text, NULL, NULL, "nested more than 32 levels deep");
    for (int i = 0; i < DEPTH / 4; ++i)
        memcpy(text + 4 * i, "{a: ", 4);
    refuse_text(text, NULL, NULL, "nested more than 32 levels deep");
    size_t used = 0;
    for (int i = 0; i < KEYS; ++i)
        used += (size_t)snprintf(text + used, 16, "k%d: 1\n", i);
    refuse_text(text, NULL, NULL, "c.yaml:1001:1: more than 1000 keys in one mapping");
    memset(text, '#', LONG);
    text[LONG] = '\0';
    refuse_text(text, NULL, NULL, "c.yaml is larger than 1048576 bytes");
    free(text);
}

static void test_text_at_the_limit(void **state)
{
    (void)state;
    char text[DAT_TEXT_SIZE + 32], name[DAT_TEXT_SIZE + 1];
    memset(name, 'a', sizeof name);
    name[DAT_TEXT_SIZE] = '\0';
    snprintf(text, sizeof text, "model: {name: %s}\n", name);
    refuse_text(text, NULL, NULL, "c.yaml:1:15: model.name: expected text of at most 255 bytes, got aaaa");
    name[DAT_TEXT_SIZE - 1] = '\0';
    snprintf(text, sizeof text, "model: {name: %s}\n", name);
    dat_config config = load_text(text, NULL, NULL);
    assert_string_equal(values_of(&config, 0)->model.name, name);
    dat_config_free(&config);
}

static void test_resolved_is_canonical(void **state)
{
    (void)state;
    const char *const spellings[] = {
        "{train: {lr: 0.10, note: \"true\"}, data: {task: off}, model: {name: \"DAT(1,1)\", ffn: {width: "
        "007}}}",
        "model:\n  name: \"DAT(1,1)\"\n  ffn: {width: +7}\ndata: {task: 'off'}\n"
        "train: {note: true, lr: 1.0e-1} # comment\n",
    };
    for (size_t i = 0; i < 2; ++i) {
        dat_config config = load_text(spellings[i], NULL, NULL);
        assert_string_equal(config.runs[0].resolved, "data:\n"
                                                     "  task: \"off\"\n"
                                                     "  train_size: 100\n"
                                                     "model:\n"
                                                     "  name: DAT(1,1)\n"
                                                     "  n_heads_sa: 2\n"
                                                     "  n_heads_ra: 0\n"
                                                     "  symmetric: false\n"
                                                     "  dropout: 0.1\n"
                                                     "  ffn:\n"
                                                     "    width: 7\n"
                                                     "train:\n"
                                                     "  epochs: 50\n"
                                                     "  lr: 0.1\n"
                                                     "  shift: 0\n"
                                                     "  note: \"true\"\n"
                                                     "seed: 0\n");
        dat_config_free(&config);
    }
}

/* However long a text is, its value stays on one line, with its letters legible. */
static void test_resolved_text_stays_on_a_line(void **state)
{
    (void)state;
    char words[201], yaml[300], line[300];
    for (size_t i = 0; i < 200; i += 4)
        memcpy(words + i, "\xc3\xa9# ", 4);
    words[199] = '.';
    words[200] = '\0';
    snprintf(yaml, sizeof yaml, "train: {note: '%s'}\n", words);
    snprintf(line, sizeof line, "\n  note: \"%s\"\n", words);
    dat_config config = load_text(yaml, NULL, NULL);
    assert_non_null(strstr(config.runs[0].resolved, line));
    dat_config_free(&config);
}

/* Loads `key: value` given as YAML, resolves, and reads the resolved text back: all bytes of the struct
 * agree. */
static void check_round_trip(const char *yaml, fixture_config *back)
{
    dat_config config = load_text(yaml, NULL, NULL);
    memset(back, 0xAB, sizeof *back);
    assert_ok(dat_config_parse_resolved(config.runs[0].resolved, &fixture_schema, back));
    assert_memory_equal(back, config.runs[0].values, sizeof *back);
    dat_config_free(&config);
}

static void test_round_trip_of_reals(void **state)
{
    (void)state;
    const double numbers[] = {0.1,
                              1e-10,
                              -0.0,
                              0.0,
                              1.0 / 3,
                              1e22,
                              123456789.123456789,
                              5e-324,
                              1.7976931348623157e308,
                              2.2250738585072014e-308,
                              -1e-5,
                              1e15,
                              0.30000000000000004};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        char yaml[64];
        fixture_config back;
        snprintf(yaml, sizeof yaml, "train: {shift: %.17g}\n", numbers[i]);
        check_round_trip(yaml, &back);
        assert_memory_equal(&back.train.shift, &numbers[i], sizeof(double));
    }
}

static void test_round_trip_of_texts(void **state)
{
    (void)state;
    const struct {
        const char *yaml, *value;
    } texts[] = {
        {"''", ""},
        {"true", "true"},
        {"1e3", "1e3"},
        {"'null'", "null"},
        {"~", "~"},
        {"'No'", "No"},
        {"'a: b'", "a: b"},
        {"'a #b'", "a #b"},
        {"'#b'", "#b"},
        {"'- x'", "- x"},
        {"'[1, 2]'", "[1, 2]"},
        {"'it''s \"so\" \\'", "it's \"so\" \\"},
        {"\"line\\nline\\n\\n\"", "line\nline\n\n"},
        {"\"\\ttab \\r\\x01\\x7f end \"", "\ttab \r\x01\x7f end "},
        {"' lead and trail '", " lead and trail "},
        {"\"\\u00e9\\u4e2d\\U0001F600\"", "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"},
        {"\"\\u0085\\u2028\\ufeff\\u009f\"", "\xc2\x85\xe2\x80\xa8\xef\xbb\xbf\xc2\x9f"},
        {"|\n    block\n     text\n", "block\n text\n"},
        {"a, (b) - c/d_e.f+g", "a, (b) - c/d_e.f+g"},
        {"'---'", "---"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        char yaml[256];
        fixture_config back;
        snprintf(yaml, sizeof yaml, "model:\n  name: %s\n", texts[i].yaml);
        check_round_trip(yaml, &back);
        assert_string_equal(back.model.name, texts[i].value);
    }
}

static void test_parse_resolved_refuses(void **state)
{
    (void)state;
    const wrong_config cases[] = {
        {"seed: x\n", "resolved config:1:7: seed: expected a 64-bit integer, got x"},
        {"sweep: {seed: [1]}\n", "resolved config:1:1: unknown key \"sweep\""},
        {"quick: {seed: 1}\n", "unknown key \"quick\""},
        {"inherit: base.yaml\n", "unknown key \"inherit\""},
        {"[1]\n", "resolved config:1:1: expected a mapping"},
        {"seed: [\n", "YAML syntax"},
    };
    fixture_config values, before;
    memset(&values, 0xAB, sizeof values);
    before = values;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        assert_refused(dat_config_parse_resolved(cases[i].text, &fixture_schema, &values), cases[i].fragment);
    assert_memory_equal(&values, &before, sizeof values);
}

static void test_required_keys(void **state)
{
    (void)state;
    static const dat_field fields[] = {
        {.key = "path", .type = DAT_FIELD_TEXT, .offset = 0},
        {0},
    };
    static const dat_schema schema = {DAT_TEXT_SIZE, fields};
    dat_config config;
    write_text("c.yaml", "");
    assert_refused(dat_config_load("c.yaml", &schema, NULL, NULL, 0, &config),
                   "c.yaml: path is required: give it text of at most 255 bytes");
    const char *const overrides[] = {"path=x"};
    assert_ok(dat_config_load("c.yaml", &schema, NULL, overrides, 1, &config));
    assert_string_equal(config.runs[0].values, "x");
    dat_config_free(&config);
    write_text("c.yaml", "sweep: {path: [x, y]}");
    assert_ok(dat_config_load("c.yaml", &schema, NULL, NULL, 0, &config));
    assert_int_equal(config.n_runs, 2);
    dat_config_free(&config);
    char value[DAT_TEXT_SIZE];
    assert_refused(dat_config_parse_resolved("{}", &schema, value), "resolved config: path is required");
}

static void test_schema_print(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    dat_schema_print(&fixture_schema, stream);
    fclose(stream);
    const char *const fragments[] = {
        "data:  # What to learn\n  task: one of same, occurs, off; default same\n",
        "  train_size: an integer from 1 to 1000000; default 100\n        Number of training examples\n",
        "  name: text of at most 255 bytes; default \"\"\n",
        "  ffn:\n    width: a 64-bit integer; default 64\n",
        "  lr: a number of at least 0; default 1e-3\n",
        "\nseed: a 64-bit integer; default 0\n",
    };
    for (size_t i = 0; i < sizeof fragments / sizeof *fragments; ++i)
        if (!strstr(text, fragments[i]))
            fail_msg("the printed schema lacks\n%s\nin\n%s", fragments[i], text);
    free(text);
}

/* Every beginning of a rich config either loads or is refused as the user's mistake. */
static void test_truncated_anywhere(void **state)
{
    (void)state;
    const char *text = "# h\xc3\xa9\ndata: {task: occurs, train_size: 250}\n"
                       "model:\n  name: \"DAT \\u00e9 \\\"x\\\"\"\n  ffn: {width: 12}\n"
                       "train:\n  lr: 1e-3\n  note: |\n    block\n    text\n"
                       "sweep:\n  model:\n    - {name: 'A''s', n_heads_sa: 1}\n    - {name: B}\n"
                       "  data.train_size: [1, 2]\n  seed: [0, 1]\n"
                       "quick: {train: {epochs: 1}, sweep: {seed: [0]}}\n";
    int loaded = 0, refused = 0;
    for (size_t size = 0; size <= strlen(text); ++size) {
        dat_config config;
        write_bytes("c.yaml", text, size);
        dat_status status = load(NULL, NULL, &config);
        loaded += status.code == DAT_CODE_OK;
        refused += status.code == DAT_CODE_USAGE;
        assert_true(status.code == DAT_CODE_OK || strncmp(status.message, "c.yaml:", 7) == 0);
        dat_config_free(&config);
    }
    assert_int_equal(loaded + refused, strlen(text) + 1);
    assert_true(loaded > 20 && refused > 100);
}

/* The same with every byte changed in turn, in a few ways. */
static void test_damaged_anywhere(void **state)
{
    (void)state;
    char text[] = "model: {name: \"a\\n\"}\nsweep:\n  model: [{n_heads_sa: 1}, {}]\n  seed: [0, 1]\n"
                  "train:\n  lr: 1e-3\nquick: {sweep: {seed: [0]}}\n";
    const char damage[] = {'\0', '\n', ' ', ':', '[', '}', '"', '&', '\xff', '9'};
    for (size_t i = 0; i + 1 < sizeof text; ++i) {
        char kept = text[i];
        for (size_t j = 0; j < sizeof damage; ++j) {
            dat_config config;
            text[i] = damage[j];
            write_bytes("c.yaml", text, sizeof text - 1);
            dat_status status = load("quick", NULL, &config);
            assert_true(status.code == DAT_CODE_OK || status.code == DAT_CODE_USAGE);
            dat_config_free(&config);
        }
        text[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_of_an_empty_file),
        cmocka_unit_test(test_values_of_every_type),
        cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_wrong_yaml),
        cmocka_unit_test(test_hostile_sizes),
        cmocka_unit_test(test_text_at_the_limit),
        cmocka_unit_test(test_resolved_is_canonical),
        cmocka_unit_test(test_resolved_text_stays_on_a_line),
        cmocka_unit_test(test_utf16_is_refused),
        cmocka_unit_test(test_round_trip_of_reals),
        cmocka_unit_test(test_round_trip_of_texts),
        cmocka_unit_test(test_parse_resolved_refuses),
        cmocka_unit_test(test_required_keys),
        cmocka_unit_test(test_schema_print),
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_damaged_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
