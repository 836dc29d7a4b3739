/* Mathematics problems as tokens: the alphabet, ends and padding, targets one place ahead of inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/math.h"

enum { Q = 161, A = 31 };

/* Places in the vocabulary file of the authors' experiment, counted from 0, the empty entry. */
static void the_alphabet_is_the_published_one(void **state)
{
    (void)state;
    static const struct {
        char character;
        int32_t token;
    } known[] = {{' ', 1},  {'!', 2},  {'\'', 3}, {'(', 4},  {')', 5},  {'*', 6},  {'+', 7},
                 {',', 8},  {'-', 9},  {'.', 10}, {'/', 11}, {'0', 12}, {'9', 21}, {':', 22},
                 {';', 23}, {'<', 24}, {'=', 25}, {'>', 26}, {'?', 27}, {'@', 28}, {'A', 29},
                 {'Z', 54}, {'[', 55}, {']', 56}, {'a', 57}, {'z', 82}, {'{', 83}, {'}', 84}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(dat_math_token(known[i].character), known[i].token);
    int n = 0;
    for (int c = -128; c < 128; c++)
        n += dat_math_token((char)c) >= 0;
    assert_int_equal(n, 84); /* and padding */
    assert_int_equal(dat_math_token('\0'), -1);
    assert_int_equal(dat_math_token('"'), -1);
    assert_int_equal(dat_math_token('\n'), -1);
    assert_int_equal(DAT_MATH_N_TOKENS, 85);
    assert_int_equal(DAT_MATH_QUESTION_TOKENS, Q);
    assert_int_equal(DAT_MATH_ANSWER_TOKENS, A);
}

static void a_question_ends_and_is_padded(void **state)
{
    (void)state;
    int32_t tokens[Q];
    static const int32_t start[] = {33, 80, 72, 57, 70, 60, 1, 80, 10, 23, 0, 0}; /* Expand x. */
    dat_math_encode_question("Expand x.", tokens);
    assert_memory_equal(tokens, start, sizeof start);
    for (int i = 10; i < Q; i++)
        assert_int_equal(tokens[i], 0);
    char longest[Q];
    snprintf(longest, sizeof longest, "%0160d", 0);
    dat_math_encode_question(longest, tokens);
    assert_int_equal(tokens[159], 12);
    assert_int_equal(tokens[160], 23);
}

static void targets_are_one_place_ahead(void **state)
{
    (void)state;
    int32_t inputs[A], targets[A];
    static const int32_t input_start[] = {28, 9, 13, 14, 23, 0}, target_start[] = {9, 13, 14, 23, 0, 0};
    dat_math_encode_answer("-12", inputs, targets);
    assert_memory_equal(inputs, input_start, sizeof input_start);
    assert_memory_equal(targets, target_start, sizeof target_start);
    char longest[A];
    snprintf(longest, sizeof longest, "%030d", 7);
    dat_math_encode_answer(longest, inputs, targets);
    assert_int_equal(inputs[30], 19); /* 7 */
    assert_int_equal(targets[29], 19);
    assert_int_equal(targets[30], 23);
}

static void pairs_come_back(void **state)
{
    (void)state;
    enum { N = 50 };
    int64_t indices[N];
    static int32_t questions[N * Q], inputs[N * A], targets[N * A];
    dat_math_dataset *dataset =
        dat_math_generate(DAT_MATH_DIFFERENTIATE, &(dat_math_level){DAT_MATH_HARD}, 1, 2, 10 * N);
    for (int i = 0; i < N; i++)
        indices[i] = i * 7 % (10 * N);
    dat_math_encode_pairs(dataset, indices, N, questions, inputs, targets);
    for (int i = 0; i < N; i++) {
        dat_math_pair pair;
        char text[Q + 1];
        dat_math_pair_at(dataset, indices[i], &pair);
        dat_math_decode(questions + i * Q, Q, text);
        assert_string_equal(text, pair.question);
        dat_math_decode(targets + i * A, A, text);
        assert_string_equal(text, pair.answer);
        assert_int_equal(inputs[i * A], 28);
        assert_memory_equal(inputs + i * A + 1, targets + i * A, (A - 1) * sizeof(int32_t));
    }
    dat_math_free(dataset);
}

/* "Solve 0 = 2*x - 14 for x." and 7, from a file: tokens of both side by side, labels but for padding. */
static void examples_have_labels_where_answers_are(void **state)
{
    (void)state;
    char path[] = "/tmp/dat-test-math-tokens-XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "Expand x.\nx\nSolve 0 = 2*x - 14 for x.\n-7\n";
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    dat_math_dataset *pairs;
    assert_int_equal(dat_math_read(&(const char *){path}, 1, &pairs).code, DAT_CODE_OK);
    dat_dataset data = dat_math_as_dataset(pairs);
    assert_int_equal(data.size, 2);
    assert_int_equal(data.n_tokens, Q + A);
    assert_int_equal(data.n_labels, A);
    assert_int_equal(data.n_classes, 85);

    int32_t tokens[2][Q + A], labels[2][A], question[Q], inputs[A], targets[A];
    data.read(&data, 3, (int64_t[]){1, 0}, 2, (dat_examples){.tokens = tokens[0], .labels = labels[0]});
    static const int32_t answer_start[] = {28, 9, 19, 23, 0}, label_start[] = {9, 19, 23, -1};
    dat_math_encode_question("Solve 0 = 2*x - 14 for x.", question);
    assert_memory_equal(tokens[0], question, sizeof question);
    assert_memory_equal(tokens[0] + Q, answer_start, sizeof answer_start);
    assert_memory_equal(labels[0], label_start, sizeof label_start);
    for (int i = 3; i < A; i++)
        assert_int_equal(labels[0][i], DAT_NO_LABEL);
    dat_math_encode_answer("x", inputs, targets);
    assert_memory_equal(tokens[1] + Q, inputs, sizeof inputs);
    assert_memory_equal(labels[1], targets, 2 * sizeof *targets);
    assert_int_equal(labels[1][2], DAT_NO_LABEL);
    /* 25 + 2 and 9 + 1 characters, and two ends each. */
    assert_int_equal(dat_math_example_length((dat_examples){.tokens = tokens[0], .labels = labels[0]}), 29);
    assert_int_equal(dat_math_example_length((dat_examples){.tokens = tokens[1], .labels = labels[1]}), 12);
    dat_math_free(pairs);
    unlink(path);
}

static void texts_are_as_long_as_their_end_says(void **state)
{
    (void)state;
    static const int32_t tokens[] = {13, 14, 23, 0, 23};
    assert_int_equal(dat_math_text_length(tokens, 5), 3);
    assert_int_equal(dat_math_text_length(tokens, 3), 3);
    assert_int_equal(dat_math_text_length(tokens, 2), 2);
    assert_int_equal(dat_math_text_length(tokens + 2, 1), 1);
}

/* A text without an end: what a model may say. */
static void decoding_stops_at_the_end_of_the_tokens(void **state)
{
    (void)state;
    char text[4];
    dat_math_decode((const int32_t[]){13, 14, 15}, 3, text);
    assert_string_equal(text, "123");
    dat_math_decode((const int32_t[]){13, 0, 15}, 3, text);
    assert_string_equal(text, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_alphabet_is_the_published_one),
        cmocka_unit_test(a_question_ends_and_is_padded),
        cmocka_unit_test(targets_are_one_place_ahead),
        cmocka_unit_test(pairs_come_back),
        cmocka_unit_test(examples_have_labels_where_answers_are),
        cmocka_unit_test(texts_are_as_long_as_their_end_says),
        cmocka_unit_test(decoding_stops_at_the_end_of_the_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
