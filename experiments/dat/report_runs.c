/* Finds and reads run files, and the small services of report.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report.h"
#include "util/memory.h"

void report_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("dat report: warning: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void report_wrote(const char *path)
{
    printf("wrote %s\n", path);
}

char *report_format(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    DAT_ASSERT(size >= 0);
    char *text = dat_allocate((size_t)size + 1, 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

bool report_is_file_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-", *c))
            return false;
    return *name != '\0' && strlen(name) < 128;
}

static const char *state_words(dat_run_state state)
{
    return state == DAT_RUN_RUNNING ? "is not finished" : "failed";
}

static void add_run(dat_report *report, const char *path)
{
    report_run run = {0};
    dat_status status = dat_run_load(path, false, &run.run);
    if (status.code != DAT_CODE_OK) {
        report_warn("%s is left out: %s", path, status.message);
        return;
    }
    if (run.run.state != DAT_RUN_COMPLETE) {
        report_warn("%s is left out: the run %s", path, state_words(run.run.state));
        goto refused;
    }
    status = run.run.config_resolved ? dat_resolved_parse(run.run.config_resolved, &run.config)
                                     : dat_failure("it records no resolved config");
    if (status.code != DAT_CODE_OK) {
        report_warn("%s is left out: %s", path, status.message);
        goto refused;
    }
    run.path = dat_copy_string(path);
    if (report->n_runs == report->capacity) {
        report->capacity = report->capacity ? 2 * report->capacity : 64;
        report->runs = dat_reallocate(report->runs, (size_t)report->capacity, sizeof *report->runs);
    }
    report->runs[report->n_runs++] = run;
    return;
refused:
    dat_run_free(&run.run);
}

static bool is_run_file(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".h5") == 0;
}

/* Hidden entries are other programs' business; linked folders below the root could form a loop. */
static dat_status scan_folder(dat_report *report, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    if (n < 0)
        return dat_failure("%s: the folder cannot be read: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char *path = report_format("%s/%s", folder, name);
        struct stat info;
        if (name[0] == '.' || lstat(path, &info) != 0) {
            free(path);
            free(entries[i]);
            continue;
        }
        if (S_ISDIR(info.st_mode)) {
            dat_status status = scan_folder(report, path);
            if (status.code != DAT_CODE_OK)
                report_warn("%s", status.message);
        } else if (is_run_file(name)) {
            add_run(report, path);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return DAT_OK;
}

static int compare_runs(const void *a, const void *b)
{
    const report_run *x = a, *y = b;
    int order = strcmp(x->run.experiment, y->run.experiment);
    if (order == 0)
        order = strcmp(x->run.config_resolved, y->run.config_resolved);
    return order ? order : strcmp(x->path, y->path);
}

static void free_run(report_run *run)
{
    free(run->path);
    dat_run_free(&run->run);
    dat_resolved_free(&run->config);
}

/* A run file that was copied must not count as one more trial: equal configs, seed included, are one run. */
static void drop_copies(dat_report *report)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < report->n_runs; i++) {
        report_run *run = &report->runs[i], *last = kept > 0 ? &report->runs[kept - 1] : NULL;
        if (last && strcmp(last->run.experiment, run->run.experiment) == 0 &&
            strcmp(last->run.config_resolved, run->run.config_resolved) == 0) {
            report_warn("%s is left out: it is the same run (config and seed) as %s", run->path, last->path);
            free_run(run);
        } else {
            report->runs[kept++] = *run;
        }
    }
    report->n_runs = kept;
}

dat_status report_read_runs(dat_report *report)
{
    DAT_TRY(scan_folder(report, report->results));
    if (report->n_runs > 0)
        qsort(report->runs, (size_t)report->n_runs, sizeof *report->runs, compare_runs);
    drop_copies(report);
    return DAT_OK;
}

void report_free_runs(dat_report *report)
{
    for (int64_t i = 0; i < report->n_runs; i++)
        free_run(&report->runs[i]);
    free(report->runs);
    report->runs = NULL;
    report->n_runs = report->capacity = 0;
}
