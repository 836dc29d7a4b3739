/* `dat tokenizer`, `dat data text` and datasets/fetch.sh, as a user runs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/token_windows.h"
#include "support/launch.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

#define DAT         DAT_BINARY_DIR "/bin/dat"
#define SHAKESPEARE DAT_SOURCE_DIR "/datasets/tinyshakespeare/tinyshakespeare.txt"
#define GPT2        DAT_SOURCE_DIR "/datasets/gpt2"

enum { PATH_SIZE = 600 };

static char *folder;
static char input[PATH_SIZE]; /* the file that is standard input */

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    snprintf(input, sizeof input, "%s/input", folder);
    file_write(input, "", 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

static void use_input(void)
{
    if (!freopen(input, "rb", stdin))
        abort();
}

/* See launch_expect; standard input is `input`. */
static launch_end *run(const char *const *argv, int status, const char *part)
{
    return launch_expect(argv, use_input, status, part);
}

#define RUN(status, part, ...) free(run((const char *[]){__VA_ARGS__, NULL}, status, part))

static const char *in_folder(const char *name)
{
    static char paths[4][PATH_SIZE];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static void expect_output(const char *action, const char *tokenizer, const char *text, const char *expected)
{
    file_write(input, text, strlen(text));
    launch_end *end = run((const char *[]){DAT, "tokenizer", action, "--tokenizer", tokenizer, NULL}, 0, "");
    assert_string_equal(end->out, expected);
    free(end);
}

static void text_becomes_ids_and_text_again(void **state)
{
    (void)state;
    expect_output("encode", GPT2, "Hello, world!", "15496 11 995 0\n");
    expect_output("decode", GPT2, "15496 11 995 0\n", "Hello, world!");
    expect_output("encode", "bytes", "a\n\xff", "97 10 255\n");
    expect_output("decode", "bytes", "  97\n10\t255", "a\n\xff");
    expect_output("encode", "bytes", "", "\n");
    expect_output("decode", "bytes", " \n", "");
}

static void bad_ids_are_refused(void **state)
{
    (void)state;
    static const char *const ids[] = {"97 257", "97 -1",  "97 x",
                                      "97 1x",  "97 1.5", "97 99999999999999999999"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        file_write(input, ids[i], strlen(ids[i]));
        RUN(1, "expected an id from 0 to 256", DAT, "tokenizer", "decode", "--tokenizer", "bytes");
        RUN(1, "token 2 is", DAT, "tokenizer", "decode", "--tokenizer", "bytes");
    }
}

static void a_trained_tokenizer_is_used(void **state)
{
    (void)state;
    const char *path = in_folder("trained.json");
    RUN(0, "300 tokens", DAT, "tokenizer", "train", "--vocab", "300", "--out", path, SHAKESPEARE);
    expect_output("encode", path, " the", "267\n"); /* merge 11 of tests/golden/tinyshakespeare_bpe.json */
    expect_output("decode", path, "299", "<|endoftext|>");
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    RUN(2, "Usage", DAT, "tokenizer");
    RUN(0, "Usage", DAT, "tokenizer", "--help");
    RUN(0, "Usage", DAT, "tokenizer", "encode", "--help");
    RUN(2, "no action \"encrypt\"", DAT, "tokenizer", "encrypt");
    RUN(2, "--tokenizer is missing", DAT, "tokenizer", "encode");
    RUN(2, "takes --tokenizer alone", DAT, "tokenizer", "encode", "--tokenizer", "bytes", "file");
    RUN(2, "--vocab needs a whole number from 257", DAT, "tokenizer", "train", "--vocab", "256");
    RUN(2, "needs --vocab, --out and files", DAT, "tokenizer", "train", "--vocab", "300", SHAKESPEARE);
    RUN(1, "cannot be opened", DAT, "tokenizer", "encode", "--tokenizer", "/nowhere");
    RUN(0, "Usage", DAT, "data", "text", "--help");
    RUN(2, "needs --tokenizer, --out and files", DAT, "data", "text", "--tokenizer", "bytes");
    RUN(2, "--validation needs a number from 0 to 1", DAT, "data", "text", "--validation", "1.5");
    RUN(2, "--validation needs a number from 0 to 1", DAT, "data", "text", "--validation", "nan");
    RUN(2, "expected relational_games, math, images or text", DAT, "data", "texts");
    RUN(1, "cannot be opened", DAT, "data", "text", "--tokenizer", "bytes", "--out", folder, "/nowhere.txt");
}

/* All ids of the files "<folder>/<pattern>". */
static dat_token_list read_ids(const char *pattern, int64_t vocab_size)
{
    dat_token_sequence sequence;
    dat_status status = dat_token_sequence_open(in_folder(pattern), vocab_size, &sequence);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_token_list list = {.ids = calloc((size_t)sequence.count, sizeof(int32_t)), .count = sequence.count};
    dat_token_sequence_read(&sequence, 0, sequence.count, list.ids);
    dat_token_sequence_close(&sequence);
    return list;
}

static void remove_outputs(void)
{
    unlink(in_folder("train_000000.bin"));
    unlink(in_folder("val_000000.bin"));
}

/* The character files of nanoGPT have 1,003,854 and 111,540 tokens; which of the two gets the token that nine
 * tenths cut through is not the point. */
static void one_text_is_cut(void **state)
{
    (void)state;
    size_t size;
    char *text = (char *)file_read(SHAKESPEARE, &size);
    RUN(0, "66 tokens in the vocabulary", DAT, "data", "text", "--tokenizer", "characters", "--out", folder,
        SHAKESPEARE);
    dat_token_list train = read_ids("train_*.bin", 66), rest = read_ids("val_*.bin", 66);
    assert_in_range(rest.count, 111539, 111540);
    assert_int_equal(train.count + rest.count, size);
    dat_tokenizer *tokenizer = open_tokenizer(in_folder("tokenizer.json"));
    expect_ids(tokenizer, text, train.count, train.ids, train.count);
    expect_ids(tokenizer, text + train.count, rest.count, rest.ids, rest.count);
    RUN(1, "holds token files already", DAT, "data", "text", "--tokenizer", "bytes", "--out", folder,
        SHAKESPEARE);
    remove_outputs();
    dat_tokenizer_free(tokenizer);
    free(train.ids);
    free(rest.ids);
    free(text);
}

/* Document i of a corpus of 1000 is "i" in decimal; fails unless the ids are such documents, with end of text
 * between them. Marks which. */
static void expect_numbers(const dat_token_list *tokens, bool seen[1000])
{
    int number = 0;
    for (int64_t i = 0; i <= tokens->count; i++) {
        if (i < tokens->count && tokens->ids[i] != 256) {
            assert_in_range(tokens->ids[i], '0', '9');
            number = 10 * number + tokens->ids[i] - '0';
            continue;
        }
        assert_in_range(number, 0, 999);
        assert_false(seen[number]);
        seen[number] = true;
        number = 0;
    }
}

/* Of 1000 documents, 200 go to validation with a deviation of 13. */
static void documents_are_drawn_for_validation(void **state)
{
    (void)state;
    bool in_train[1000] = {false}, in_rest[1000] = {false};
    int n_rest = 0;
    FILE *file = fopen(in_folder("numbers.jsonl"), "w");
    for (int i = 0; i < 1000; i++)
        fprintf(file, "{\"text\": \"%d\"}\n", i);
    fclose(file);
    RUN(0, "257 tokens in the vocabulary", DAT, "data", "text", "--tokenizer", "bytes", "--validation", "0.2",
        "--out", folder, in_folder("numbers.jsonl"));
    dat_token_list train = read_ids("train_*.bin", 257), rest = read_ids("val_*.bin", 257);
    expect_numbers(&train, in_train);
    expect_numbers(&rest, in_rest);
    for (int i = 0; i < 1000; i++) {
        assert_true(in_train[i] != in_rest[i]);
        n_rest += in_rest[i];
    }
    assert_in_range(n_rest, 200 - 5 * 13, 200 + 5 * 13);
    remove_outputs();
    free(train.ids);
    free(rest.ids);
}

static void a_bad_line_leaves_no_tokens(void **state)
{
    (void)state;
    static const char lines[] = "{\"text\": \"a\"}\n{\"text\": 2}\n";
    file_write(in_folder("bad.jsonl"), lines, strlen(lines));
    RUN(1, "bad.jsonl:2: has no \"text\"", DAT, "data", "text", "--tokenizer", "bytes", "--out", folder,
        in_folder("bad.jsonl"));
    assert_int_equal(access(in_folder("train_000000.bin"), F_OK), -1);
}

/* A copy of the project's datasets folder with a spoiled file, and a network that is not there. */
static void fetched_files_are_checked(void **state)
{
    (void)state;
    static const char script[] = DAT_SOURCE_DIR "/datasets/fetch.sh";
    char command[4 * PATH_SIZE];
    RUN(0, "usage", script, "--help");
    RUN(2, "usage", script);
    RUN(2, "unknown dataset 'mnist'", script, "mnist");
    RUN(2, "too many arguments", script, "cifar10", "2");
    RUN(2, "expected a number from 1 to 1001", script, "fineweb-edu", "0");
    RUN(0, "vocab.bpe: sha256 is right", script, "gpt2-tokenizer");
    snprintf(command, sizeof command,
             "cd %s && cp %s . && mkdir gpt2 && echo spoiled >gpt2/encoder.json && ./fetch.sh gpt2-tokenizer",
             folder, script);
    RUN(1, "encoder.json has sha256", "/bin/sh", "-c", command);
    snprintf(command, sizeof command, "rm -r %s/gpt2", folder);
    RUN(0, "", "/bin/sh", "-c", command);
}

/* Without a network, every file of a dataset is named with its place, after one attempt. */
static void missing_files_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *dataset, *parts[4]; /* NULL ends the parts */
    } cases[] = {
        {"tinystories",
         {"TinyStories-valid.txt -> datasets/downloads/tinystories/TinyStories-valid.txt\n",
          "TinyStories-train.txt -> datasets/downloads/tinystories/TinyStories-train.txt\n"}},
        {"fineweb-edu 2",
         {"-> datasets/downloads/fineweb-edu/edu_fineweb_val_000000.bin\n",
          "-> datasets/downloads/fineweb-edu/edu_fineweb_train_000001.bin\n",
          "-> datasets/downloads/fineweb-edu/edu_fineweb_train_000002.bin\n"}},
        {"gpt2-tokenizer", {"-> datasets/gpt2/encoder.json\n", "-> datasets/gpt2/vocab.bpe\n"}},
        {"cifar10", {"cifar-10-binary.tar.gz -> datasets/downloads/cifar10/cifar-10-binary.tar.gz\n"}},
        {"cifar100", {"cifar-100-binary.tar.gz -> datasets/downloads/cifar100/cifar-100-binary.tar.gz\n"}},
    };
    char command[4 * PATH_SIZE];
    snprintf(
        command, sizeof command,
        "cd %s && mkdir offline && echo 'echo tried curl; exit 6' >offline/curl && chmod +x offline/curl && "
        "cp %s/datasets/fetch.sh .",
        folder, DAT_SOURCE_DIR);
    RUN(0, "", "/bin/sh", "-c", command);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(command, sizeof command, "cd %s && PATH=$PWD/offline:$PATH ./fetch.sh %s", folder,
                 cases[i].dataset);
        launch_end *end = run((const char *[]){"/bin/sh", "-c", command, NULL}, 1, "run this again:\n");
        for (int part = 0; cases[i].parts[part]; part++)
            assert_non_null(strstr(end->err, cases[i].parts[part]));
        assert_string_equal(end->out, "tried curl\n");
        free(end);
    }
    snprintf(command, sizeof command, "cd %s && rm -r offline gpt2 downloads", folder);
    RUN(0, "", "/bin/sh", "-c", command);
}

