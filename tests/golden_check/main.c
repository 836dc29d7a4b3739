/* check_golden [--verbose] FILE...: checks the library against files of reference data; a folder is a
 * checkpoint with expected.h5 in it. One line per file, then the totals. Exit status 0 when nothing failed, 1
 * when something did, 2 for wrong usage or an unreadable file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "golden_check/hub.h"
#include "golden_check/module.h"
#include "util/folder.h"
#include "util/memory.h"
#include "util/parallel.h"

/* Address space of one step; far more than any reference case touches. */
static const size_t MEMORY_LIMIT = (size_t)1 << 30;

enum { PASSED, FAILED, SKIPPED, N_RESULTS };

static int print_result(const char *path, const golden_run *run)
{
    const golden_report *report = &run->report;
    if (run->verdict.outcome == GOLDEN_UNSUPPORTED) {
        printf("SKIP %s: %s\n", path, run->verdict.text);
        return SKIPPED;
    }
    if (run->verdict.outcome == GOLDEN_WRONG) {
        printf("FAIL %s: %s\n", path, run->verdict.text);
        return FAILED;
    }
    if (report->compared == 0) {
        printf("FAIL %s: nothing to compare\n", path);
        return FAILED;
    }
    printf("%s %s: %" PRId64 " tensors, worst error %.2e (allowed %.0e) at %s\n",
           report->failed ? "FAIL" : "PASS", path, report->compared, report->worst_error,
           report->worst_tolerance, report->worst_name);
    return report->failed ? FAILED : PASSED;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Checks one file or folder. Returns its result, or -1 (and says so on stderr) when it cannot be read. */
static int check_file(const char *path, bool verbose)
{
    golden_file file;
    bool folder = is_folder(path);
    char *file_path = folder ? dat_path_in(path, "expected.h5") : dat_copy_string(path);
    dat_status status = golden_file_read(&file, file_path);
    golden_run run = {.file = &file, .batch = -1, .report = {.verbose = verbose}};
    int result = -1;
    if (status.code == DAT_CODE_OK)
        status = dat_tape_init(&run.tape, MEMORY_LIMIT);
    if (status.code == DAT_CODE_OK) {
        if (folder)
            golden_check_hub(&run, path);
        else
            golden_check(&run);
        result = print_result(path, &run);
    } else {
        fprintf(stderr, "check_golden: %s\n", status.message);
    }
    dat_tape_free(&run.tape);
    dat_params_free(&run.params);
    golden_file_free(&file);
    free(file_path);
    return result;
}

int main(int argc, char **argv)
{
    int first = 1;
    bool verbose = argc > 1 && strcmp(argv[1], "--verbose") == 0;
    first += verbose;
    if (first >= argc || argv[first][0] == '-') {
        fprintf(stderr, "usage: check_golden [--verbose] FILE...\n");
        return 2;
    }
    dat_parallel_set_threads(1); /* the cases are tiny */
    int counts[N_RESULTS] = {0};
    bool unreadable = false;
    for (int i = first; i < argc; i++) {
        int result = check_file(argv[i], verbose);
        unreadable |= result < 0;
        counts[result < 0 ? FAILED : result]++;
    }
    printf("%d passed, %d failed, %d skipped\n", counts[PASSED], counts[FAILED], counts[SKIPPED]);
    if (unreadable)
        return 2;
    return counts[FAILED] > 0 ? 1 : 0;
}
