#include "report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "util/folder.h"

static const struct {
    const char *name;
    report_writer write;
} experiments[] = {
    {"math", report_math},
    {"relational_games", report_relational_games},
    {"language_modeling", report_language_modeling},
    {"image_classification", report_image_classification},
};
enum { N_EXPERIMENTS = sizeof experiments / sizeof *experiments };

/* What is reported from other files than runs. */
static const char bench[] = "bench";

static const char usage[] =
    "usage: dat report [options]\n"
    "Writes tables and figures from the complete run files below the results folder, and from what bench\n"
    "measured (bench/*.json in that folder).\n"
    "  --results DIR      where the run files (*.h5) are (results)\n"
    "  --experiment NAME  only this experiment (all)\n"
    "  --out-tables DIR   where tables go: NAME.md, NAME.csv, NAME.tex (results/tables)\n"
    "  --out-plots DIR    where figures go: NAME.svg, NAME.png (plots)\n"
    "  --reference DIR    the published numbers to compare with (results/reference)\n"
    "  --no-plots         tables only; gnuplot is not needed\n";

static report_writer find_writer(const char *experiment)
{
    for (int i = 0; i < N_EXPERIMENTS; i++)
        if (strcmp(experiments[i].name, experiment) == 0)
            return experiments[i].write;
    return NULL;
}

/* Fills `report` from the command line; `help` when the user asked for it. */
static dat_status parse_options(int argc, char **argv, dat_report *report, bool *help)
{
    enum { RESULTS, EXPERIMENT, TABLES, PLOTS, REFERENCE, NO_PLOTS, HELP };
    static const struct option options[] = {
        {"results", required_argument, NULL, RESULTS},
        {"experiment", required_argument, NULL, EXPERIMENT},
        {"out-tables", required_argument, NULL, TABLES},
        {"out-plots", required_argument, NULL, PLOTS},
        {"reference", required_argument, NULL, REFERENCE},
        {"no-plots", no_argument, NULL, NO_PLOTS},
        {"help", no_argument, NULL, HELP},
        {0},
    };
    const char **texts[] = {&report->results, &report->experiment, &report->tables, &report->plots,
                            &report->reference};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == '?')
            return dat_usage("bad option, see `dat report --help`");
        if (option == NO_PLOTS)
            report->draws = false;
        else if (option == HELP || option == 'h')
            *help = true;
        else
            *texts[option] = optarg;
    }
    if (optind < argc)
        return dat_usage("\"%s\" is not expected, see `dat report --help`", argv[optind]);
    if (report->experiment && strcmp(report->experiment, "all") == 0)
        report->experiment = NULL;
    if (report->experiment && strcmp(report->experiment, bench) != 0 && !find_writer(report->experiment))
        return dat_usage("there is no report for the experiment \"%s\"; `dat report --help`",
                         report->experiment);
    return DAT_OK;
}

/* Reports the runs from `first` on that belong to one experiment and returns the first run after them. */
static dat_status write_experiment(dat_report *report, int64_t first, int64_t *next)
{
    const char *name = report->runs[first].run.experiment;
    for (*next = first; *next < report->n_runs; ++*next)
        if (strcmp(report->runs[*next].run.experiment, name) != 0)
            break;
    if (report->experiment && strcmp(report->experiment, name) != 0)
        return DAT_OK;
    report_writer write = find_writer(name);
    if (!write) {
        report_warn("%d runs of \"%s\" are left out: there is no report for this experiment",
                    (int)(*next - first), name);
        return DAT_OK;
    }
    return write(report, report->runs + first, *next - first);
}

static bool has_runs(const dat_report *report)
{
    for (int64_t i = 0; i < report->n_runs; i++)
        if (!report->experiment || strcmp(report->experiment, report->runs[i].run.experiment) == 0)
            return true;
    return false;
}

static dat_status write_report(dat_report *report)
{
    bool only_bench = report->experiment && strcmp(report->experiment, bench) == 0;
    bool measured = (!report->experiment || only_bench) && report_has_bench(report);
    if (only_bench && !measured)
        return dat_failure("%s/%s: holds no *.json; write one with `bench --json > %s/%s/NAME.json`",
                           report->results, bench, report->results, bench);
    if (!only_bench)
        DAT_TRY(report_read_runs(report));
    if (!has_runs(report) && !measured)
        return dat_failure(
            "%s: holds no complete run%s%s; start one with `dat run`, or name another folder with "
            "--results",
            report->results, report->experiment ? " of " : "", report->experiment ? report->experiment : "");
    DAT_TRY(dat_create_folders(report->tables));
    if (report->draws)
        DAT_TRY(dat_create_folders(report->plots));
    for (int64_t next = 0; next < report->n_runs;)
        DAT_TRY(write_experiment(report, next, &next));
    if (measured)
        DAT_TRY(report_bench(report));
    return report->drawing;
}

int command_report(int argc, char **argv)
{
    dat_report report = {.results = "results",
                         .tables = "results/tables",
                         .plots = "plots",
                         .reference = "results/reference",
                         .draws = true};
    bool help = false;
    dat_status status = parse_options(argc, argv, &report, &help);
    if (status.code == DAT_CODE_OK && help)
        fputs(usage, stdout);
    else if (status.code == DAT_CODE_OK)
        status = write_report(&report);
    report_free_runs(&report);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat report: %s\n", status.message);
    return (int)status.code;
}