/* Every checksum of the script stands in the README, too. */
static void checksums_are_documented(void **state)
{
    (void)state;
    size_t size;
    int n_checksums = 0;
    char *script = (char *)file_read(DAT_SOURCE_DIR "/datasets/fetch.sh", &size);
    script[size - 1] = '\0';
    char *readme = (char *)file_read(DAT_SOURCE_DIR "/datasets/README.md", &size);
    readme[size - 1] = '\0';
    for (const char *at = script; (at = strpbrk(at, "0123456789abcdef"));) {
        char checksum[65] = "";
        size_t length = strspn(at, "0123456789abcdef");
        if (length == 32 || length == 64) {
            memcpy(checksum, at, length);
            if (!strstr(readme, checksum))
                fail_msg("%s is not in datasets/README.md", checksum);
            n_checksums++;
        }
        at += length;
    }
    assert_int_equal(n_checksums, 6);
    free(script);
    free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_ids_and_text_again),
        cmocka_unit_test(bad_ids_are_refused),
        cmocka_unit_test(a_trained_tokenizer_is_used),
        cmocka_unit_test(wrong_usage_is_refused),
        cmocka_unit_test(one_text_is_cut),
        cmocka_unit_test(documents_are_drawn_for_validation),
        cmocka_unit_test(a_bad_line_leaves_no_tokens),
        cmocka_unit_test(fetched_files_are_checked),
        cmocka_unit_test(missing_files_are_explained),
        cmocka_unit_test(checksums_are_documented),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
