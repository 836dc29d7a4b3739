/* bench: how fast training runs, as a share of what this machine's own matrix multiply reaches. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "util/arguments.h"

typedef struct options {
    int64_t threads;
    const char *filter;
    double seconds;
    bool json, help;
} options;

static const char usage[] =
    "usage: bench [--threads N] [--filter TEXT] [--seconds S] [--json]\n"
    "Measures training steps, evaluations, single ops and the scaling of relational attention beside this\n"
    "machine's own matrix multiply.\n"
    "  --threads N    threads to use (default: all cores)\n"
    "  --filter TEXT  only cases whose name contains TEXT\n"
    "  --seconds S    least time to measure a case for (default: 2)\n"
    "  --json         one JSON array instead of the table\n"
    "  --help         this text\n"
    "\n"
    "A case has a process of its own and is measured in rounds, because only neighbours in time compare on "
    "a\n"
    "machine whose speed drifts: sgemm (1024 x 1024 x 1024 on the same threads, median of 5), then the case\n"
    "again and again for at least 0.2 s, and so on for at least five rounds and S seconds, with a last "
    "sgemm.\n"
    "A round's time is the median of its repeats, its peak the faster sgemm of those before and after it.\n"
    "All columns but the last two are those of the round with the median utilisation: model FLOPs\n"
    "(multiply-adds of matrix products and attention, twice) over time and peak. Memory-bound cases have "
    "GB/s\n"
    "instead: bytes that must move over time. RSS is the most memory that the case needed, allocs are the\n"
    "heap allocations of its last repeat.\n"
    "\n"
    "Exit status: 0 done, 1 a case failed, 2 bad flags.\n";

static dat_status read_seconds(const char *text, double *seconds)
{
    const double most = 3600;
    char *end;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds >= 0 && *seconds <= most
               ? DAT_OK
               : dat_usage("--seconds needs a number from 0 to %g, not \"%.40s\"", most, text);
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    enum { THREADS = DAT_ARGUMENT_FIRST, FILTER, SECONDS, JSON };
    static const struct option flags[] = {
        {"threads", required_argument, NULL, THREADS},
        {"filter", required_argument, NULL, FILTER},
        {"seconds", required_argument, NULL, SECONDS},
        {"json", no_argument, NULL, JSON},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *o = (options){.threads = sysconf(_SC_NPROCESSORS_ONLN), .filter = "", .seconds = 2};
    opterr = 0;
    for (int flag; (flag = getopt_long(argc, argv, ":h", flags, NULL)) != -1;) {
        if (flag == '?' || flag == ':')
            return dat_argument_refused(argv, flag);
        if (flag == THREADS)
            DAT_TRY(dat_argument_integer("--threads", optarg, 1, 1024, &o->threads));
        else if (flag == FILTER)
            o->filter = optarg;
        else if (flag == SECONDS)
            DAT_TRY(read_seconds(optarg, &o->seconds));
        else if (flag == JSON)
            o->json = true;
        else
            o->help = true;
    }
    return optind == argc ? DAT_OK : dat_usage("\"%.80s\" is not expected", argv[optind]);
}

static void print_header(void)
{
    printf("%-52s %7s %9s %8s %9s %11s %12s %7s %8s %7s\n", "case", "threads", "ms", "GFLOP", "GFLOP/s",
           "sgemm peak", "utilisation", "GB/s", "RSS MiB", "allocs");
}

static void print_row(const char *name, int64_t threads, const bench_result *r)
{
    printf("%-52s %7" PRId64 " %9.3f %8.3f %9.1f %11.1f %11.1f%% %7.1f %8.1f %7" PRId64 "\n", name, threads,
           r->ms, r->gflop, r->gflops, r->sgemm_peak_gflops, 100 * r->utilisation, r->gbytes_per_second,
           r->peak_rss_mib, r->allocations);
}

static void print_json(const char *name, int64_t threads, const bench_result *r)
{
    printf("  {\"name\": \"%s\", \"threads\": %" PRId64 ", \"ms\": %.9g, \"gflop\": %.9g, \"gflops\": %.9g, "
           "\"sgemm_peak_gflops\": %.9g, \"utilisation\": %.9g, \"gbytes_per_second\": %.9g, "
           "\"peak_rss_mib\": %.9g, \"allocations\": %" PRId64 "}",
           name, threads, r->ms, r->gflop, r->gflops, r->sgemm_peak_gflops, r->utilisation,
           r->gbytes_per_second, r->peak_rss_mib, r->allocations);
}

typedef struct tally {
    int64_t measured, failed;
} tally;

/* A case that fails is named on stderr; the others are measured all the same. */
static void measure_family(const bench_case *item, const options *o, tally *count)
{
    for (; item->name; item++) {
        bench_result result;
        if (!strstr(item->name, o->filter))
            continue;
        dat_status status = bench_measure(item, (int)o->threads, o->seconds, &result);
        if (status.code != DAT_CODE_OK) {
            fprintf(stderr, "bench: %s: %s\n", item->name, status.message);
            count->failed++;
            continue;
        }
        if (o->json) {
            printf("%s", count->measured > 0 ? ",\n" : "\n");
            print_json(item->name, o->threads, &result);
        } else {
            print_row(item->name, o->threads, &result);
        }
        fflush(stdout);
        count->measured++;
    }
}

static int measure_all(const options *o)
{
    tally count = {0};
    if (o->json)
        printf("[");
    else
        print_header();
    for (int i = 0; bench_families[i]; i++)
        measure_family(bench_families[i], o, &count);
    if (o->json)
        printf("\n]\n");
    if (count.measured + count.failed == 0) {
        fprintf(stderr, "bench: no case contains \"%s\"; run bench without --filter to see all\n", o->filter);
        return 2;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("bench: standard output");
        return 1;
    }
    return count.failed > 0;
}

int main(int argc, char **argv)
{
    options o;
    dat_status status = parse_options(argc, argv, &o);
    if (status.code != DAT_CODE_OK) {
        fprintf(stderr, "bench: %s; see bench --help\n", status.message);
        return (int)status.code;
    }
    if (o.help) {
        fputs(usage, stdout);
        return 0;
    }
    return measure_all(&o);
}
