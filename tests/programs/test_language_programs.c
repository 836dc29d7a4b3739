/* `dat generate` and `dat eval`, as a user runs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hdf5.h>
#include <jansson.h>

#include "models/hub.h"
#include "models/language_loss.h"
#include "support/launch.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

#define DAT  DAT_BINARY_DIR "/bin/dat"
#define TINY DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat"

enum { PATH_SIZE = 512, VOCABULARY = 61, PROMPT = 7, GENERATED = 47 };

static char *folder;
static char tokenizer_path[PATH_SIZE], ending_path[PATH_SIZE], text_path[PATH_SIZE];

/* A tokenizer of VOCABULARY characters from '!' on; the last one is end of text in place of it if asked. */
static void make_tokenizer(const char *path, bool ends)
{
    json_t *vocab = json_object(), *added = json_array();
    int n_characters = ends ? VOCABULARY - 1 : VOCABULARY;
    for (int i = 0; i < n_characters; i++)
        json_object_set_new(vocab, (char[]){(char)('!' + i), '\0'}, json_integer(i));
    if (ends)
        json_array_append_new(added,
                              json_pack("{s:i, s:s}", "id", VOCABULARY - 1, "content", dat_end_of_text));
    json_t *root = json_pack("{s:o, s:{s:s, s:o, s:[]}}", "added_tokens", added, "model", "type", "BPE",
                             "vocab", vocab, "merges");
    if (!root || json_dump_file(root, path, 0) != 0)
        abort();
    json_decref(root);
}

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    snprintf(tokenizer_path, sizeof tokenizer_path, "%s/tokenizer.json", folder);
    snprintf(text_path, sizeof text_path, "%s/text.txt", folder);
    snprintf(ending_path, sizeof ending_path, "%s/ending.json", folder);
    make_tokenizer(tokenizer_path, false);
    make_tokenizer(ending_path, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

#define RUN(status, part, ...) free(launch_expect((const char *[]){__VA_ARGS__, NULL}, NULL, status, part))

/* Runs `dat generate` on the tiny model and returns its standard output, which the caller frees. */
#define GENERATE(...)                                                                                        \
    generate((const char *[]){DAT, "generate", "--checkpoint", TINY, "--tokenizer", tokenizer_path,          \
                              __VA_ARGS__, NULL})

static char *generate(const char *const *argv)
{
    launch_end *end = launch_expect(argv, NULL, 0, "tokens per second");
    char *text = strdup(end->out);
    free(end);
    return text;
}

/* The ids of the published model's greedy text. */
static void read_golden_text(int ids[GENERATED])
{
    hid_t file = H5Fopen(TINY "/expected.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "outputs/generated", H5P_DEFAULT);
    assert_true(H5Dread(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, ids) >= 0);
    H5Dclose(set);
    H5Fclose(file);
}

/* Greedy text is the reference's, far beyond the context of 16. */
static void greedy_text_is_the_reference_s(void **state)
{
    (void)state;
    int ids[GENERATED];
    char prompt[PROMPT + 1] = "", expected[GENERATED + 2] = "";
    read_golden_text(ids);
    for (int i = 0; i < GENERATED; i++)
        expected[i] = (char)('!' + ids[i]);
    memcpy(prompt, expected, PROMPT);
    char *text = GENERATE("--prompt", prompt, "--temperature", "0", "--tokens", "40");
    expected[GENERATED] = '\n';
    assert_string_equal(text, expected);
    free(text);
}

static void a_seed_repeats_a_text(void **state)
{
    (void)state;
    char *first = GENERATE("--prompt", "AB", "--temperature", "2", "--top-k", "40", "--top-p", "0.9",
                           "--tokens", "30", "--seed", "5", "--threads", "1");
    char *again = GENERATE("--prompt", "AB", "--temperature", "2", "--top-k", "40", "--top-p", "0.9",
                           "--tokens", "30", "--seed", "5", "--threads", "2");
    char *other = GENERATE("--prompt", "AB", "--temperature", "2", "--top-k", "40", "--top-p", "0.9",
                           "--tokens", "30", "--seed", "6");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_memory_equal(first, "AB", 2);
    free(first);
    free(again);
    free(other);
}

/* An empty prompt begins after the end of another text; the same token ends a text early. */
static void texts_begin_and_end(void **state)
{
    (void)state;
    RUN(0, "tokens per second", DAT, "generate", "--checkpoint", TINY, "--tokenizer", ending_path, "--prompt",
        "");
    RUN(2, "--prompt is empty, and the tokenizer has no token", DAT, "generate", "--checkpoint", TINY,
        "--tokenizer", tokenizer_path, "--prompt", "");
    int shortest = 400;
    for (int seed = 0; seed < 3; seed++) {
        char text[16];
        snprintf(text, sizeof text, "%d", seed);
        launch_end *end = launch_expect((const char *[]){DAT, "generate", "--checkpoint", TINY, "--tokenizer",
                                                         ending_path, "--prompt", "A", "--tokens", "400",
                                                         "--temperature", "100", "--seed", text, NULL},
                                        NULL, 0, "tokens per second");
        int n_tokens = atoi(end->err);
        assert_int_equal(strlen(end->out), n_tokens + 2); /* A and the end of the line */
        shortest = n_tokens < shortest ? n_tokens : shortest;
        free(end);
    }
    assert_true(shortest < 400); /* each token is the last with a probability of 1/61 */
}

/* The same number as the library's, on a text of several windows. */
static void a_text_is_evaluated(void **state)
{
    (void)state;
    static const char text[] = "HELLO,.THIS.IS.A.TEXT:(1+2)*3=9;HELLO,.AGAIN!";
    char expected[128];
    dat_language_model model;
    dat_params params = {0};
    dat_tape tape;
    double loss;
    file_write(text_path, text, sizeof text - 1);
    assert_int_equal(dat_hub_load(TINY, &model, &params).code, DAT_CODE_OK);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    int32_t ids[sizeof text];
    for (size_t i = 0; i < sizeof text - 1; i++)
        ids[i] = text[i] - '!';
    assert_int_equal(dat_language_loss(&tape, &model, ids, (int64_t)sizeof text - 1, NULL, NULL, &loss).code,
                     DAT_CODE_OK);
    snprintf(expected, sizeof expected, "%d tokens, loss %.4f, perplexity %.2f\n", (int)sizeof text - 1, loss,
             exp(loss));
    launch_end *end = launch_expect(
        (const char *[]){DAT, "eval", "--checkpoint", TINY, "--tokenizer", tokenizer_path, text_path, NULL},
        NULL, 0, "perplexity");
    assert_string_equal(end->out, expected);
    free(end);
    dat_tape_free(&tape);
    dat_language_free(&model);
    dat_params_free(&params);
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    RUN(0, "Usage: dat generate", DAT, "generate", "--help");
    RUN(0, "Usage: dat eval", DAT, "eval", "--help");
    RUN(2, "--prompt is missing", DAT, "generate", "--checkpoint", TINY, "--tokenizer", "bytes");
    RUN(2, "needs --checkpoint", DAT, "generate", "--prompt", "a");
    RUN(2, "has no tokenizer of its own", DAT, "generate", "--checkpoint", TINY, "--prompt", "a");
    RUN(2, "takes no \"text\"", DAT, "generate", "--prompt", "a", "text");
    RUN(2, "unknown or ambiguous flag --topk", DAT, "generate", "--topk", "3");
    RUN(2, "--temperature needs a number from 0", DAT, "generate", "--temperature", "-1");
    RUN(2, "--top-p needs a number", DAT, "generate", "--top-p", "0");
    RUN(2, "--top-k needs a whole number from 1", DAT, "generate", "--top-k", "0");
    RUN(2, "--threads needs a whole number", DAT, "eval", "--threads", "no");
    RUN(2, "needs one text file, not 0", DAT, "eval", "--checkpoint", TINY, "--tokenizer", "bytes");
    RUN(1, "has 257 tokens, more than the 61 of the model", DAT, "generate", "--checkpoint", TINY,
        "--tokenizer", "bytes", "--prompt", "a");
    RUN(1, "config.json: cannot be opened", DAT, "eval", "--checkpoint", folder, "--tokenizer", "bytes",
        text_path);
    file_write(text_path, "A", 1);
    RUN(1, "has 1 tokens, expected at least 2", DAT, "eval", "--checkpoint", TINY, "--tokenizer",
        tokenizer_path, text_path);
    RUN(1, "cannot be opened", DAT, "eval", "--checkpoint", TINY, "--tokenizer", tokenizer_path, "/nowhere");
    file_write(text_path, "abc", 3); /* the tokenizer ends with ']' */
    RUN(1, text_path, DAT, "eval", "--checkpoint", TINY, "--tokenizer", tokenizer_path, text_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_text_is_the_reference_s),
        cmocka_unit_test(a_seed_repeats_a_text),
        cmocka_unit_test(texts_begin_and_end),
        cmocka_unit_test(a_text_is_evaluated),
        cmocka_unit_test(wrong_usage_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
