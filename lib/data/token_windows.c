#include "data/token_windows.h"

#include <glob.h>
#include <stdlib.h>

#include "core/rng.h"
#include "util/memory.h"

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

void dat_token_sequence_close(dat_token_sequence *sequence)
{
    for (int64_t i = 0; i < sequence->n_shards; i++)
        dat_token_shard_close(&sequence->shards[i]);
    free(sequence->shards);
    free(sequence->starts);
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
