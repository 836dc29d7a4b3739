#include "checkpoint.h"

#include <inttypes.h>

#include "util/parallel.h"

const size_t checkpoint_memory_limit = (size_t)16 << 30;

dat_status checkpoint_option(checkpoint_options *options, char *const *argv, int flag, const char *value)
{
    if (flag == CHECKPOINT_FOLDER)
        options->folder = value;
    else if (flag == CHECKPOINT_TOKENIZER)
        options->tokenizer = value;
    else if (flag == CHECKPOINT_THREADS)
        return dat_argument_integer("--threads", value, 1, 1024, &options->threads);
    else
        return dat_argument_refused(argv, flag);
    return DAT_OK;
}

dat_status checkpoint_open(checkpoint *c, const checkpoint_options *options)
{
    *c = (checkpoint){0};
    if (!options->folder || !options->tokenizer)
        return dat_usage("needs --checkpoint and --tokenizer; see --help");
    if (options->threads > 0)
        dat_parallel_set_threads((int)options->threads);
    DAT_TRY(dat_tokenizer_open(options->tokenizer, &c->tokenizer));
    DAT_TRY(dat_hub_load(options->folder, &c->model, &c->params));
    int64_t known = dat_tokenizer_vocab_size(c->tokenizer);
    if (known > c->model.config.vocab_size)
        return dat_failure("the tokenizer %.150s has %" PRId64 " tokens, more than the %" PRId64
                           " of the model in %.150s",
                           options->tokenizer, known, c->model.config.vocab_size, options->folder);
    return DAT_OK;
}

void checkpoint_close(checkpoint *c)
{
    dat_language_free(&c->model);
    dat_params_free(&c->params);
    dat_tokenizer_free(c->tokenizer);
}
