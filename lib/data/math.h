/* The mathematics dataset (Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of
 * Neural Models", ICLR 2019): questions and answers in text, such as "Solve 24 = 1601*c - 1605*c for c." and
 * "-6". Five of its modules are generated here, by the rules of its version 1.0, or read from its files; both
 * as text and as the tokens that models see. */
#ifndef DAT_DATA_MATH_H
#define DAT_DATA_MATH_H

#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "util/status.h"

typedef enum dat_math_module {
    DAT_MATH_LINEAR_1D,          /* solve a linear equation in one unknown */
    DAT_MATH_SEQUENCE_NEXT_TERM, /* continue a sequence that a polynomial makes */
    DAT_MATH_DIFFERENTIATE,      /* polynomials in up to four variables */
    DAT_MATH_ADD,                /* a*f(x) + b*g(x), where a, b, f, g may be given by other problems */
    DAT_MATH_EXPAND,             /* multiply out brackets */
    DAT_MATH_N_MODULES,
} dat_math_module;

/* Difficulty, as entropy in decimal digits: uniform in a third of 3 to 10, or 8. */
typedef enum dat_math_level {
    DAT_MATH_EASY,
    DAT_MATH_MEDIUM,
    DAT_MATH_HARD,
    DAT_MATH_INTERPOLATE,
    DAT_MATH_N_LEVELS,
    DAT_MATH_N_TRAINING_LEVELS = DAT_MATH_INTERPOLATE, /* the levels before are for training */
} dat_math_level;

/* Names as in configs and file names, ending with NULL: "algebra__linear_1d", ...; "easy", "medium", "hard",
 * "interpolate". */
extern const char *const dat_math_module_names[];
extern const char *const dat_math_level_names[];

enum {
    DAT_MATH_MAX_QUESTION = 160, /* characters */
    DAT_MATH_MAX_ANSWER = 30,
};

/* A question and its answer, as strings. */
typedef struct dat_math_pair {
    char question[DAT_MATH_MAX_QUESTION + 1];
    char answer[DAT_MATH_MAX_ANSWER + 1];
} dat_math_pair;

/* Generates example `index` of a module, level and seed, always the same. Takes about one to ten
 * microseconds. */
void dat_math_example(dat_math_module module, dat_math_level level, uint64_t seed, uint64_t index,
                      dat_math_pair *pair);

/* A set of pairs: generated when they are read, or of files. Any number of threads may read it. */
typedef struct dat_math_dataset dat_math_dataset;

/* `size` pairs of a module, of n levels in turn: pair i is example i / n of level levels[i % n]. Never fails.
 * Release with dat_math_free. */
dat_math_dataset *dat_math_generate(dat_math_module module, const dat_math_level *levels, int n_levels,
                                    uint64_t seed, int64_t size);

/* The pairs of n files one after the other. A file has a question and its answer on alternating lines, as in
 * version 1.0. It stays mapped and must not change before dat_math_free. Lines that are empty, too long or
 * hold characters that have no token, a question without an answer and a last line without an end are refused
 * with file and line; *dataset is then NULL. */
dat_status dat_math_read(const char *const *paths, int n_paths, dat_math_dataset **dataset);

/* Writes the path of a module's file in the official layout: <folder>/train-easy/<module>.txt, train-medium,
 * train-hard or interpolate. */
dat_status dat_math_path(const char *folder, dat_math_module module, dat_math_level level, char *path,
                         size_t path_size);

/* Writes all pairs of a dataset as a file that dat_math_read reads; creates missing folders. */
dat_status dat_math_write(const dat_math_dataset *dataset, const char *path);

/* Releases the set; NULL is allowed. */
void dat_math_free(dat_math_dataset *dataset);

/* Number of pairs. */
int64_t dat_math_size(const dat_math_dataset *dataset);

/* Pair i; 0 <= i < size. */
void dat_math_pair_at(const dat_math_dataset *dataset, int64_t i, dat_math_pair *pair);

/* Tokens are characters. Token 0 is padding; the others are, in this order, the alphabet of the DAT paper's
 * experiments:  !'()*+,-./0123456789:;<=>?@A..Z[]a..z{}, where '@' starts an answer and ';' ends a text. */
enum {
    DAT_MATH_N_TOKENS = 85,
    DAT_MATH_PADDING = 0,
    DAT_MATH_END = 23,
    DAT_MATH_START = 28,
    DAT_MATH_QUESTION_TOKENS = DAT_MATH_MAX_QUESTION + 1, /* with the end */
    DAT_MATH_ANSWER_TOKENS = DAT_MATH_MAX_ANSWER + 1,     /* with the start or the end */
};

/* The token of a character, or -1. */
int32_t dat_math_token(char character);

/* The question and the end, padded: (161) tokens. */
void dat_math_encode_question(const char *question, int32_t *tokens);

/* The answer for teacher forcing, (31) tokens each: `inputs` is the start and the answer, `targets` the
 * answer and the end, so that targets[i] comes after inputs[i]; both padded. In `inputs` the end stands
 * before the padding. */
void dat_math_encode_answer(const char *answer, int32_t *inputs, int32_t *targets);

/* How many of n tokens are a text: up to the first end, and with it; n without one. */
int64_t dat_math_text_length(const int32_t *tokens, int64_t n);

/* The characters of n tokens up to the first end or padding, as a string of at most n characters. */
void dat_math_decode(const int32_t *tokens, int64_t n, char *text);

/* Writes pairs indices[0..n-1] as questions (n, 161), inputs (n, 31) and targets (n, 31). Pure: the same
 * index gives the same pair, in any order and from any thread. */
void dat_math_encode_pairs(const dat_math_dataset *dataset, const int64_t *indices, int64_t n,
                           int32_t *questions, int32_t *inputs, int32_t *targets);

/* The pairs as examples for teacher forcing: the tokens are those of the question and of the answer's inputs
 * (161 + 31), the labels its targets (31), DAT_NO_LABEL where they are padding. `dataset` must outlive the
 * result. */
enum { DAT_MATH_EXAMPLE_TOKENS = DAT_MATH_QUESTION_TOKENS + DAT_MATH_ANSWER_TOKENS };
dat_dataset dat_math_as_dataset(const dat_math_dataset *dataset);

/* The `length` of such a dataset for models that see no padding: tokens of the question, and of the answer's
 * inputs those that have a label. */
int64_t dat_math_example_length(dat_examples example);

#endif
