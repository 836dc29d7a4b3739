/* The subcommand run: trains one run and shows how far it is. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/environment.h"
#include "train/experiment_session.h"
#include "train/experiment_signals.h"
#include "util/parallel.h"
#include "util/progress.h"

enum { PLAIN_LINES = 10 }; /* of a run whose progress does not go to a terminal */

typedef struct run_display {
    const char *program, *path;
    dat_progress progress;
    dat_work work;
    dat_train_progress last; /* phase is not kept */
    bool reported;
    int plain_lines; /* printed so far */
} run_display;

static void format_progress(const dat_train_progress *p, char *text, size_t size)
{
    int length = snprintf(text, size, "epoch %" PRId64 "/%" PRId64, p->epoch, p->epochs);
    if (strcmp(p->phase, "train") != 0)
        snprintf(text + length, size - (size_t)length, "  %s", p->phase);
    else if (!isnan(p->loss))
        snprintf(text + length, size - (size_t)length, "  loss %.4f  accuracy %.3f  %.0f examples/s", p->loss,
                 p->accuracy, p->samples_per_second);
}

static void show_plainly(run_display *display, const char *text)
{
    int tenths = (int)(PLAIN_LINES * display->work.done / display->work.total);
    if (tenths <= display->plain_lines)
        return;
    display->plain_lines = tenths;
    char left[DAT_DURATION_SIZE];
    dat_format_duration(dat_work_remaining(&display->work, dat_seconds() - display->progress.started), left);
    dat_progress_print(&display->progress, "%s  %s left", text, left);
}

static void show_start(run_display *display, int64_t step)
{
    display->work.inherited =
        step > 0 ? (double)step - 1 : 0; /* the first report may follow the first step */
    display->plain_lines = (int)(PLAIN_LINES * display->work.inherited / display->work.total);
    dat_progress_print(&display->progress, "%s: %s %s", display->program,
                       display->work.inherited > 0 ? "continuing" : "training", display->path);
}

static void show(void *sink, const dat_train_progress *p)
{
    run_display *display = sink;
    display->work.total = (double)p->total_steps;
    display->work.done = (double)p->step;
    if (!display->reported)
        show_start(display, p->step);
    display->reported = true;
    display->last = *p;
    display->last.phase = NULL;

    char text[160];
    format_progress(p, text, sizeof text);
    if (strcmp(p->phase, "train") != 0)
        display->progress.last_drawn = -INFINITY; /* nothing else will come until the evaluation is done */
    if (display->progress.terminal)
        dat_progress_draw(&display->progress, &display->work, text);
    else
        show_plainly(display, text);
}

static void print_stop(const char *program, const dat_train_progress *last)
{
    char where[80] = "before the first step";
    if (last->epochs > 0)
        snprintf(where, sizeof where, "at epoch %" PRId64 " of %" PRId64, last->epoch, last->epochs);
    fprintf(stderr, "%s: stopped %s; run the same command again to continue\n", program, where);
}

static int print_ending(const dat_session *session, const char *path, const dat_task_result *result,
                        const dat_train_progress *last)
{
    const char *program = session->experiment->name;
    switch (result->ending) {
    case DAT_ENDING_COMPLETE:
    case DAT_ENDING_ALREADY_COMPLETE:
        printf("%s: %s\n", result->ending == DAT_ENDING_COMPLETE ? "complete" : "already complete", path);
        if (*result->accuracies)
            printf("%s\n", result->accuracies);
        return 0;
    case DAT_ENDING_STOPPED:
        print_stop(program, last);
        return DAT_EXIT_STOPPED;
    case DAT_ENDING_BUSY:
        fprintf(stderr, "%s: another process is training this run, %s\n", program, path);
        return DAT_CODE_FAILURE;
    }
    return DAT_CODE_FAILURE;
}

/* Whether every run's label has the `length` characters at `word`, a "key=value". */
static bool in_every_label(const dat_config *config, const char *word, size_t length)
{
    for (int64_t i = 0; i < config->n_runs; i++) {
        const char *found = config->runs[i].label;
        while (found && (strncmp(found, word, length) != 0 || (found[length] && found[length] != ' '))) {
            found = strchr(found, ' ');
            found += found ? 1 : 0;
        }
        if (!found)
            return false;
    }
    return true;
}

/* The keys that tell the runs apart, "model.name, seed"; the caller frees them. */
static char *differing_keys(const dat_config *config)
{
    char *keys = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&keys, &size);
    DAT_ASSERT(stream);
    bool first = true;
    const char *label = config->runs[0].label;
    for (const char *word = label; *word; word += strspn(word, " ")) {
        size_t key = strcspn(word, "= "), length = strcspn(word, " ");
        if (word[key] == '=' && !in_every_label(config, word, length)) {
            fprintf(stream, "%s%.*s", first ? "" : ", ", (int)key, word);
            first = false;
        }
        word += length;
    }
    DAT_ASSERT(fclose(stream) == 0);
    return keys;
}

static dat_status require_one_run(const dat_session *session)
{
    const dat_config *config = &session->config;
    if (config->n_runs == 1)
        return DAT_OK;
    char *keys = differing_keys(config);
    dat_status status = dat_usage("%.200s: this config describes %" PRId64
                                  " runs that differ in %.120s; use sweep or choose one with --set",
                                  config->path, config->n_runs, keys);
    free(keys);
    return status;
}

int dat_session_run(const dat_session *session)
{
    dat_status status = require_one_run(session);
    if (status.code != DAT_CODE_OK)
        return dat_session_fail(session, status);
    const dat_options *options = &session->options;
    dat_parallel_set_threads(options->threads ? (int)options->threads : dat_count_cores());

    dat_task task = dat_session_task(session, 0);
    dat_task_result result;
    char *path = dat_task_path(&task);
    run_display display = {.program = session->experiment->name, .path = path};
    dat_run_control control = {.stop = dat_watch_stop_signals(), .report = show, .sink = &display};
    dat_progress_start(&display.progress, options->quiet ? NULL : stderr);
    status = dat_task_train(&task, &control, false, &result);
    dat_progress_clear(&display.progress);
    int exit_status = status.code == DAT_CODE_OK ? print_ending(session, path, &result, &display.last)
                                                 : dat_session_fail(session, status);
    free(path);
    return exit_status;
}
