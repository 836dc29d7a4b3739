#include "corpus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "data/documents.h"
#include "data/tokenizer.h"
#include "data/tokenizer_train.h"

/* Stream of the seed beside those of the trainer and of the parameters. */
enum { STREAM_WINDOWS = 4 };

dat_status lm_corpus_check(const lm_config *config)
{
    const lm_data_config *data = &config->data;
    if (!data->train[0] != !data->validation[0])
        return dat_usage("data.train and data.validation name token files: both or neither");
    if (data->train[0] && data->vocab_size == 0)
        return dat_usage("data.vocab_size is needed with data.train: token files do not say it");
    if (!data->train[0] && !data->text[0])
        return dat_usage("data.text or data.train must name something to learn from");
    return DAT_OK;
}

static dat_status train_characters(const char *text, dat_tokenizer **tokenizer)
{
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    dat_status status = dat_tokenizer_trainer_add_file(trainer, text);
    if (status.code == DAT_CODE_OK)
        status = dat_tokenizer_train_characters(trainer, tokenizer);
    dat_tokenizer_trainer_free(trainer);
    return status;
}

static dat_status open_tokenizer(const lm_data_config *data, dat_tokenizer **tokenizer)
{
    *tokenizer = NULL;
    dat_status status = strcmp(data->tokenizer, "characters") == 0
                            ? train_characters(data->text, tokenizer)
                            : dat_tokenizer_open(data->tokenizer, tokenizer);
    if (status.code != DAT_CODE_OK || data->vocab_size == 0 ||
        dat_tokenizer_vocab_size(*tokenizer) <= data->vocab_size)
        return status;
    status = dat_usage("data.vocab_size = %" PRId64 " is less than the %" PRId64
                       " tokens of data.tokenizer %.100s",
                       data->vocab_size, dat_tokenizer_vocab_size(*tokenizer), data->tokenizer);
    dat_tokenizer_free(*tokenizer);
    *tokenizer = NULL;
    return status;
}

dat_status lm_corpus_vocab_size(const lm_data_config *data, int64_t *vocab_size)
{
    dat_tokenizer *tokenizer;
    *vocab_size = data->vocab_size;
    if (*vocab_size > 0)
        return DAT_OK;
    DAT_TRY(open_tokenizer(data, &tokenizer));
    *vocab_size = dat_tokenizer_vocab_size(tokenizer);
    dat_tokenizer_free(tokenizer);
    return DAT_OK;
}

/* All documents of the text, with the token that ends a text between them. */
static dat_status encode(const lm_data_config *data, dat_tokenizer *tokenizer, dat_token_list *tokens)
{
    dat_documents documents;
    const char *text;
    int64_t size;
    int32_t end_of_text = dat_tokenizer_end_of_text(tokenizer);
    DAT_TRY(dat_documents_open(data->text, &documents));
    dat_status status = dat_documents_next(&documents, &text, &size);
    while (status.code == DAT_CODE_OK && text) {
        if (tokens->count > 0 && end_of_text >= 0)
            dat_token_list_add(tokens, end_of_text);
        status = dat_tokenizer_encode(tokenizer, text, size, DAT_SPECIALS_AS_TEXT, tokens);
        if (status.code == DAT_CODE_OK)
            status = dat_documents_next(&documents, &text, &size);
    }
    dat_documents_close(&documents);
    return dat_status_prefix(status, "%.200s", data->text);
}

static dat_status open_text(lm_corpus *corpus, const lm_data_config *data)
{
    dat_tokenizer *tokenizer;
    dat_token_list tokens = {0};
    DAT_TRY(open_tokenizer(data, &tokenizer));
    dat_status status = encode(data, tokenizer, &tokens);
    if (status.code == DAT_CODE_OK) {
        int64_t n_train = (int64_t)((double)tokens.count * (1 - data->validation_share));
        corpus->vocab_size = data->vocab_size ? data->vocab_size : dat_tokenizer_vocab_size(tokenizer);
        corpus->tokenizer = dat_tokenizer_to_json(tokenizer);
        corpus->train_tokens = dat_token_sequence_of(tokens.ids, n_train);
        corpus->validation_tokens = dat_token_sequence_of(tokens.ids + n_train, tokens.count - n_train);
    }
    free(tokens.ids);
    dat_tokenizer_free(tokenizer);
    return status;
}

static dat_status open_files(lm_corpus *corpus, const lm_data_config *data)
{
    corpus->vocab_size = data->vocab_size;
    DAT_TRY(dat_token_sequence_open(data->train, data->vocab_size, &corpus->train_tokens));
    return dat_token_sequence_open(data->validation, data->vocab_size, &corpus->validation_tokens);
}

static dat_status check_length(const dat_token_sequence *tokens, const char *what, int64_t context)
{
    if (tokens->count > context)
        return DAT_OK;
    return dat_usage("%s: %" PRId64 " tokens are too few for data.context = %" PRId64
                     " and the token after it",
                     what, tokens->count, context);
}

dat_status lm_corpus_open(lm_corpus *corpus, const lm_config *config)
{
    const lm_data_config *data = &config->data;
    const lm_train_config *train = &config->train;
    *corpus = (lm_corpus){0};
    DAT_TRY(data->train[0] ? open_files(corpus, data) : open_text(corpus, data));
    DAT_TRY(check_length(&corpus->train_tokens, "training", data->context));
    DAT_TRY(check_length(&corpus->validation_tokens, "validation", data->context));

    dat_rng root = dat_rng_seed((uint64_t)config->seed);
    corpus->train = (dat_window_dataset){
        .tokens = &corpus->train_tokens,
        .windows = {corpus->train_tokens.count, data->context, (dat_window_order)data->order,
                    dat_rng_fork(&root, STREAM_WINDOWS).key},
        .size = train->evaluate_every * train->batch_size,
        .vocab_size = corpus->vocab_size,
    };
    corpus->validation = (dat_window_dataset){
        .tokens = &corpus->validation_tokens,
        .windows = {corpus->validation_tokens.count, data->context, DAT_WINDOWS_SEQUENTIAL, 0},
        .vocab_size = corpus->vocab_size,
    };
    int64_t all = dat_windows_per_epoch(&corpus->validation.windows);
    bool some = data->validation_windows > 0 && data->validation_windows < all;
    corpus->validation.size = some ? data->validation_windows : all;
    return DAT_OK;
}

void lm_corpus_free(lm_corpus *corpus)
{
    free(corpus->tokenizer);
    dat_token_sequence_close(&corpus->train_tokens);
    dat_token_sequence_close(&corpus->validation_tokens);
    *corpus = (lm_corpus){0};
}
