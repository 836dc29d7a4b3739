#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocations.h"
#include "median.h"
#include "sgemm.h"
#include "util/memory.h"
#include "util/parallel.h"
#include "util/progress.h"

enum { LEAST_ROUNDS = 5, MOST_REPEATS = 1 << 17 };
static const double ROUND_SECONDS = 0.2;

/* What the child sends to its parent. */
typedef struct outcome {
    dat_status status;
    bench_result result;
} outcome;

/* One round; those of equal work compare by `slowness`, their time in units of the peak's. */
typedef struct timed_round {
    double seconds, peak, slowness;
} timed_round;

static int compare_rounds(const void *a, const void *b)
{
    double x = ((const timed_round *)a)->slowness, y = ((const timed_round *)b)->slowness;
    return (x > y) - (x < y);
}

/* Median seconds of a repeat; `times` has room for MOST_REPEATS. */
static double repeat_for_a_round(const bench_case *item, void *state, double *times, int64_t *allocations)
{
    int64_t count = 0;
    double start = dat_seconds(), end = start;
    while (count < MOST_REPEATS && (count == 0 || end - start < ROUND_SECONDS)) {
        int64_t allocations_before = bench_allocations();
        double repeat_start = dat_seconds();
        item->kind->repeat(state);
        end = dat_seconds();
        *allocations = bench_allocations() - allocations_before;
        times[count++] = end - repeat_start;
    }
    return bench_median(count, times);
}

/* The median round of a prepared case. */
static timed_round measure_rounds(const bench_case *item, void *state, double seconds, int64_t *allocations)
{
    int64_t most = LEAST_ROUNDS + (int64_t)(seconds / ROUND_SECONDS) + 1, count = 0;
    timed_round *rounds = dat_allocate((size_t)most, sizeof *rounds);
    double *times = dat_allocate(MOST_REPEATS, sizeof *times);
    bench_sgemm sgemm;
    bench_sgemm_init(&sgemm);
    double start = dat_seconds(), before = bench_sgemm_rate(&sgemm);
    while (count < most && (count < LEAST_ROUNDS || dat_seconds() - start < seconds)) {
        timed_round *here = &rounds[count++];
        here->seconds = repeat_for_a_round(item, state, times, allocations);
        double after = bench_sgemm_rate(&sgemm);
        here->peak = after > before ? after : before;
        here->slowness = here->seconds * here->peak;
        before = after;
    }
    qsort(rounds, (size_t)count, sizeof *rounds, compare_rounds);
    timed_round median = rounds[count / 2];
    bench_sgemm_free(&sgemm);
    free(times);
    free(rounds);
    return median;
}

static dat_status measure_here(const bench_case *item, double seconds, bench_result *result)
{
    void *state = NULL;
    dat_status status = item->kind->prepare(item->config, &state);
    if (status.code == DAT_CODE_OK) {
        bench_work work = item->kind->repeat(state);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage); /* before the yardstick adds its own memory */
        result->peak_rss_mib = (double)usage.ru_maxrss / 1024;
        timed_round median = measure_rounds(item, state, seconds, &result->allocations);
        result->ms = 1e3 * median.seconds;
        result->gflop = 1e-9 * work.flops;
        result->gflops = result->gflop / median.seconds;
        result->sgemm_peak_gflops = median.peak;
        result->utilisation = result->gflops / median.peak;
        result->gbytes_per_second = 1e-9 * work.bytes / median.seconds;
    }
    item->kind->release(state);
    return status;
}

static _Noreturn void be_child(const bench_case *item, int threads, double seconds, int pipe_end)
{
    outcome all = {0};
    dat_parallel_set_threads(threads);
    all.status = measure_here(item, seconds, &all.result);
    _exit(write(pipe_end, &all, sizeof all) == sizeof all ? 0 : 1);
}

static bool read_outcome(int pipe_end, outcome *all)
{
    size_t size = 0;
    while (size < sizeof *all) {
        ssize_t part = read(pipe_end, (char *)all + size, sizeof *all - size);
        if (part == 0 || (part < 0 && errno != EINTR))
            return false;
        size += part > 0 ? (size_t)part : 0;
    }
    return true;
}

dat_status bench_measure(const bench_case *item, int threads, double seconds, bench_result *result)
{
    int ends[2], ended = 0;
    outcome all = {0};
    if (pipe(ends) != 0)
        return dat_failure("a pipe cannot be made: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_child(item, threads, seconds, ends[1]);
    }
    close(ends[1]);
    bool complete = child > 0 && read_outcome(ends[0], &all);
    close(ends[0]);
    if (child < 0)
        return dat_failure("a process cannot be started: %s", strerror(errno));
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        ;
    if (!complete)
        return dat_failure(
            "the process that measured it was ended by %s; it may need more memory than there is",
            WIFSIGNALED(ended) ? strsignal(WTERMSIG(ended)) : "an error");
    *result = all.result;
    return all.status;
}
