#include "train/experiment_run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "train/environment.h"
#include "train/experiment_lock.h"
#include "util/memory.h"

char *dat_task_path(const dat_task *task)
{
    size_t size = strlen(task->results) + strlen(task->experiment->name) + strlen(task->run->run_id) + 6;
    char *path = dat_allocate(size, 1);
    snprintf(path, size, "%s/%s/%s.h5", task->results, task->experiment->name, task->run->run_id);
    return path;
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Reads what is there of a task's run; `stored` is empty unless it is unfinished or complete. */
static dat_status load_stored(const dat_task *task, const char *path, bool with_checkpoint, dat_run *stored,
                              dat_presence *presence)
{
    *stored = (dat_run){.experiment = ""};
    *presence = DAT_PRESENCE_MISSING;
    if (is_missing(path))
        return DAT_OK;
    *presence = DAT_PRESENCE_BLOCKED;
    dat_status status = dat_run_load(path, with_checkpoint, stored);
    if (status.code != DAT_CODE_OK)
        return dat_failure("unreadable run file in the way, delete it or move it away: %.400s",
                           status.message);
    const char *config = stored->config_resolved;
    bool same = strcmp(stored->experiment, task->experiment->name) == 0 && config &&
                strcmp(config, task->run->resolved) == 0;
    if (!same)
        status = dat_failure("%.300s holds another run than %s; delete it or move it away", path,
                             task->run->run_id);
    else if (stored->state == DAT_RUN_FAILED)
        status = dat_failure("%.300s holds a run that failed; delete it or move it away to try again", path);
    else
        *presence = stored->state == DAT_RUN_COMPLETE ? DAT_PRESENCE_COMPLETE : DAT_PRESENCE_UNFINISHED;
    if (status.code != DAT_CODE_OK)
        dat_run_free(stored);
    return status;
}

/* Lists the summary's numbers of one kind, as many as fit behind the `used` characters of the text. */
static size_t list_quality(const dat_run *run, const char *kind, size_t used, char text[DAT_ACCURACIES_SIZE])
{
    size_t length = strlen(kind);
    bool first = true;
    for (int i = 0; i < run->n_summary; i++) {
        const dat_fact *fact = &run->summary[i];
        if (strncmp(fact->name, kind, length) != 0 || fact->name[length] != '/' ||
            used + DAT_RUN_NAME_SIZE + 32 >= DAT_ACCURACIES_SIZE)
            continue;
        used += (size_t)snprintf(text + used, DAT_ACCURACIES_SIZE - used, "%s%s%s%s %.4f", used ? ", " : "",
                                 first ? kind : "", first ? " " : "", fact->name + length + 1, fact->number);
        first = false;
    }
    return used;
}

/* "accuracy validation 0.912, hexos 0.971", the perplexities of language models, and the share of the time
 * that steps waited. */
static void list_accuracies(const dat_run *run, char text[DAT_ACCURACIES_SIZE])
{
    text[0] = '\0';
    size_t used = list_quality(run, "perplexity", list_quality(run, "accuracy", 0, text), text);
    double waited = dat_run_summary(run, DAT_WAITED_SHARE);
    if (!isnan(waited))
        snprintf(text + used, DAT_ACCURACIES_SIZE - used, "%swaited for data %.1f%%", used ? ", " : "",
                 100 * waited);
}

dat_status dat_task_look(const dat_task *task, dat_presence *presence, char accuracies[DAT_ACCURACIES_SIZE])
{
    dat_run stored;
    char *path = dat_task_path(task);
    dat_status status = load_stored(task, path, false, &stored, presence);
    accuracies[0] = '\0';
    if (*presence == DAT_PRESENCE_COMPLETE)
        list_accuracies(&stored, accuracies);
    dat_run_free(&stored);
    free(path);
    return status;
}

static void begin_record(const dat_task *task, dat_run *run)
{
    snprintf(run->experiment, sizeof run->experiment, "%s", task->experiment->name);
    snprintf(run->run_id, sizeof run->run_id, "%s", task->run->run_id);
    run->config_resolved = dat_copy_string(task->run->resolved);
    run->config_source = dat_copy_string(task->config->source);
    run->config_path = dat_copy_string(task->config->path);
    run->config_overrides = dat_copy_string(task->overrides);
}

/* Trains with the lock held; another process may have completed the run just before. */
static dat_status train_locked(const dat_task *task, const char *path, const dat_run_control *control,
                               dat_task_result *result)
{
    dat_run run;
    dat_presence presence;
    DAT_TRY(load_stored(task, path, true, &run, &presence));
    dat_status status = DAT_OK;
    result->ending = DAT_ENDING_ALREADY_COMPLETE;
    if (presence != DAT_PRESENCE_COMPLETE) {
        if (presence == DAT_PRESENCE_MISSING)
            begin_record(task, &run);
        dat_record_environment(&run);
        dat_run_control complete_control = *control;
        complete_control.path = path;
        status = task->experiment->run(task->run->values, &run, &complete_control);
        result->ending = run.state == DAT_RUN_COMPLETE ? DAT_ENDING_COMPLETE : DAT_ENDING_STOPPED;
    }
    if (run.state == DAT_RUN_COMPLETE)
        list_accuracies(&run, result->accuracies);
    dat_run_free(&run);
    return status;
}

/* Takes the lock; with `wait` keeps trying until it is free or `stop` is set. */
static dat_status take_lock(const char *path, bool wait, const volatile sig_atomic_t *stop,
                            dat_run_lock *lock, bool *busy)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    for (;;) {
        DAT_TRY(dat_run_lock_take(path, lock, busy));
        if (!*busy || !wait || *stop)
            return DAT_OK;
        nanosleep(&pause, NULL);
    }
}

dat_status dat_task_train(const dat_task *task, const dat_run_control *control, bool wait,
                          dat_task_result *result)
{
    dat_presence presence;
    dat_run_lock lock;
    bool busy = false;
    *result = (dat_task_result){.ending = DAT_ENDING_ALREADY_COMPLETE};
    DAT_TRY(dat_task_look(task, &presence, result->accuracies)); /* complete runs need no right to write */
    if (presence == DAT_PRESENCE_COMPLETE)
        return DAT_OK;

    char *path = dat_task_path(task);
    dat_status status = take_lock(path, wait, control->stop, &lock, &busy);
    if (busy)
        result->ending = DAT_ENDING_BUSY;
    if (status.code == DAT_CODE_OK && !busy) {
        status = train_locked(task, path, control, result);
        dat_run_lock_release(&lock);
    }
    free(path);
    return status;
}
