#include "train/sweep_worker.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/parallel.h"
#include "util/progress.h"

_Static_assert(sizeof(dat_worker_message) <= PIPE_BUF, "a message must be written in one piece");

static const double seconds_between_messages = 0.1;

/* --- in the worker --- */

typedef struct messenger {
    int pipe;
    double last_sent;
} messenger;

static bool send_message(int pipe, const dat_worker_message *message)
{
    ssize_t written;
    do
        written = write(pipe, message, sizeof *message);
    while (written < 0 && errno == EINTR);
    return written == (ssize_t)sizeof *message;
}

static void send_progress(void *sink, const dat_train_progress *progress)
{
    messenger *m = sink;
    double now = dat_seconds();
    bool last = progress->step == progress->total_steps;
    if (!last && now - m->last_sent < seconds_between_messages)
        return;
    m->last_sent = now;
    dat_worker_message message = {.step = progress->step, .total_steps = progress->total_steps};
    if (!send_message(m->pipe, &message))
        raise(SIGTERM); /* the parent is gone: save and end */
}

static _Noreturn void work(const dat_worker_plan *plan, int pipe)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    dat_parallel_set_threads(plan->threads);
    messenger m = {.pipe = pipe, .last_sent = -INFINITY};
    dat_run_control control = {.stop = plan->stop, .report = send_progress, .sink = &m};
    dat_worker_message message = {.ended = true};
    message.status = dat_task_train(&plan->task, &control, plan->wait, &message.result);
    send_message(pipe, &message);
    _exit(message.status.code);
}

/* --- in the parent --- */

dat_status dat_worker_start(const dat_worker_plan *plan, const dat_worker *others, int n_others,
                            dat_worker *worker)
{
    int ends[2];
    if (pipe(ends) != 0)
        return dat_failure("cannot make a pipe: %s", strerror(errno));
    fflush(NULL); /* or the worker would print what is buffered once more */
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < n_others; i++)
            close(others[i].pipe);
        close(ends[0]);
        work(plan, ends[1]);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return dat_failure("cannot start a process: %s", strerror(error));
    }
    *worker = (dat_worker){.pid = pid, .pipe = ends[0], .run = plan->run};
    return DAT_OK;
}

bool dat_worker_receive(const dat_worker *worker, dat_worker_message *message)
{
    ssize_t got;
    do
        got = read(worker->pipe, message, sizeof *message);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *message;
}

dat_status dat_worker_finish(const dat_worker *worker)
{
    int status = 0;
    close(worker->pipe);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        return dat_failure("crashed by signal %d (%s)%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                           WTERMSIG(status) == SIGKILL ? ", perhaps for lack of memory" : "");
    return DAT_OK;
}
