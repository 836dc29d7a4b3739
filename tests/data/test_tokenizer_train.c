/* Training: merges worked out by hand and by another implementation, and the files that are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/rng.h"
#include "data/tokenizer_train.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static const char SHAKESPEARE[] = DAT_SOURCE_DIR "/datasets/tinyshakespeare/tinyshakespeare.txt";

static char *folder;

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

static dat_status train(const char *const *documents, int64_t vocab_size, dat_tokenizer **tokenizer)
{
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    for (int i = 0; documents[i]; i++) {
        dat_status added = dat_tokenizer_trainer_add(trainer, documents[i], (int64_t)strlen(documents[i]));
        assert_int_equal(added.code, DAT_CODE_OK);
    }
    dat_status status = dat_tokenizer_train_bpe(trainer, vocab_size, tokenizer);
    dat_tokenizer_trainer_free(trainer);
    return status;
}

static dat_tokenizer *train_on_shakespeare(int64_t vocab_size)
{
    dat_tokenizer *tokenizer;
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    assert_int_equal(dat_tokenizer_trainer_add_file(trainer, SHAKESPEARE).code, DAT_CODE_OK);
    assert_int_equal(dat_tokenizer_train_bpe(trainer, vocab_size, &tokenizer).code, DAT_CODE_OK);
    dat_tokenizer_trainer_free(trainer);
    return tokenizer;
}

static void expect_token(const dat_tokenizer *tokenizer, int32_t id, const char *expected)
{
    int64_t size;
    const char *text = dat_tokenizer_text(tokenizer, id, &size);
    if (size != (int64_t)strlen(expected) || memcmp(text, expected, (size_t)size) != 0)
        fail_msg("token %d is '%.*s', expected '%s'", id, (int)size, text, expected);
}

/* "low" 5 times, "lower" twice, "newest" 6 times, "widest" 3 times: the example of Sennrich et al., in
 * documents of one word, so that none begins with a blank. Pairs by count, at each step the best, among
 * equals that of the least ids, which are alphabetical: e s 9, s t 9, w e 8, l o 7, o w 7, n e 6, e w 6   ->
 * es es t 9, l o 7, o w 7, w es 6, ...                 -> est l o 7, o w 7, w est 6, n e 6, e w 6, ... -> lo,
 * then lo w 7 -> low e w 6, n e 6, w est 6, d est 3, i d 3, w i 3      -> ew, then n ew 6 -> new, then new
 * est 6 -> newest d est 3, i d 3, w i 3, low e 2, e r 2             -> dest */
static void merges_are_those_found_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int count;
    } words[] = {{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}};
    static const char *const merged[] = {"es", "est", "lo", "low", "ew", "new", "newest", "dest"};
    const char *documents[17];
    int n = 0;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < words[i].count; k++)
            documents[n++] = words[i].word;
    documents[n] = NULL;
    dat_tokenizer *tokenizer;
    assert_int_equal(train(documents, 256 + 8 + 1, &tokenizer).code, DAT_CODE_OK);
    expect_token(tokenizer, 0, "!"); /* GPT-2's order of bytes */
    expect_token(tokenizer, 64, "a");
    expect_token(tokenizer, 220, " ");
    for (int i = 0; i < 8; i++)
        expect_token(tokenizer, 256 + i, merged[i]);
    expect_token(tokenizer, 264, "<|endoftext|>");
    assert_int_equal(dat_tokenizer_end_of_text(tokenizer), 264);
    EXPECT_IDS(tokenizer, "lowest", 259, 257); /* low est */
    EXPECT_IDS(tokenizer, "newer", 261, 68, 81);
    dat_tokenizer_free(tokenizer);
}

/* "aaaa" holds the pair three times and merges it twice; then it is "aa" and "aa". */
static void overlapping_pairs_merge_from_the_left(void **state)
{
    (void)state;
    dat_tokenizer *tokenizer;
    assert_int_equal(train((const char *[]){"aaaa", "aaaa", NULL}, 259, &tokenizer).code, DAT_CODE_OK);
    expect_token(tokenizer, 256, "aa");
    expect_token(tokenizer, 257, "aaaa");
    EXPECT_IDS(tokenizer, "aaaaaaa", 257, 256, 64);
    dat_tokenizer_free(tokenizer);
}

/* Merges never cross words, and pairs that occur once are not merged. */
static void a_small_corpus_has_few_tokens(void **state)
{
    (void)state;
    dat_tokenizer *tokenizer;
    static const char *const documents[] = {"ab cd ab", NULL};
    expect_refused(train(documents, 259, &tokenizer), "gives at most 258 tokens, 259 are asked for");
    assert_null(tokenizer);
    assert_int_equal(train(documents, 258, &tokenizer).code, DAT_CODE_OK);
    expect_token(tokenizer, 256, "ab");
    dat_tokenizer_free(tokenizer);
    expect_refused(train(documents, 256, &tokenizer), "expected at least 257");
    assert_int_equal(train((const char *[]){NULL}, 257, &tokenizer).code, DAT_CODE_OK);
    dat_tokenizer_free(tokenizer);
}

static json_t *save_and_parse(const dat_tokenizer *tokenizer, const char *path)
{
    json_error_t error;
    assert_int_equal(dat_tokenizer_save(tokenizer, path).code, DAT_CODE_OK);
    json_t *root = json_load_file(path, 0, &error);
    assert_non_null(root);
    return root;
}

