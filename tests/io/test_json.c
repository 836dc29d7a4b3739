/* Objects read member by member: values, defaults, and everything that is not as expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "io/json.h"
#include "support/tokenizing.h"

static const char *const colours[] = {"red", "green", NULL};

/* What the sample reader below reads. */
typedef struct sample {
    int64_t whole;
    double number;
    bool flag;
    int colour;
    int64_t inner;
} sample;

static dat_status read_sample(const char *text, sample *s)
{
    static const char *const required[] = {"whole", NULL}, *const inner_required[] = {"x", NULL};
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    dat_status status = DAT_OK;
    dat_members members, inner;
    dat_members_open(&members, json, required, "the sample", &status);
    s->whole = dat_member_integer(&members, "whole", -7, -2, 9);
    s->number = dat_member_number(&members, "number", 0.5, 0, 1);
    s->flag = dat_member_flag(&members, "flag", true);
    s->colour = dat_member_choice(&members, "colour", colours, 1);
    dat_member_object(&members, "inner", json_object_get(json, "inner") ? inner_required : NULL, &inner);
    s->inner = dat_member_integer(&inner, "x", 3, 0, 5);
    dat_members_close(&inner);
    dat_members_close(&members);
    json_decref(json);
    return status;
}

static void members_are_read(void **state)
{
    (void)state;
    sample s;
    assert_int_equal(read_sample("{\"whole\": 9, \"number\": 1, \"flag\": false, \"colour\": \"red\", "
                                 "\"inner\": {\"x\": 0}}",
                                 &s)
                         .code,
                     DAT_CODE_OK);
    assert_int_equal(s.whole, 9);
    assert_true(s.number == 1 && !s.flag && s.colour == 0 && s.inner == 0);
}

static void what_is_missing_or_null_has_its_default(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"whole\": null}",
        "{\"whole\": null, \"number\": null, \"flag\": null, \"colour\": null, \"inner\": {\"x\": null}}"};
    for (int i = 0; i < 2; i++) {
        sample s;
        assert_int_equal(read_sample(texts[i], &s).code, DAT_CODE_OK);
        assert_int_equal(s.whole, -7);
        assert_true(s.number == 0.5 && s.flag && s.colour == 1 && s.inner == 3);
    }
}

static void everything_else_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"[1]", "the sample is no JSON object"},
        {"{}", "\"whole\" of the sample is missing"},
        {"{\"whole\": 10}", "\"whole\" of the sample is 10, expected a whole number from -2 to 9"},
        {"{\"whole\": -3}", "\"whole\" of the sample is -3"},
        {"{\"whole\": 1.0}", "\"whole\" of the sample is 1.0"},
        {"{\"whole\": \"1\"}", "\"whole\" of the sample is \"1\""},
        {"{\"whole\": true}", "\"whole\" of the sample is true"},
        {"{\"whole\": 1, \"number\": 1.5}", "\"number\" of the sample is 1.5, expected a number from 0 to 1"},
        {"{\"whole\": 1, \"number\": []}", "\"number\" of the sample is []"},
        {"{\"whole\": 1, \"flag\": 1}", "\"flag\" of the sample is 1, expected true or false"},
        {"{\"whole\": 1, \"colour\": \"blue\"}",
         "\"colour\" of the sample is \"blue\", expected one of red, green"},
        {"{\"whole\": 1, \"colour\": 0}", "\"colour\" of the sample is 0, expected one of red, green"},
        {"{\"whole\": 1, \"inner\": 2}", "inner is no JSON object"},
        {"{\"whole\": 1, \"inner\": {}}", "\"x\" of inner is missing"},
        {"{\"whole\": 1, \"inner\": {\"x\": 6}}", "\"x\" of inner is 6"},
        {"{\"whole\": 1, \"inner\": {\"x\": 1, \"y\": 2}}", "inner has unknown members: \"y\""},
        {"{\"whole\": 1, \"b\": 2, \"a\": 3}", "the sample has unknown members: \"b\", \"a\""},
        {"{\"whole\": 10, \"a\": 3}", "\"whole\" of the sample is 10"}, /* the first error */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sample s;
        expect_refused(read_sample(cases[i].text, &s), cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read),
        cmocka_unit_test(what_is_missing_or_null_has_its_default),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
