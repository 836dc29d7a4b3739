/* Documents of text files and of JSON lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/documents.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static char *folder, path[512];

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

static void write_file(const char *name, const char *text, size_t size)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file_write(path, text, size);
}

/* Fails unless the file has exactly these documents; the last is NULL. */
static void expect_documents(const char *const *expected)
{
    dat_documents documents;
    const char *text;
    int64_t size;
    assert_int_equal(dat_documents_open(path, &documents).code, DAT_CODE_OK);
    for (;; expected++) {
        dat_status status = dat_documents_next(&documents, &text, &size);
        if (status.code != DAT_CODE_OK)
            fail_msg("%s", status.message);
        if (!text)
            break;
        assert_non_null(*expected);
        assert_int_equal(size, strlen(*expected));
        assert_memory_equal(text, *expected, (size_t)size);
    }
    assert_null(*expected);
    dat_documents_close(&documents);
}

static void end_of_text_separates_documents(void **state)
{
    (void)state;
    static const char text[] =
        "<|endoftext|>one\n<|endoftext|>\ntwo<|endoftext|><|endoftext|>three <|endoftext";
    write_file("stories.txt", text, strlen(text));
    expect_documents((const char *[]){"one\n", "\ntwo", "three <|endoftext", NULL});
    write_file("one.txt", "{\"text\": 1}\n", 12);
    expect_documents((const char *[]){"{\"text\": 1}\n", NULL});
    write_file("empty.txt", "", 0);
    expect_documents((const char *[]){NULL});
    write_file("separators.txt", "<|endoftext|><|endoftext|>", 26);
    expect_documents((const char *[]){NULL});
}

static void json_lines_hold_a_document_each(void **state)
{
    (void)state;
    static const char lines[] =
        "{\"text\": \"one\\n\\u00e9\", \"id\": 7}\r\n\n  \n{\"id\": 8, \"text\": \"\"}\n"
        "{\"text\": \"two <|endoftext|>\"}";
    write_file("pages.jsonl", lines, strlen(lines));
    expect_documents((const char *[]){"one\n\xc3\xa9", "two <|endoftext|>", NULL});
    write_file("pages.ndjson", lines, strlen(lines));
    expect_documents((const char *[]){"one\n\xc3\xa9", "two <|endoftext|>", NULL});
}

static void zeros_are_kept(void **state)
{
    (void)state;
    dat_documents documents;
    const char *text;
    int64_t size;
    write_file("zero.jsonl", "{\"text\": \"a\\u0000b\"}\n", 21);
    assert_int_equal(dat_documents_open(path, &documents).code, DAT_CODE_OK);
    assert_int_equal(dat_documents_next(&documents, &text, &size).code, DAT_CODE_OK);
    assert_int_equal(size, 3);
    assert_memory_equal(text, "a\0b", 3);
    dat_documents_close(&documents);
}

static void bad_lines_are_refused_with_their_number(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } cases[] = {{"{\"text\": \"cut", ":3:"},
                 {"{\"text\": 1}", "bad.jsonl:3: has no \"text\""},
                 {"{\"story\": \"x\"}", "has no \"text\""},
                 {"[\"text\"]", "has no \"text\""},
                 {"\"text\"", ":3:"},
                 {"{\"text\": \"\xc3\"}", "byte 0xc3"},
                 {"{\"text\": \"a\"} b", ":3:"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char lines[256];
        dat_documents documents;
        const char *text;
        int64_t size;
        snprintf(lines, sizeof lines, "{\"text\": \"fine\"}\n\n%s\n", cases[i].line);
        write_file("bad.jsonl", lines, strlen(lines));
        assert_int_equal(dat_documents_open(path, &documents).code, DAT_CODE_OK);
        assert_int_equal(dat_documents_next(&documents, &text, &size).code, DAT_CODE_OK);
        assert_memory_equal(text, "fine", 4);
        expect_refused(dat_documents_next(&documents, &text, &size), cases[i].part);
        dat_documents_close(&documents);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_of_text_separates_documents),
        cmocka_unit_test(json_lines_hold_a_document_each),
        cmocka_unit_test(zeros_are_kept),
        cmocka_unit_test(bad_lines_are_refused_with_their_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
