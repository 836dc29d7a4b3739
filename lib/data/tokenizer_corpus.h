/* What tokenizers are trained on, for the files that train them. */
#ifndef DAT_DATA_TOKENIZER_CORPUS_H
#define DAT_DATA_TOKENIZER_CORPUS_H

#include "data/tokenizer_train.h"
#include "data/tokenizer_words.h"
#include "util/string_table.h"

struct dat_tokenizer_trainer {
    dat_word_pattern *pattern;
    dat_string_table words;
    int64_t *counts; /* [words.count] */
    int64_t capacity;
};

#endif
