#include "models/sampling.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/memory.h"

/* A token that may be drawn. */
typedef struct candidate {
    dat_real logit;
    int32_t token;
    double weight; /* proportional to its probability */
} candidate;

dat_status dat_sampling_check(const dat_sampling *sampling)
{
    if (!(sampling->temperature >= 0) || !isfinite(sampling->temperature))
        return dat_usage("temperature = %g must be 0 or positive", sampling->temperature);
    if (sampling->top_k < 0)
        return dat_usage("top_k = %" PRId64 " must be 0 (all tokens) or positive", sampling->top_k);
    if (!(sampling->top_p > 0 && sampling->top_p <= 1))
        return dat_usage("top_p = %g must be above 0 and at most 1", sampling->top_p);
    return DAT_OK;
}

int32_t dat_most_likely(const dat_real *logits, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    return (int32_t)best;
}

static int by_falling_logit(const void *a, const void *b)
{
    const candidate *left = a, *right = b;
    if (left->logit != right->logit)
        return left->logit > right->logit ? -1 : 1;
    return left->token < right->token ? -1 : 1;
}

/* How many of the sorted candidates top_k leaves. */
static int64_t keep_largest(const candidate *sorted, int64_t count, int64_t top_k)
{
    if (top_k == 0 || top_k >= count)
        return count;
    int64_t kept = top_k;
    while (kept < count && sorted[kept].logit == sorted[top_k - 1].logit)
        kept++;
    return kept;
}

static double sum_weights(const candidate *candidates, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += candidates[i].weight;
    return sum;
}

/* How many of the sorted candidates top_p leaves. */
static int64_t keep_likely(const candidate *sorted, int64_t count, double top_p)
{
    double enough = top_p * sum_weights(sorted, count), sum = 0;
    int64_t kept = 0;
    while (kept < count && (kept == 0 || sum < enough))
        sum += sorted[kept++].weight;
    return kept;
}

static int32_t draw(const candidate *candidates, int64_t count, dat_rng *rng)
{
    double left = dat_rng_uniform(rng) * sum_weights(candidates, count);
    int64_t i = 0;
    while (i < count - 1 && (left -= candidates[i].weight) >= 0)
        i++;
    return candidates[i].token;
}

int32_t dat_sample(const dat_sampling *sampling, dat_rng *rng, const dat_real *logits, int64_t count)
{
    int64_t best = dat_most_likely(logits, count);
    if (sampling->temperature == 0)
        return (int32_t)best;
    candidate *candidates = dat_allocate((size_t)count, sizeof candidates[0]);
    for (int64_t i = 0; i < count; i++)
        candidates[i] = (candidate){logits[i], (int32_t)i,
                                    exp(((double)logits[i] - (double)logits[best]) / sampling->temperature)};
    if (sampling->top_k > 0 || sampling->top_p < 1) {
        qsort(candidates, (size_t)count, sizeof candidates[0], by_falling_logit);
        count = keep_largest(candidates, count, sampling->top_k);
        count = sampling->top_p < 1 ? keep_likely(candidates, count, sampling->top_p) : count;
    }
    int32_t token = draw(candidates, count, rng);
    free(candidates);
    return token;
}
