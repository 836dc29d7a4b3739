/* Training examples from token files or a text's tokens: all as one long sequence, and which windows of it a
 * step sees. */
#ifndef DAT_DATA_TOKEN_WINDOWS_H
#define DAT_DATA_TOKEN_WINDOWS_H

#include "data/dataset.h"
#include "data/token_shard.h"

/* The files of a pattern one after another. */
typedef struct dat_token_sequence {
    dat_token_shard *shards; /* [n_shards], owned */
    int64_t *starts;         /* [n_shards + 1]: where each begins in the sequence, owned */
    int64_t n_shards, count; /* count: tokens of all */
    unsigned char *memory;   /* the ids of a sequence that is no file, owned */
} dat_token_sequence;

/* Opens every file that matches a glob pattern, like "data/train_*.bin", in the order of their names; refused
 * when there is none. On error `sequence` is empty. Release with dat_token_sequence_close. */
dat_status dat_token_sequence_open(const char *pattern, int64_t vocab_size, dat_token_sequence *sequence);

/* A copy of ids as a sequence; release it with dat_token_sequence_close. */
dat_token_sequence dat_token_sequence_of(const int32_t *ids, int64_t count);

/* Harmless on an empty one. */
void dat_token_sequence_close(dat_token_sequence *sequence);

/* Copies ids start .. start + count - 1, which must exist; they may lie in several files. */
void dat_token_sequence_read(const dat_token_sequence *sequence, int64_t start, int64_t count, int32_t *ids);

typedef enum dat_window_order {
    DAT_WINDOWS_RANDOM,     /* every start is equally likely, independent of all others */
    DAT_WINDOWS_SEQUENTIAL, /* side by side from the first token; after the last whole one, from there again
                             */
} dat_window_order;

/* "random", "sequential"; ends with NULL. */
extern const char *const dat_window_order_names[];

/* Windows of `length` tokens and the token after each, the target of the last. */
typedef struct dat_windows {
    int64_t n_tokens; /* of the sequence: more than length */
    int64_t length;   /* at least 1 */
    dat_window_order order;
    uint64_t seed; /* of random windows */
} dat_windows;

/* Windows in an epoch of sequential ones. */
int64_t dat_windows_per_epoch(const dat_windows *windows);

/* Where the `count` windows of a step of `count` begin: a function of the windows, the step and the count
 * alone. Window w reads tokens starts[w] .. starts[w] + length. */
void dat_windows_starts(const dat_windows *windows, int64_t step, int64_t count, int64_t *starts);

/* Windows as the examples of a dataset: tokens and, as labels, the token after each. */
typedef struct dat_window_dataset {
    const dat_token_sequence *tokens; /* borrowed */
    dat_windows windows;              /* n_tokens: at most those of `tokens` */
    int64_t size;                     /* examples of an epoch: that many further windows */
    int64_t vocab_size;               /* becomes n_classes */
} dat_window_dataset;

/* Example i of epoch e is the first window of step e size + i. The window dataset must outlive the result. */
dat_dataset dat_windows_as_dataset(const dat_window_dataset *windows);

#endif
