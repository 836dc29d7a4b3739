/* Mathematics problems as tokens. */
#include <string.h>

#include "data/math.h"

/* Token 0, padding, has no character. */
static const char alphabet[] = "\0 !'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]"
                               "abcdefghijklmnopqrstuvwxyz{}";
_Static_assert(sizeof alphabet == DAT_MATH_N_TOKENS + 1, "the alphabet and an end of string");

int32_t dat_math_token(char character)
{
    const char *found = character ? strchr(alphabet + 1, character) : NULL;
    return found ? (int32_t)(found - alphabet) : -1;
}

/* Writes the text and the end, padded to n tokens. */
static void encode(const char *text, int64_t n, int32_t *tokens)
{
    int64_t length = (int64_t)strlen(text);
    DAT_ASSERT(length < n);
    for (int64_t i = 0; i < n; i++)
        tokens[i] = i < length ? dat_math_token(text[i]) : i == length ? DAT_MATH_END : DAT_MATH_PADDING;
}

void dat_math_encode_question(const char *question, int32_t *tokens)
{
    encode(question, DAT_MATH_QUESTION_TOKENS, tokens);
}

void dat_math_encode_answer(const char *answer, int32_t *inputs, int32_t *targets)
{
    encode(answer, DAT_MATH_ANSWER_TOKENS, targets);
    inputs[0] = DAT_MATH_START;
    memcpy(inputs + 1, targets, (DAT_MATH_ANSWER_TOKENS - 1) * sizeof *inputs);
}

int64_t dat_math_text_length(const int32_t *tokens, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (tokens[i] == DAT_MATH_END)
            return i + 1;
    return n;
}

void dat_math_decode(const int32_t *tokens, int64_t n, char *text)
{
    int64_t length = 0;
    while (length < n && tokens[length] != DAT_MATH_END && tokens[length] != DAT_MATH_PADDING) {
        DAT_ASSERT(tokens[length] > 0 && tokens[length] < DAT_MATH_N_TOKENS);
        text[length] = alphabet[tokens[length]];
        length++;
    }
    text[length] = '\0';
}

void dat_math_encode_pairs(const dat_math_dataset *dataset, const int64_t *indices, int64_t n,
                           int32_t *questions, int32_t *inputs, int32_t *targets)
{
    for (int64_t i = 0; i < n; i++) {
        dat_math_pair pair;
        dat_math_pair_at(dataset, indices[i], &pair);
        dat_math_encode_question(pair.question, questions + i * DAT_MATH_QUESTION_TOKENS);
        dat_math_encode_answer(pair.answer, inputs + i * DAT_MATH_ANSWER_TOKENS,
                               targets + i * DAT_MATH_ANSWER_TOKENS);
    }
}

static void read_examples(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                          dat_examples out)
{
    (void)epoch;
    for (int64_t i = 0; i < n; i++) {
        dat_examples example = dat_examples_from(dataset, out, i);
        dat_math_encode_pairs(dataset->state, &indices[i], 1, example.tokens,
                              example.tokens + DAT_MATH_QUESTION_TOKENS, example.labels);
        for (int64_t j = 0; j < DAT_MATH_ANSWER_TOKENS; j++)
            if (example.labels[j] == DAT_MATH_PADDING)
                example.labels[j] = DAT_NO_LABEL;
    }
}

int64_t dat_math_example_length(dat_examples example)
{
    return dat_math_text_length(example.tokens, DAT_MATH_QUESTION_TOKENS) +
           dat_math_text_length(example.labels, DAT_MATH_ANSWER_TOKENS);
}

dat_dataset dat_math_as_dataset(const dat_math_dataset *dataset)
{
    return (dat_dataset){
        .size = dat_math_size(dataset),
        .n_tokens = DAT_MATH_EXAMPLE_TOKENS,
        .n_labels = DAT_MATH_ANSWER_TOKENS,
        .n_classes = DAT_MATH_N_TOKENS,
        .state = dataset,
        .read = read_examples,
    };
}
