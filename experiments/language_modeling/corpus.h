/* The tokens of one run: what it trains on and what it is validated on, from token files or from a text. */
#ifndef LANGUAGE_MODELING_CORPUS_H
#define LANGUAGE_MODELING_CORPUS_H

#include "config.h"
#include "data/token_windows.h"

/* The environment fact of a run that keeps its best parameters: its text's tokenizer, as a tokenizer.json. */
#define LM_TOKENIZER "tokenizer"

typedef struct lm_corpus {
    int64_t vocab_size;
    char *tokenizer; /* of the text, as a tokenizer.json; NULL with token files */
    dat_token_sequence train_tokens, validation_tokens;
    dat_window_dataset train, validation; /* refer to the tokens: the corpus must stay where it is */
} lm_corpus;

/* Whether the keys of a config's data fit together. Reads nothing. */
dat_status lm_corpus_check(const lm_config *config);

/* The size of the vocabulary; reads the tokenizer when the config does not say it. */
dat_status lm_corpus_vocab_size(const lm_data_config *data, int64_t *vocab_size);

/* Opens the token files, or reads the text and encodes it. A training epoch is the windows between two
 * validations; validation has the same windows every time. The caller frees the corpus whatever the result.
 */
dat_status lm_corpus_open(lm_corpus *corpus, const lm_config *config);
void lm_corpus_free(lm_corpus *corpus);

#endif
