/* Files of tokenizers: what is understood of tokenizer.json, and refusals of everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/changed_json.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static char path[512]; /* the file that the current test makes */
static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

/* A vocabulary with the printable bytes as ids 0 .. 187, the others behind them, "ab" 256, "abc" 257. */
static json_t *make_model(void)
{
    json_t *vocab = json_object();
    int n_hidden = 0;
    for (int byte = 0, id = 0; byte < 256; byte++) {
        bool printable = (byte > 32 && byte < 127) || (byte > 160 && byte != 173);
        int letter = printable ? byte : 256 + n_hidden;
        char name[3] = {(char)letter, '\0', '\0'};
        if (letter >= 128) {
            name[0] = (char)(0xc0 | letter >> 6);
            name[1] = (char)(0x80 | (letter & 0x3f));
        }
        json_object_set_new(vocab, name, json_integer(printable ? id++ : 188 + n_hidden++));
    }
    json_object_set_new(vocab, "ab", json_integer(256));
    json_object_set_new(vocab, "abc", json_integer(257));
    return json_pack("{s:s, s:o, s:[[s,s],s]}", "type", "BPE", "vocab", vocab, "merges", "a", "b", "ab c");
}

static json_t *make_root(void)
{
    return json_pack("{s:s, s:[{s:i, s:s, s:b}], s:{s:s, s:b}, s:o}", "version", "1.0", "added_tokens", "id",
                     258, "content", "<|endoftext|>", "special", 1, "pre_tokenizer", "type", "ByteLevel",
                     "add_prefix_space", 0, "model", make_model());
}

static void write_json(json_t *root)
{
    assert_non_null(root);
    assert_int_equal(json_dump_file(root, path, JSON_INDENT(1)), 0);
    json_decref(root);
}

static void expect_refused_file(const char *part)
{
    dat_tokenizer *tokenizer;
    dat_status status = dat_tokenizer_open(path, &tokenizer);
    expect_refused(status, part);
    expect_refused(status, path);
    assert_null(tokenizer);
}

static void a_small_file_is_read(void **state)
{
    (void)state;
    write_json(make_root());
    dat_tokenizer *tokenizer = open_tokenizer(path);
    assert_int_equal(dat_tokenizer_vocab_size(tokenizer), 259);
    assert_int_equal(dat_tokenizer_end_of_text(tokenizer), 258);
    EXPECT_IDS(tokenizer, "abcab", 257, 256);
    EXPECT_IDS(tokenizer, "!\xff \0", 0, 187, 220, 188);
    dat_tokenizer_free(tokenizer);
}

/* Digits in groups of three; everything the pattern does not match is a word as well, so that "ab" is not
 * merged across the digit, nor with the c after it. */
static void a_pattern_of_its_own_cuts_words(void **state)
{
    (void)state;
    json_t *root = make_root();
    json_object_set_new(root, "pre_tokenizer",
                        json_pack("{s:s, s:[{s:s, s:{s:s}, s:s, s:b}, {s:s, s:b, s:b}]}", "type", "Sequence",
                                  "pretokenizers", "type", "Split", "pattern", "Regex", "\\p{N}{1,3}|c",
                                  "behavior", "Isolated", "invert", 0, "type", "ByteLevel",
                                  "add_prefix_space", 0, "use_regex", 0));
    write_json(root);
    dat_tokenizer *tokenizer = open_tokenizer(path);
    EXPECT_IDS(tokenizer, "ab", 256);
    EXPECT_IDS(tokenizer, "abc", 256, 66);
    EXPECT_IDS(tokenizer, "a1b", 64, 16, 65);
    assert_int_equal(dat_tokenizer_save(tokenizer, path).code, DAT_CODE_OK);
    dat_tokenizer_free(tokenizer);
    tokenizer = open_tokenizer(path);
    EXPECT_IDS(tokenizer, "ab1abc", 256, 16, 256, 66);
    dat_tokenizer_free(tokenizer);
}

/* GPT-2's pattern cuts "a b" before the blank; the merge of "a " needs them in one word. */
static void without_a_pattern_a_text_is_one_word(void **state)
{
    (void)state;
    json_t *root = make_root(), *model = json_object_get(root, "model");
    json_object_set_new(json_object_get(root, "pre_tokenizer"), "use_regex", json_false());
    json_object_set_new(json_object_get(model, "vocab"), "a\xc4\xa0", json_integer(259));
    json_array_append_new(json_object_get(model, "merges"), json_string("a \xc4\xa0"));
    write_json(root);
    dat_tokenizer *tokenizer = open_tokenizer(path);
    EXPECT_IDS(tokenizer, "a b", 259, 65);
    dat_tokenizer_free(tokenizer);
}

