/* bench: how fast training steps run, as a share of what this machine's own matrix multiply reaches. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "util/parallel.h"
#include "vision_steps.h"

const bench_case bench_cases[] = {
    {"step/relational_games/dat_1_1", bench_games_dat_1_1, bench_vision_step, bench_vision_release},
    {"step/relational_games/dat_0_2", bench_games_dat_0_2, bench_vision_step, bench_vision_release},
    {"step/relational_games/transformer", bench_games_transformer, bench_vision_step, bench_vision_release},
    {"eval/relational_games/dat_1_1", bench_games_dat_1_1, bench_vision_evaluate, bench_vision_release},
    {0},
};

typedef struct options {
    int threads;
    const char *filter;
    bool json;
    double seconds; /* least time spent repeating a case */
} options;

enum { MAX_REPEATS = 1000, MIN_REPEATS = 5 };

static const char usage[] =
    "usage: bench [--threads N] [--filter TEXT] [--seconds S] [--json]\n"
    "Measures training steps and evaluations (batch 512) beside this machine's sgemm.\n"
    "  --threads N    threads to use (default: all cores)\n"
    "  --filter TEXT  only cases whose name contains TEXT\n"
    "  --seconds S    least time to repeat a case for (default: 2)\n"
    "  --json         one JSON array instead of the table\n"
    "  --help         this text\n"
    "Utilisation is model FLOPs (multiply-adds of matrix products and attention, twice) over time over\n"
    "the sgemm peak measured in this process before and after each case (the faster of the two).\n";

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static dat_status measure(const bench_case *item, const options *o, bench_result *result)
{
    void *state = NULL;
    double times[MAX_REPEATS];
    int repeats = 0;
    *result = (bench_result){.threads = o->threads};
    snprintf(result->name, sizeof result->name, "%s", item->name);
    DAT_TRY(item->prepare(&state));
    double before = bench_sgemm_peak(), start = bench_now();
    result->gflop = item->repeat(state) * 1e-9; /* the first repeat touches all memory and is not timed */
    while (repeats < MAX_REPEATS && (repeats < MIN_REPEATS || bench_now() - start < o->seconds)) {
        int64_t allocations = bench_allocations();
        double repeat_start = bench_now();
        item->repeat(state);
        times[repeats++] = bench_now() - repeat_start;
        result->allocations = bench_allocations() - allocations;
    }
    double after = bench_sgemm_peak();
    qsort(times, (size_t)repeats, sizeof times[0], compare_doubles);
    struct rusage usage_now;
    getrusage(RUSAGE_SELF, &usage_now);
    result->ms = 1e3 * times[repeats / 2];
    result->peak_gflops = after > before ? after : before;
    result->peak_rss_mib = (double)usage_now.ru_maxrss / 1024;
    item->release(state);
    return DAT_OK;
}

static void print_result(const bench_result *r, bool json, bool first)
{
    double gflops = r->gflop / (r->ms * 1e-3), utilisation = gflops / r->peak_gflops;
    if (json)
        printf("%s\n  {\"name\": \"%s\", \"threads\": %d, \"ms\": %.4f, \"gflop\": %.6f, \"gflops\": %.3f, "
               "\"sgemm_peak_gflops\": %.3f, \"utilisation\": %.4f, \"peak_rss_mib\": %.1f, \"allocations\": "
               "%" PRId64 "}",
               first ? "" : ",", r->name, r->threads, r->ms, r->gflop, gflops, r->peak_gflops, utilisation,
               r->peak_rss_mib, r->allocations);
    else
        printf("%-36s %7d %9.2f %8.2f %9.1f %11.1f %11.1f%% %9.1f %7" PRId64 "\n", r->name, r->threads, r->ms,
               r->gflop, gflops, r->peak_gflops, 100 * utilisation, r->peak_rss_mib, r->allocations);
    fflush(stdout);
}

static int parse_options(int argc, char **argv, options *o)
{
    static const struct option flags[] = {
        {"threads", required_argument, NULL, 't'}, {"filter", required_argument, NULL, 'f'},
        {"seconds", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {0},
    };
    *o = (options){.threads = (int)sysconf(_SC_NPROCESSORS_ONLN), .filter = "", .seconds = 2};
    for (int flag; (flag = getopt_long(argc, argv, "h", flags, NULL)) != -1;) {
        if (flag == 't')
            o->threads = atoi(optarg);
        else if (flag == 'f')
            o->filter = optarg;
        else if (flag == 's')
            o->seconds = atof(optarg);
        else if (flag == 'j')
            o->json = true;
        else if (flag == 'h') {
            fputs(usage, stdout);
            exit(0);
        } else
            return 2;
    }
    if (optind < argc || o->threads < 1 || !(o->seconds >= 0)) {
        fprintf(stderr, "bench: --threads must be at least 1, --seconds not negative, and there are no other "
                        "arguments; see bench --help\n");
        return 2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    options o;
    int count = 0;
    if (parse_options(argc, argv, &o) != 0)
        return 2;
    dat_parallel_set_threads(o.threads);
    if (o.json)
        printf("[");
    else
        printf("%-36s %7s %9s %8s %9s %11s %12s %9s %7s\n", "case", "threads", "ms", "GFLOP", "GFLOP/s",
               "sgemm peak", "utilisation", "RSS MiB", "allocs");
    for (const bench_case *item = bench_cases; item->name; item++) {
        bench_result result;
        if (!strstr(item->name, o.filter))
            continue;
        dat_status status = measure(item, &o, &result);
        if (status.code != DAT_CODE_OK) {
            fprintf(stderr, "bench: %s: %s\n", item->name, status.message);
            return (int)status.code;
        }
        print_result(&result, o.json, count++ == 0);
    }
    if (o.json)
        printf("\n]\n");
    if (count == 0) {
        fprintf(stderr, "bench: no case contains \"%s\"; run bench without --filter to see all\n", o.filter);
        return 2;
    }
    return 0;
}