static void merges_agree_with_another_implementation(void **state)
{
    (void)state;
    char path[512];
    json_error_t error;
    json_t *golden = json_load_file(DAT_SOURCE_DIR "/tests/golden/tinyshakespeare_bpe.json", 0, &error);
    dat_tokenizer *tokenizer = train_on_shakespeare(1024);
    snprintf(path, sizeof path, "%s/trained.json", folder);
    json_t *root = save_and_parse(tokenizer, path);
    json_t *merges = json_object_get(json_object_get(root, "model"), "merges");
    assert_int_equal(json_array_size(merges), 1024 - 257);
    assert_true(json_equal(merges, json_object_get(golden, "merges")));
    json_decref(golden);
    json_decref(root);
    dat_tokenizer_free(tokenizer);
}

static void expect_same_ids(dat_tokenizer *a, dat_tokenizer *b, const char *text, int64_t size)
{
    dat_token_list ids = encode(a, text, size, DAT_SPECIALS_AS_TEXT);
    expect_ids(b, text, size, ids.ids, ids.count);
    free(ids.ids);
}

static void a_saved_tokenizer_gives_the_same_ids(void **state)
{
    (void)state;
    char path[512], noise[256];
    size_t size;
    dat_rng rng = dat_rng_seed(4);
    dat_tokenizer *made[] = {train_on_shakespeare(2000), open_tokenizer(DAT_SOURCE_DIR "/datasets/gpt2"),
                             dat_tokenizer_bytes()};
    char *text = (char *)file_read(SHAKESPEARE, &size);
    snprintf(path, sizeof path, "%s/saved.json", folder);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dat_tokenizer_save(made[i], path).code, DAT_CODE_OK);
        dat_tokenizer *loaded = open_tokenizer(path);
        assert_int_equal(dat_tokenizer_vocab_size(loaded), dat_tokenizer_vocab_size(made[i]));
        assert_int_equal(dat_tokenizer_end_of_text(loaded), dat_tokenizer_vocab_size(made[i]) - 1);
        expect_same_ids(made[i], loaded, text, 100000);
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (char)dat_rng_next(&rng);
        expect_same_ids(made[i], loaded, noise, sizeof noise);
        dat_tokenizer_free(loaded);
        dat_tokenizer_free(made[i]);
    }
    free(text);
}

static dat_status train_characters(const char *text, int64_t size, dat_tokenizer **tokenizer)
{
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    assert_int_equal(dat_tokenizer_trainer_add(trainer, text, size).code, DAT_CODE_OK);
    dat_status status = dat_tokenizer_train_characters(trainer, tokenizer);
    dat_tokenizer_trainer_free(trainer);
    return status;
}

static void characters_are_sorted_and_saved(void **state)
{
    (void)state;
    static const char text[] = "b\n\xc3\xa9"
                               "a \xe6\xbc\xa2"
                               "b"; /* b, newline, e acute, a, blank, han */
    char path[512];
    dat_token_list tokens = {0};
    dat_tokenizer *tokenizer, *loaded;
    snprintf(path, sizeof path, "%s/characters.json", folder);
    assert_int_equal(train_characters(text, (int64_t)strlen(text), &tokenizer).code, DAT_CODE_OK);
    assert_int_equal(dat_tokenizer_save(tokenizer, path).code, DAT_CODE_OK);
    loaded = open_tokenizer(path);
    assert_int_equal(dat_tokenizer_vocab_size(loaded), 7);
    assert_int_equal(dat_tokenizer_end_of_text(loaded), 6);
    EXPECT_IDS(tokenizer, "\n ab\xc3\xa9\xe6\xbc\xa2", 0, 1, 2, 3, 4, 5);
    EXPECT_IDS(loaded, "\n ab\xc3\xa9\xe6\xbc\xa2", 0, 1, 2, 3, 4, 5);
    expect_round_trip(loaded, text, (int64_t)strlen(text));
    expect_refused(dat_tokenizer_encode(loaded, "abc", 3, DAT_SPECIALS_AS_TEXT, &tokens),
                   "'c' at offset 2 is not in the vocabulary");
    expect_refused(dat_tokenizer_encode(loaded, "a\xc3", 2, DAT_SPECIALS_AS_TEXT, &tokens),
                   "0xc3 at offset 1 is not UTF-8");
    free(tokens.ids);
    dat_tokenizer_free(loaded);
    dat_tokenizer_free(tokenizer);
}

static void characters_need_text(void **state)
{
    (void)state;
    dat_tokenizer *tokenizer;
    expect_refused(train_characters("a\xff", 2, &tokenizer), "byte 0xff, which is not a character");
    assert_null(tokenizer);
    expect_refused(train_characters("a\0b", 3, &tokenizer), "byte 0x00, which is not a character");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_are_those_found_by_hand),
        cmocka_unit_test(overlapping_pairs_merge_from_the_left),
        cmocka_unit_test(a_small_corpus_has_few_tokens),
        cmocka_unit_test(merges_agree_with_another_implementation),
        cmocka_unit_test(a_saved_tokenizer_gives_the_same_ids),
        cmocka_unit_test(characters_are_sorted_and_saved),
        cmocka_unit_test(characters_need_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