static void the_longest_special_token_wins(void **state)
{
    (void)state;
    json_t *root = make_root();
    json_array_append_new(json_object_get(root, "added_tokens"),
                          json_pack("{s:i, s:s}", "id", 259, "content", "<|endoftext|>!"));
    json_array_append_new(json_object_get(root, "added_tokens"),
                          json_pack("{s:i, s:s}", "id", 260, "content", "\xc4\xa0"));
    write_json(root);
    dat_tokenizer *tokenizer = open_tokenizer(path);
    static const char text[] = "<|endoftext|><|endoftext|>!!\xc4\xa0";
    dat_token_list tokens = encode(tokenizer, text, (int64_t)strlen(text), DAT_SPECIALS_AS_TOKENS);
    assert_int_equal(tokens.count, 4);
    assert_memory_equal(tokens.ids, ((int32_t[]){258, 259, 0, 260}), 4 * sizeof(int32_t));
    expect_round_trip(tokenizer, text, (int64_t)strlen(text));
    free(tokens.ids);

    /* Written and read again: the blank, whose name is the text of token 260, is still there. */
    assert_int_equal(dat_tokenizer_save(tokenizer, path).code, DAT_CODE_OK);
    dat_tokenizer_free(tokenizer);
    tokenizer = open_tokenizer(path);
    EXPECT_IDS(tokenizer, " ", 220);
    tokens = encode(tokenizer, text, (int64_t)strlen(text), DAT_SPECIALS_AS_TOKENS);
    assert_memory_equal(tokens.ids, ((int32_t[]){258, 259, 0, 260}), 4 * sizeof(int32_t));
    free(tokens.ids);
    dat_tokenizer_free(tokenizer);
}

/* The text of a tokenizer is its file. */
static void a_tokenizer_is_read_from_its_text(void **state)
{
    (void)state;
    write_json(make_root());
    dat_tokenizer *tokenizer = open_tokenizer(path), *again;
    size_t size;
    char *text = dat_tokenizer_to_json(tokenizer);
    assert_int_equal(dat_tokenizer_save(tokenizer, path).code, DAT_CODE_OK);
    unsigned char *saved = file_read(path, &size);
    assert_int_equal(strlen(text), size);
    assert_memory_equal(text, saved, size);
    assert_int_equal(dat_tokenizer_of_json(text, "here", &again).code, DAT_CODE_OK);
    EXPECT_IDS(again, "ab", 256);
    dat_tokenizer_free(again);
    dat_status status = dat_tokenizer_of_json("{\"model\": 1}", "here", &again);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_null(again);
    assert_memory_equal(status.message, "here: ", 6);
    status = dat_tokenizer_of_json("{", "here", &again);
    assert_memory_equal(status.message, "here:1:", 7);
    free(text);
    free(saved);
    dat_tokenizer_free(tokenizer);
}

