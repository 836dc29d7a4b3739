/* A language model and its tokenizer, as `dat convert`, `dat eval` and `dat generate` use them. */
#ifndef DAT_EXPERIMENTS_CHECKPOINT_H
#define DAT_EXPERIMENTS_CHECKPOINT_H

#include "data/tokenizer.h"
#include "models/hub.h"
#include "util/arguments.h"

/* What the commands are told. */
typedef struct checkpoint_options {
    const char *path;      /* a folder as on the hub, or a run file; NULL: not given */
    const char *tokenizer; /* NULL: the checkpoint's own */
    int64_t threads;       /* 0: all cores */
} checkpoint_options;

/* Their flags: values for getopt_long (a command's own begin at CHECKPOINT_NEXT), entries of its table, and
 * the lines of --help. Those of MODEL say what to open, the others also how to compute. */
enum { CHECKPOINT_PATH = DAT_ARGUMENT_FIRST, CHECKPOINT_TOKENIZER, CHECKPOINT_THREADS, CHECKPOINT_NEXT };
/* clang-format off */
#define CHECKPOINT_MODEL_FLAGS                                                                               \
    {"checkpoint", required_argument, NULL, CHECKPOINT_PATH},                                                \
    {"tokenizer", required_argument, NULL, CHECKPOINT_TOKENIZER}
#define CHECKPOINT_FLAGS                                                                                     \
    CHECKPOINT_MODEL_FLAGS,                                                                                  \
    {"threads", required_argument, NULL, CHECKPOINT_THREADS}
/* clang-format on */
#define CHECKPOINT_MODEL_HELP                                                                                \
    "  --checkpoint C    the model: a folder with config.json and model.safetensors, or a run\n"             \
    "                    file of language_modeling that keeps parameters (train.keep_best)\n"                \
    "  --tokenizer T     its tokenizer: bytes, a folder with encoder.json and vocab.bpe, or a\n"             \
    "                    tokenizer.json (the checkpoint's own, if it has one)\n"
#define CHECKPOINT_HELP CHECKPOINT_MODEL_HELP "  --threads N       threads to compute with (all cores)\n"

/* Takes the value of one of these flags; other flags are refused, as getopt_long said. */
dat_status checkpoint_option(checkpoint_options *options, char *const *argv, int flag, const char *value);

typedef struct checkpoint {
    dat_language_model model;
    dat_params params;
    dat_tokenizer *tokenizer; /* NULL: none */
} checkpoint;

/* What one step may use of the address space. */
extern const size_t checkpoint_memory_limit;

/* The file in a folder that is its own tokenizer. */
extern const char checkpoint_tokenizer_file[];

/* Opens the model, and the tokenizer that is given or else the checkpoint's own, if it has one; both must fit
 * each other. The caller closes it whatever the result. */
dat_status checkpoint_read(checkpoint *c, const checkpoint_options *options);

/* The same with as many threads as the options say, where there must be a tokenizer. */
dat_status checkpoint_open(checkpoint *c, const checkpoint_options *options);
void checkpoint_close(checkpoint *c);

#endif
