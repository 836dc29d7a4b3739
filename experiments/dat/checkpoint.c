#include "checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint_run.h"
#include "util/folder.h"
#include "util/parallel.h"

const size_t checkpoint_memory_limit = (size_t)16 << 30;

const char checkpoint_tokenizer_file[] = "tokenizer.json";

dat_status checkpoint_option(checkpoint_options *options, char *const *argv, int flag, const char *value)
{
    if (flag == CHECKPOINT_PATH)
        options->path = value;
    else if (flag == CHECKPOINT_TOKENIZER)
        options->tokenizer = value;
    else if (flag == CHECKPOINT_THREADS)
        return dat_argument_integer("--threads", value, 1, 1024, &options->threads);
    else
        return dat_argument_refused(argv, flag);
    return DAT_OK;
}

/* Reads the folder's tokenizer unless there is one already. */
static dat_status read_folder(const char *folder, checkpoint *c)
{
    char *tokenizer = dat_path_in(folder, checkpoint_tokenizer_file);
    dat_status status = dat_hub_load(folder, &c->model, &c->params);
    if (status.code == DAT_CODE_OK && !c->tokenizer && access(tokenizer, F_OK) == 0)
        status = dat_tokenizer_open(tokenizer, &c->tokenizer);
    free(tokenizer);
    return status;
}

static dat_status check_vocabulary(const checkpoint *c, const checkpoint_options *options)
{
    int64_t known = c->tokenizer ? dat_tokenizer_vocab_size(c->tokenizer) : 0;
    if (known > c->model.config.vocab_size)
        return dat_failure("the tokenizer %.150s has %" PRId64 " tokens, more than the %" PRId64
                           " of the model in %.150s",
                           options->tokenizer ? options->tokenizer : "there", known,
                           c->model.config.vocab_size, options->path);
    return DAT_OK;
}

dat_status checkpoint_read(checkpoint *c, const checkpoint_options *options)
{
    struct stat info;
    *c = (checkpoint){0};
    if (!options->path)
        return dat_usage("needs --checkpoint; see --help");
    if (options->tokenizer)
        DAT_TRY(dat_tokenizer_open(options->tokenizer, &c->tokenizer));
    if (stat(options->path, &info) == 0 && S_ISREG(info.st_mode))
        DAT_TRY(checkpoint_read_run(options->path, c));
    else
        DAT_TRY(read_folder(options->path, c));
    return check_vocabulary(c, options);
}

dat_status checkpoint_open(checkpoint *c, const checkpoint_options *options)
{
    if (options->threads > 0)
        dat_parallel_set_threads((int)options->threads);
    DAT_TRY(checkpoint_read(c, options));
    return c->tokenizer
               ? DAT_OK
               : dat_usage("%.200s has no tokenizer of its own: give it one with --tokenizer", options->path);
}

void checkpoint_close(checkpoint *c)
{
    dat_language_free(&c->model);
    dat_params_free(&c->params);
    dat_tokenizer_free(c->tokenizer);
}