static void changed_files_are_refused(void **state)
{
    (void)state;
    static const json_change changes[] = {
        {{"normalizer"}, "{\"type\": \"NFC\"}", "\"normalizer\" is set"},
        {{"pre_tokenizer"}, "{\"type\": \"Whitespace\"}", "is not ByteLevel"},
        {{"pre_tokenizer"}, "7", "is not ByteLevel"},
        {{"pre_tokenizer"}, "null", "merges and no ByteLevel"},
        {{"pre_tokenizer", "add_prefix_space"}, "true", "\"add_prefix_space\" is set"},
        {{"pre_tokenizer"},
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\"}, {\"type\": \"ByteLevel\"}]}",
         "not a Split by a Regex"},
        {{"pre_tokenizer"},
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"behavior\": \"Isolated\", "
         "\"pattern\": {\"Regex\": \"(\"}}, {\"type\": \"ByteLevel\", \"use_regex\": false}]}",
         "not a regular expression: missing closing parenthesis"},
        {{"pre_tokenizer"},
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"behavior\": \"Isolated\", "
         "\"pattern\": {\"Regex\": \"a\"}}, {\"type\": \"ByteLevel\", \"use_regex\": true}]}",
         "ByteLevel after a Split: \"use_regex\" is set"},
        {{"model"}, NULL, "\"model\" is not BPE"},
        {{"model", "type"}, "\"Unigram\"", "\"model\" is not BPE"},
        {{"model", "ignore_merges"}, "true", "\"ignore_merges\" is set"},
        {{"model", "dropout"}, "0.1", "\"dropout\" is set"},
        {{"model", "end_of_word_suffix"}, "\"</w>\"", "\"end_of_word_suffix\" is set"},
        {{"model", "vocab"}, "[]", "no object of tokens"},
        {{"model", "vocab"}, "{}", "no id from 0 to 0"},
        {{"model", "vocab", "ab"}, "257", "\"ab\" and \"abc\" both have id 257"},
        {{"model", "vocab", "ab"}, "259", "\"ab\" has no id from 0 to 258"},
        {{"model", "vocab", "ab"}, "-1", "\"ab\" has no id from 0 to 258"},
        {{"model", "vocab", "ab"}, "4294967296", "\"ab\" has no id from 0 to 258"},
        {{"model", "vocab", "ab"}, "256.0", "\"ab\" has no id from 0 to 258"},
        {{"model", "vocab", "ab"}, "\"256\"", "\"ab\" has no id from 0 to 258"},
        {{"model", "vocab", ""}, "259", "with id 259 is empty"},
        {{"model", "vocab", "a b"}, "259", "\"a b\" is not written in GPT-2's letters"},
        {{"model", "vocab", "\xe6\xbc\xa2"}, "259", "is not written in GPT-2's letters"},
        {{"model", "vocab", "a"}, NULL, "\"<|endoftext|>\" has no id from 0 to 257"},
        {{"model", "vocab", "aa"}, "64", "both have id 64"},
        {{"model", "merges"}, "{}", "no array \"merges\""},
        {{"model", "merges", "0"}, "3", "entry 0 of \"merges\": expected two tokens"},
        {{"model", "merges", "0"}, "[\"a\", \"b\", \"c\"]", "entry 0 of \"merges\": expected two tokens"},
        {{"model", "merges", "0"}, "\"ab\"", "expected two tokens"},
        {{"model", "merges", "0"}, "\"a z\"", "needs the token \"az\""},
        {{"model", "merges", "0"}, "\"qq b\"", "needs the token \"qq\""},
        {{"model", "merges", "0"}, "\"ab c\"", "\"ab c\" is there twice"},
        {{"added_tokens"}, "{}", "\"added_tokens\" is no array"},
        {{"added_tokens", "0"}, "{\"id\": 258}", "entry 0 of \"added_tokens\" has no \"content\""},
        {{"added_tokens", "0", "content"}, "\"\"", "with id 258 is empty"},
        {{"added_tokens", "0", "id"}, "3", "both have id 3"},
        {{"added_tokens", "0", "id"}, "null", "has no id from 0"},
        {{"added_tokens", "0", "lstrip"}, "true", "\"lstrip\" is set"},
        {{"added_tokens", "0"}, "{\"id\": 257, \"content\": \"abc\"}", "needs the token \"abc\""},
        {{"added_tokens", "0"}, "{\"id\": 64, \"content\": \"a\"}", "needs the token \"a\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        json_t *root = make_root();
        json_apply(root, &changes[i]);
        write_json(root);
        expect_refused_file(changes[i].part);
    }
}

static void a_missing_byte_is_refused(void **state)
{
    (void)state;
    json_t *root = make_root(), *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    json_object_del(vocab, "z");
    json_object_set_new(vocab, "zz", json_integer(89)); /* the id of z */
    write_json(root);
    expect_refused_file("no token for the byte 0x7a");
}

static void a_character_with_two_tokens_is_refused(void **state)
{
    (void)state;
    write_json(json_pack("{s:[{s:i, s:s}], s:{s:{s:i, s:i}, s:[]}}", "added_tokens", "id", 1, "content", "a",
                         "model", "vocab", "a", 0, "b", 2, "merges"));
    expect_refused_file("the tokens 0 and 1 are both 'a'");
}

/* An added token that the vocabulary has leaves room for an id too many. */
static void a_gap_between_ids_is_refused(void **state)
{
    (void)state;
    json_t *root = make_root(), *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    json_array_set_new(json_object_get(root, "added_tokens"), 0,
                       json_pack("{s:i, s:s}", "id", 257, "content", "abc"));
    json_object_set_new(vocab, "ab", json_integer(258));
    write_json(root);
    expect_refused_file("no token has id 256, expected ids from 0 to 257 for 258 tokens");
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {{"", ":1:"},
                 {"{", ":1:"},
                 {"[1, 2]", "\"model\" is not BPE"},
                 {"{\"a\": 1, \"a\": 2}", "duplicate"},
                 {"{\"a\": \"\xff\"}", "byte 0xff"},
                 {"{\"a\\u0000\": 1}", "\\u0000"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        file_write(path, cases[i].text, strlen(cases[i].text));
        expect_refused_file(cases[i].part);
    }
    unlink(path);
    expect_refused_file("cannot be opened");
}

/* Every prefix of a good file is refused; with any byte changed, it is refused or still a tokenizer of any
 * bytes. */
static void damaged_files_are_refused_or_work(void **state)
{
    (void)state;
    size_t size;
    int refused = 0;
    write_json(make_root());
    char *bytes = (char *)file_read(path, &size);
    for (size_t length = 0; length < size; length += 7) {
        file_write(path, bytes, length);
        expect_refused_file("tokenizer.json:");
    }
    for (size_t i = 0; i < size; i++) {
        dat_tokenizer *tokenizer;
        bytes[i] ^= (char)(1 << i % 8);
        file_write(path, bytes, size);
        bytes[i] ^= (char)(1 << i % 8);
        bool good = dat_tokenizer_open(path, &tokenizer).code == DAT_CODE_OK;
        refused += !good;
        if (good)
            expect_round_trip(tokenizer, "abcab\xff <|", 9);
        dat_tokenizer_free(tokenizer);
    }
    assert_true(refused > (int)size / 2);
    free(bytes);
}

/* --- the two files of GPT-2 --- */

static void write_gpt2(const char *merges)
{
    char name[600];
    json_t *model = make_model(), *vocab = json_object_get(model, "vocab");
    json_object_set_new(vocab, "<|endoftext|>", json_integer(258));
    snprintf(name, sizeof name, "%s/encoder.json", folder);
    assert_int_equal(json_dump_file(vocab, name, 0), 0);
    json_decref(model);
    snprintf(name, sizeof name, "%s/vocab.bpe", folder);
    file_write(name, merges, strlen(merges));
}

static void two_small_files_are_read(void **state)
{
    (void)state;
    static const char *const forms[] = {"#version: 0.2\na b\nab c\n", "#version: 0.2\na b\nab c",
                                        "a b\nab c\n"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        write_gpt2(forms[i]);
        dat_tokenizer *tokenizer = open_tokenizer(folder);
        EXPECT_IDS(tokenizer, "abcab", 257, 256);
        assert_int_equal(dat_tokenizer_end_of_text(tokenizer), 258);
        dat_tokenizer_free(tokenizer);
    }
}

static void bad_merges_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *merges, *part;
    } cases[] = {{"#version: 0.2\na b\nab\n", "vocab.bpe:3: \"ab\" is no merge"},
                 {"#version: 0.2\n\n", "vocab.bpe:2: \"\" is no merge"},
                 {"a b c\n", "vocab.bpe:1: \"a b c\" is no merge"},
                 {"a \n", "vocab.bpe:1: \"a \" is no merge"},
                 {"a b\r\n", "vocab.bpe:1: merge"},
                 {"a b\na b\n", "vocab.bpe:2: merge \"a b\" is there twice"},
                 {"#version: 0.2\na z\n", "vocab.bpe:2: merge \"a z\" needs the token \"az\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dat_tokenizer *tokenizer;
        write_gpt2(cases[i].merges);
        expect_refused(dat_tokenizer_open(folder, &tokenizer), cases[i].part);
        assert_null(tokenizer);
    }
}

static void a_folder_without_files_is_refused(void **state)
{
    (void)state;
    dat_tokenizer *tokenizer;
    expect_refused(dat_tokenizer_open("/", &tokenizer), "/encoder.json: cannot be opened");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_is_read),
        cmocka_unit_test(a_pattern_of_its_own_cuts_words),
        cmocka_unit_test(without_a_pattern_a_text_is_one_word),
        cmocka_unit_test(the_longest_special_token_wins),
        cmocka_unit_test(a_tokenizer_is_read_from_its_text),
        cmocka_unit_test(changed_files_are_refused),
        cmocka_unit_test(a_missing_byte_is_refused),
        cmocka_unit_test(a_character_with_two_tokens_is_refused),
        cmocka_unit_test(a_gap_between_ids_is_refused),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(damaged_files_are_refused_or_work),
        cmocka_unit_test(two_small_files_are_read),
        cmocka_unit_test(bad_merges_are_refused_with_their_line),
        cmocka_unit_test(a_folder_without_files_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
