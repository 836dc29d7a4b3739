/* Encoding and decoding: GPT-2's vocabulary against other implementations, bytes, any bytes there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/rng.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static dat_tokenizer *gpt2;

static int open_gpt2(void **state)
{
    (void)state;
    gpt2 = open_tokenizer(DAT_SOURCE_DIR "/datasets/gpt2");
    return 0;
}

static int close_gpt2(void **state)
{
    (void)state;
    dat_tokenizer_free(gpt2);
    return 0;
}

static int64_t from_hex(const char *hex, char *bytes)
{
    int64_t size = (int64_t)strlen(hex) / 2;
    for (int64_t i = 0; i < size; i++)
        bytes[i] = (char)strtol((char[]){hex[2 * i], hex[2 * i + 1], '\0'}, NULL, 16);
    return size;
}

static void expect_cases(const char *path, size_t n_cases)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error), *cases = json_object_get(root, "cases"),
           *ids;
    assert_int_equal(json_array_size(cases), n_cases);
    for (size_t i = 0; i < n_cases; i++) {
        char text[4096];
        int32_t expected[4096];
        const char *hex = json_string_value(json_object_get(json_array_get(cases, i), "utf8_hex"));
        assert_true(hex && strlen(hex) < 2 * sizeof text);
        int64_t size = from_hex(hex, text);
        ids = json_object_get(json_array_get(cases, i), "ids");
        for (size_t k = 0; k < json_array_size(ids); k++)
            expected[k] = (int32_t)json_integer_value(json_array_get(ids, k));
        expect_ids(gpt2, text, size, expected, (int64_t)json_array_size(ids));
        expect_ids(gpt2, text, size, expected, (int64_t)json_array_size(ids)); /* now from the cache */
        expect_round_trip(gpt2, text, size);
    }
    json_decref(root);
}

static void gpt2_agrees_with_other_implementations(void **state)
{
    (void)state;
    expect_cases(DAT_SOURCE_DIR "/tests/golden/gpt2_tokens.json", 76);
    expect_cases(DAT_SOURCE_DIR "/tests/golden/gpt2_unicode_tokens.json", 100);
}

/* nanoGPT's README counts 301,966 + 36,059 tokens in its two parts, cut at nine tenths of the characters. */
static void tinyshakespeare_has_as_many_tokens_as_elsewhere(void **state)
{
    (void)state;
    size_t size;
    char *text = (char *)file_read(DAT_SOURCE_DIR "/datasets/tinyshakespeare/tinyshakespeare.txt", &size);
    int64_t cut = (int64_t)size * 9 / 10;
    dat_token_list train = encode(gpt2, text, cut, DAT_SPECIALS_AS_TEXT);
    dat_token_list rest = encode(gpt2, text + cut, (int64_t)size - cut, DAT_SPECIALS_AS_TEXT);
    assert_int_equal(train.count, 301966);
    assert_int_equal(rest.count, 36059);
    expect_round_trip(gpt2, text, (int64_t)size);
    free(train.ids);
    free(rest.ids);
    free(text);
}

static void special_tokens_are_text_unless_asked_for(void **state)
{
    (void)state;
    static const char text[] = "a<|endoftext|><|endoftext|>b<|endoftext";
    assert_int_equal(dat_tokenizer_end_of_text(gpt2), 50256);
    assert_int_equal(dat_tokenizer_vocab_size(gpt2), 50257);
    EXPECT_IDS(gpt2, "<|endoftext|>", 27, 91, 437, 1659, 5239, 91, 29); /* as in gpt2_tokens.json */
    dat_token_list tokens = encode(gpt2, text, (int64_t)strlen(text), DAT_SPECIALS_AS_TOKENS);
    static const int32_t expected[] = {64, 50256, 50256, 65, 27, 91, 437, 1659, 5239};
    assert_int_equal(tokens.count, sizeof expected / sizeof expected[0]);
    assert_memory_equal(tokens.ids, expected, sizeof expected);
    free(tokens.ids);
}

/* Bytes of one kind make long runs, which random bytes alone do not. */
static int64_t random_bytes(dat_rng *rng, char bytes[64])
{
    static const char *const alphabets[] = {"a", " \n\t'", "\xc3\xa9", "\xe6\xbc\xa2\xf0\x9f\x98\x80",
                                            "xyz 12"};
    int64_t size = (int64_t)dat_rng_below(rng, 64), kind = (int64_t)dat_rng_below(rng, 6);
    for (int64_t i = 0; i < size; i++) {
        uint64_t bits = dat_rng_next(rng);
        bytes[i] = kind == 5 ? (char)bits : alphabets[kind][bits % strlen(alphabets[kind])];
    }
    return size;
}

static void any_bytes_come_back(void **state)
{
    (void)state;
    char bytes[64];
    dat_rng rng = dat_rng_seed(3);
    dat_tokenizer *single = dat_tokenizer_bytes();
    for (int i = 0; i < 10000; i++) {
        int64_t size = random_bytes(&rng, bytes);
        expect_round_trip(gpt2, bytes, size);
        expect_round_trip(single, bytes, size);
    }
    dat_tokenizer_free(single);
}

/* What is not UTF-8 is a word: the letters around it are encoded as without it, and 0xff is token 187, the
 * last of GPT-2's printable bytes. */
static void invalid_utf8_is_cut_out(void **state)
{
    (void)state;
    EXPECT_IDS(gpt2, " world", 995);
    EXPECT_IDS(gpt2, " world\xff world", 995, 187, 995);
    EXPECT_IDS(gpt2, "\xff\xff", 187, 187);
}

static void bytes_are_their_values(void **state)
{
    (void)state;
    dat_tokenizer *single = open_tokenizer("bytes");
    EXPECT_IDS(single, "a\0\xff ", 97, 0, 255, 32);
    assert_int_equal(dat_tokenizer_vocab_size(single), 257);
    assert_int_equal(dat_tokenizer_end_of_text(single), 256);
    dat_tokenizer_free(single);
}

/* A word of a million letters, where taking the best pair by search would take hours; of 'a's, GPT-2's
 * longest token is "aaaa", which leaves nothing when the length is a multiple of 4. */
static void long_words_take_no_time(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    memset(text, 'a', SIZE);
    dat_token_list tokens = encode(gpt2, text, SIZE, DAT_SPECIALS_AS_TEXT);
    for (int64_t i = 1; i < tokens.count; i++)
        assert_int_equal(tokens.ids[i], tokens.ids[0]);
    assert_int_equal(tokens.count, SIZE / 4);
    memset(text, ' ', SIZE);
    expect_round_trip(gpt2, text, SIZE);
    memset(text, 0x80, SIZE);
    expect_round_trip(gpt2, text, SIZE);
    free(tokens.ids);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_agrees_with_other_implementations),
        cmocka_unit_test(tinyshakespeare_has_as_many_tokens_as_elsewhere),
        cmocka_unit_test(special_tokens_are_text_unless_asked_for),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(invalid_utf8_is_cut_out),
        cmocka_unit_test(bytes_are_their_values),
        cmocka_unit_test(long_words_take_no_time),
    };
    return cmocka_run_group_tests(tests, open_gpt2, close_gpt2);
}
