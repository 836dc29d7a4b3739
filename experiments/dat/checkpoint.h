/* A language model and its tokenizer, as `dat eval` and `dat generate` use them. */
#ifndef DAT_EXPERIMENTS_CHECKPOINT_H
#define DAT_EXPERIMENTS_CHECKPOINT_H

#include "data/tokenizer.h"
#include "models/hub.h"
#include "util/arguments.h"

/* What both commands are told. */
typedef struct checkpoint_options {
    const char *folder, *tokenizer; /* NULL: not given */
    int64_t threads;                /* 0: all cores */
} checkpoint_options;

/* Their flags: values for getopt_long (a command's own begin at CHECKPOINT_NEXT), entries of its table, and
 * the lines of --help. */
enum { CHECKPOINT_FOLDER = DAT_ARGUMENT_FIRST, CHECKPOINT_TOKENIZER, CHECKPOINT_THREADS, CHECKPOINT_NEXT };
/* clang-format off */
#define CHECKPOINT_FLAGS                                                                                     \
    {"checkpoint", required_argument, NULL, CHECKPOINT_FOLDER},                                              \
    {"tokenizer", required_argument, NULL, CHECKPOINT_TOKENIZER},                                            \
    {"threads", required_argument, NULL, CHECKPOINT_THREADS}
/* clang-format on */
#define CHECKPOINT_HELP                                                                                      \
    "  --checkpoint DIR  the model: a folder with config.json and model.safetensors\n"                       \
    "  --tokenizer T     its tokenizer: bytes, a folder with encoder.json and vocab.bpe, or a\n"             \
    "                    tokenizer.json\n"                                                                   \
    "  --threads N       threads to compute with (all cores)\n"

/* Takes the value of one of these flags; other flags are refused, as getopt_long said. */
dat_status checkpoint_option(checkpoint_options *options, char *const *argv, int flag, const char *value);

typedef struct checkpoint {
    dat_language_model model;
    dat_params params;
    dat_tokenizer *tokenizer;
} checkpoint;

/* What one step may use of the address space. */
extern const size_t checkpoint_memory_limit;

/* Opens both, which must fit each other. The caller closes it whatever the result. */
dat_status checkpoint_open(checkpoint *c, const checkpoint_options *options);
void checkpoint_close(checkpoint *c);

#endif
