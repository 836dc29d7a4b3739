#include "data/token_windows.h"

#include <glob.h>
#include <stdlib.h>

#include "core/rng.h"
#include "util/memory.h"

const char *const dat_window_order_names[] = {"random", "sequential", NULL};

static dat_status open_files(char *const *paths, int64_t n_paths, int64_t vocab_size,
                             dat_token_sequence *sequence)
{
    sequence->shards = dat_allocate((size_t)n_paths, sizeof sequence->shards[0]);
    sequence->starts = dat_allocate((size_t)n_paths + 1, sizeof sequence->starts[0]);
    for (int64_t i = 0; i < n_paths; i++) {
        DAT_TRY(dat_token_shard_open(paths[i], vocab_size, &sequence->shards[i]));
        sequence->n_shards = i + 1;
        sequence->count += sequence->shards[i].count;
        sequence->starts[i + 1] = sequence->count;
    }
    return DAT_OK;
}

dat_status dat_token_sequence_open(const char *pattern, int64_t vocab_size, dat_token_sequence *sequence)
{
    glob_t found;
    *sequence = (dat_token_sequence){0};
    int error = glob(pattern, 0, NULL, &found);
    dat_status status = DAT_OK;
    if (error == 0)
        status = open_files(found.gl_pathv, (int64_t)found.gl_pathc, vocab_size, sequence);
    else
        status = dat_failure("%.200s: there is no such file; `dat data text` writes token files", pattern);
    globfree(&found);
    if (status.code != DAT_CODE_OK)
        dat_token_sequence_close(sequence);
    return status;
}

dat_token_sequence dat_token_sequence_of(const int32_t *ids, int64_t count)
{
    enum { WIDTH = 4 };
    dat_token_sequence sequence = {.n_shards = 1, .count = count};
    sequence.memory = dat_allocate((size_t)count, WIDTH);
    sequence.shards = dat_allocate(1, sizeof sequence.shards[0]);
    sequence.starts = dat_allocate(2, sizeof sequence.starts[0]);
    for (int64_t i = 0; i < WIDTH * count; i++)
        sequence.memory[i] = (unsigned char)((uint32_t)ids[i / WIDTH] >> 8 * (i % WIDTH));
    sequence.shards[0] = (dat_token_shard){.tokens = sequence.memory, .count = count, .width = WIDTH};
    sequence.starts[1] = count;
    return sequence;
}

void dat_token_sequence_close(dat_token_sequence *sequence)
{
    for (int64_t i = 0; i < sequence->n_shards; i++)
        dat_token_shard_close(&sequence->shards[i]);
    free(sequence->shards);
    free(sequence->starts);
    free(sequence->memory);
    *sequence = (dat_token_sequence){0};
}

void dat_token_sequence_read(const dat_token_sequence *sequence, int64_t start, int64_t count, int32_t *ids)
{
    DAT_ASSERT(start >= 0 && count >= 0 && count <= sequence->count - start);
    int64_t low = 0, high = sequence->n_shards; /* the shard of `start` is in low .. high - 1 */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (sequence->starts[middle] <= start)
            low = middle;
        else
            high = middle;
    }
    for (; count > 0; low++) {
        int64_t left = sequence->starts[low + 1] - start, part = left < count ? left : count;
        dat_token_shard_read(&sequence->shards[low], start - sequence->starts[low], part, ids);
        start += part;
        ids += part;
        count -= part;
    }
}

int64_t dat_windows_per_epoch(const dat_windows *windows)
{
    DAT_ASSERT(windows->length >= 1 && windows->n_tokens > windows->length);
    return (windows->n_tokens - 1) / windows->length;
}

void dat_windows_starts(const dat_windows *windows, int64_t step, int64_t count, int64_t *starts)
{
    int64_t per_epoch = dat_windows_per_epoch(windows);
    dat_rng root = dat_rng_seed(windows->seed), rng = dat_rng_fork(&root, (uint64_t)step);
    for (int64_t i = 0; i < count; i++) {
        if (windows->order == DAT_WINDOWS_RANDOM)
            starts[i] = (int64_t)dat_rng_below(&rng, (uint64_t)(windows->n_tokens - windows->length));
        else
            starts[i] = (step * count + i) % per_epoch * windows->length;
    }
}

static void read_windows(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                         dat_examples out)
{
    const dat_window_dataset *d = dataset->state;
    const dat_windows *windows = &d->windows;
    int64_t length = windows->length, start;
    for (int64_t i = 0; i < n; i++) {
        dat_windows_starts(windows, epoch * d->size + indices[i], 1, &start);
        dat_token_sequence_read(d->tokens, start, length, out.tokens + i * length);
        dat_token_sequence_read(d->tokens, start + 1, length, out.labels + i * length);
    }
}

dat_dataset dat_windows_as_dataset(const dat_window_dataset *windows)
{
    DAT_ASSERT(windows->windows.n_tokens <= windows->tokens->count);
    return (dat_dataset){
        .size = windows->size,
        .n_tokens = windows->windows.length,
        .n_labels = windows->windows.length,
        .n_classes = windows->vocab_size,
        .state = windows,
        .read = read_windows,
    };
}
