/* Resolved configs as dotted keys: the canonical form is read, everything else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/resolved.h"

static void reads_nested_keys_in_order(void **state)
{
    (void)state;
    const char *text = "figure: fig2_learning_curves\n"
                       "data:\n"
                       "  task: between\n"
                       "  train_size: 250\n"
                       "model:\n"
                       "  name: \"T(2, d=144)\"\n"
                       "  symbols:\n"
                       "    kind: \"say \\\"a\\\\b\\\"\\n\"\n"
                       "  d_model: -12\n"
                       "empty: \"\"\n"
                       "seed: 3";
    dat_resolved resolved;
    dat_status status = dat_resolved_parse(text, &resolved);
    assert_string_equal(status.message, "");
    assert_int_equal(resolved.n_entries, 8);
    assert_string_equal(resolved.entries[0].key, "figure");
    assert_string_equal(resolved.entries[7].key, "seed");
    assert_string_equal(dat_resolved_text(&resolved, "data.task"), "between");
    assert_string_equal(dat_resolved_text(&resolved, "model.name"), "T(2, d=144)");
    assert_string_equal(dat_resolved_text(&resolved, "model.symbols.kind"), "say \"a\\b\"\n");
    assert_string_equal(dat_resolved_text(&resolved, "empty"), "");
    assert_null(dat_resolved_text(&resolved, "task"));
    assert_null(dat_resolved_text(&resolved, "data"));
    int64_t integer;
    assert_true(dat_resolved_integer(&resolved, "data.train_size", &integer));
    assert_int_equal(integer, 250);
    assert_true(dat_resolved_integer(&resolved, "model.d_model", &integer));
    assert_int_equal(integer, -12);
    assert_false(dat_resolved_integer(&resolved, "model.name", &integer));
    assert_false(dat_resolved_integer(&resolved, "model.missing", &integer));
    dat_resolved_free(&resolved);
    assert_null(resolved.entries);
}

static void refuses(const char *text, const char *complaint)
{
    dat_resolved resolved;
    dat_status status = dat_resolved_parse(text, &resolved);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    if (!strstr(status.message, complaint))
        fail_msg("\"%s\" does not say \"%s\"", status.message, complaint);
    assert_null(resolved.entries);
}

static void refuses_what_the_writer_never_emits(void **state)
{
    (void)state;
    refuses("a: 1\n   b: 2\n", "line 2");
    refuses("a: 1\n  b: 2\n", "line 2"); /* no section is open */
    refuses("a:\n    b: 2\n", "line 2");
    refuses("- 1\n", "line 1");
    refuses("a\n", "line 1");
    refuses("a:1\n", "line 1");
    refuses("a: [1, 2]\n", "line 1");
    refuses("a: {b: 1}\n", "line 1");
    refuses("a: 'x'\n", "line 1");
    refuses("a: \"x\n", "line 1");
    refuses("a: \"x\\\"\n", "line 1");
    refuses("a: \"x\"y\"\n", "line 1");
    refuses("a: \"\\q\"\n", "line 1");
    refuses("a: 1\r\n", "line 1");
    refuses("a: \n", "line 1");
    refuses("\n", "line 1");
    refuses("b: 0\na: 1\na: 2\n", "line 3: a appears twice");
    refuses("a:\n  a:\n    a:\n      a:\n        a:\n          a:\n            a:\n              a:\n"
            "                a:\n",
            "fewer nested sections");
}

static void refuses_a_key_longer_than_any(void **state)
{
    (void)state;
    char text[1024];
    memset(text, 'k', sizeof text);
    strcpy(text + sizeof text - 5, ": 1\n");
    refuses(text, "a shorter key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_nested_keys_in_order),
        cmocka_unit_test(refuses_what_the_writer_never_emits),
        cmocka_unit_test(refuses_a_key_longer_than_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
