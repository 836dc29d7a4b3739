/* The subcommand sweep: trains the runs of a config in processes of their own, several at a time. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "train/environment.h"
#include "train/experiment_signals.h"
#include "train/sweep.h"
#include "train/sweep_worker.h"
#include "util/memory.h"

enum { POLL_MILLISECONDS = 100 };

typedef struct sweep {
    const dat_session *session;
    dat_sweep_table table;
    int64_t n_at_start; /* runs that were complete before */
    dat_worker *workers;
    int n_workers, jobs, threads;
    const volatile sig_atomic_t *stop;
    bool stop_forwarded;
    dat_progress progress;
} sweep;

/* --- what is there --- */

/* A run that is blocked counts as failed, with the reason. */
static void look_for_runs(sweep *s)
{
    for (int64_t i = 0; i < s->table.n_runs; i++) {
        dat_sweep_run *run = &s->table.runs[i];
        dat_presence presence;
        run->status = dat_task_look(&run->task, &presence, run->accuracies);
        if (presence == DAT_PRESENCE_COMPLETE)
            run->state = DAT_SWEEP_COMPLETE;
        else if (presence == DAT_PRESENCE_BLOCKED)
            run->state = DAT_SWEEP_FAILED;
    }
    s->n_at_start = dat_sweep_count(&s->table, DAT_SWEEP_COMPLETE);
}

static int dry_run(const dat_session *session)
{
    static const char *const words[] = {
        [DAT_PRESENCE_MISSING] = "missing",
        [DAT_PRESENCE_UNFINISHED] = "unfinished",
        [DAT_PRESENCE_COMPLETE] = "complete",
        [DAT_PRESENCE_BLOCKED] = "blocked",
    };
    int64_t counts[] = {0, 0, 0, 0};
    dat_sweep_table table = dat_sweep_list(session);
    for (int64_t i = 0; i < table.n_runs; i++) {
        const dat_task *task = &table.runs[i].task;
        dat_presence presence;
        char accuracies[DAT_ACCURACIES_SIZE];
        dat_status status = dat_task_look(task, &presence, accuracies);
        printf("%-10s  %-48s  %s\n", words[presence], task->run->run_id, task->run->label);
        if (status.code != DAT_CODE_OK)
            printf("%-10s  %s\n", "", status.message);
        counts[presence]++;
    }
    printf("%" PRId64 " runs: %" PRId64 " complete, %" PRId64 " unfinished, %" PRId64 " missing, %" PRId64
           " blocked\n",
           table.n_runs, counts[DAT_PRESENCE_COMPLETE], counts[DAT_PRESENCE_UNFINISHED],
           counts[DAT_PRESENCE_MISSING], counts[DAT_PRESENCE_BLOCKED]);
    dat_sweep_table_free(&table);
    return 0;
}

/* --- the display --- */

static void draw(sweep *s)
{
    char text[96];
    int64_t complete = dat_sweep_count(&s->table, DAT_SWEEP_COMPLETE);
    int64_t failed = dat_sweep_count(&s->table, DAT_SWEEP_FAILED);
    int length = snprintf(text, sizeof text, "%" PRId64 "/%" PRId64 " runs complete, %d running", complete,
                          s->table.n_runs, s->n_workers);
    if (failed > 0)
        snprintf(text + length, sizeof text - (size_t)length, ", %" PRId64 " failed", failed);
    dat_work work = dat_sweep_work(&s->table);
    dat_progress_draw(&s->progress, &work, text);
}

static int64_t count_over(const dat_sweep_table *table)
{
    return dat_sweep_count(table, DAT_SWEEP_COMPLETE) + dat_sweep_count(table, DAT_SWEEP_FAILED);
}

/* One line for a run that is over; a terminal gets those of failed runs only. */
static void print_over(sweep *s, const dat_sweep_run *run)
{
    bool failed = run->state == DAT_SWEEP_FAILED;
    if (s->progress.terminal && !failed)
        return;
    const char *outcome = failed ? "failed: " : *run->accuracies ? "complete, " : "complete";
    char elapsed[DAT_DURATION_SIZE], left[DAT_DURATION_SIZE];
    double now = dat_seconds();
    dat_work work = dat_sweep_work(&s->table);
    dat_format_duration(now - run->started, elapsed);
    dat_format_duration(dat_work_remaining(&work, now - s->progress.started), left);
    dat_progress_print(&s->progress, "[%" PRId64 "/%" PRId64 "] %s: %s%s (%s, %s left)",
                       count_over(&s->table), s->table.n_runs, dat_run_title(run->task.run), outcome,
                       failed ? run->status.message : run->accuracies, elapsed, left);
}

/* --- the workers --- */

static void start_run(sweep *s, int64_t index)
{
    dat_sweep_run *run = &s->table.runs[index];
    dat_worker_plan plan = {
        .task = run->task,
        .run = index,
        .threads = s->threads,
        .wait = run->state == DAT_SWEEP_BUSY,
        .stop = s->stop,
    };
    run->started = dat_seconds();
    run->status = dat_worker_start(&plan, s->workers, s->n_workers, &s->workers[s->n_workers]);
    run->state = run->status.code == DAT_CODE_OK ? DAT_SWEEP_RUNNING : DAT_SWEEP_FAILED;
    if (run->state == DAT_SWEEP_RUNNING)
        s->n_workers++;
    else
        print_over(s, run);
}

static void take_progress(dat_sweep_run *run, const dat_worker_message *message)
{
    if (run->total_steps == 0)
        run->first_step = message->step > 0 ? message->step - 1 : 0; /* the first message may follow a step */
    run->step = message->step;
    run->total_steps = message->total_steps;
}

static void take_result(dat_sweep_run *run, const dat_worker_message *message)
{
    static const dat_sweep_state states[] = {
        [DAT_ENDING_COMPLETE] = DAT_SWEEP_COMPLETE,
        [DAT_ENDING_ALREADY_COMPLETE] = DAT_SWEEP_COMPLETE,
        [DAT_ENDING_STOPPED] = DAT_SWEEP_STOPPED,
        [DAT_ENDING_BUSY] = DAT_SWEEP_BUSY,
    };
    run->status = message->status;
    run->state = run->status.code == DAT_CODE_OK ? states[message->result.ending] : DAT_SWEEP_FAILED;
    memcpy(run->accuracies, message->result.accuracies, sizeof run->accuracies);
}

/* The worker has closed its pipe; without a last message it has died. */
static void end_worker(sweep *s, int index)
{
    dat_worker worker = s->workers[index];
    dat_sweep_run *run = &s->table.runs[worker.run];
    s->workers[index] = s->workers[--s->n_workers];
    dat_status death = dat_worker_finish(&worker);
    if (run->state == DAT_SWEEP_RUNNING) {
        run->state = DAT_SWEEP_FAILED;
        run->status = death.code != DAT_CODE_OK ? death : dat_failure("ended without a result");
    }
    if (run->state == DAT_SWEEP_COMPLETE || run->state == DAT_SWEEP_FAILED)
        print_over(s, run);
}

static void listen(sweep *s, int index)
{
    dat_worker_message message;
    dat_sweep_run *run = &s->table.runs[s->workers[index].run];
    if (!dat_worker_receive(&s->workers[index], &message))
        end_worker(s, index);
    else if (message.ended)
        take_result(run, &message);
    else
        take_progress(run, &message);
}

/* Waits a moment for news of the workers. */
static void wait_for_news(sweep *s)
{
    struct pollfd *pipes = dat_allocate((size_t)s->n_workers, sizeof *pipes);
    int n_pipes = s->n_workers;
    for (int i = 0; i < n_pipes; i++)
        pipes[i] = (struct pollfd){.fd = s->workers[i].pipe, .events = POLLIN};
    if (poll(pipes, (nfds_t)n_pipes, POLL_MILLISECONDS) > 0)
        for (int i = n_pipes - 1; i >= 0; i--) /* backwards: a worker that ends is replaced by the last one */
            if (pipes[i].revents)
                listen(s, i);
    free(pipes);
}

static void forward_stop(sweep *s)
{
    for (int i = 0; i < s->n_workers; i++)
        kill(s->workers[i].pid, SIGTERM);
    s->stop_forwarded = true;
    dat_progress_print(&s->progress, "%s: stopping, %d runs save their checkpoints",
                       s->session->experiment->name, s->n_workers);
}

static void train_all(sweep *s)
{
    for (;;) {
        int64_t next = *s->stop ? -1 : dat_sweep_next(&s->table);
        if (next >= 0 && s->n_workers < s->jobs) {
            start_run(s, next);
            continue;
        }
        if (s->n_workers == 0)
            return;
        if (*s->stop && !s->stop_forwarded)
            forward_stop(s);
        wait_for_news(s);
        draw(s);
    }
}

/* --- the end --- */

static void print_failures(const sweep *s)
{
    for (int64_t i = 0; i < s->table.n_runs; i++) {
        const dat_sweep_run *run = &s->table.runs[i];
        if (run->state == DAT_SWEEP_FAILED)
            fprintf(stderr, "  %s: %s\n", run->task.run->run_id, run->status.message);
    }
}

/* Prints the final count and returns the exit status. */
static int summarise(const sweep *s)
{
    const char *program = s->session->experiment->name;
    int64_t n = s->table.n_runs, complete = dat_sweep_count(&s->table, DAT_SWEEP_COMPLETE);
    int64_t failed = dat_sweep_count(&s->table, DAT_SWEEP_FAILED);
    if (complete == n) {
        printf("%" PRId64 " of %" PRId64 " runs complete (%" PRId64 " before), in %s/%s\n", complete, n,
               s->n_at_start, s->session->options.results, program);
        return 0;
    }
    fprintf(stderr, "%s: %" PRId64 " of %" PRId64 " runs complete", program, complete, n);
    if (failed > 0)
        fprintf(stderr, "; %" PRId64 " failed", failed);
    bool unfinished = complete + failed < n;
    if (unfinished)
        fprintf(stderr, "; stopped, run the same command again to continue");
    fprintf(stderr, failed > 0 ? ":\n" : "\n");
    print_failures(s);
    return *s->stop ? DAT_EXIT_STOPPED : DAT_CODE_FAILURE;
}

/* Divides the cores among the runs that are still to be done. */
static void divide_cores(sweep *s)
{
    int cores = dat_count_cores();
    int64_t jobs = s->session->options.jobs ? s->session->options.jobs : cores;
    int64_t waiting = dat_sweep_count(&s->table, DAT_SWEEP_WAITING);
    jobs = jobs < waiting ? jobs : waiting;
    s->jobs = (int)jobs;
    s->threads = jobs > 0 && jobs < cores ? cores / (int)jobs : 1;
    s->workers = dat_allocate((size_t)jobs, sizeof *s->workers);
}

int dat_session_sweep(const dat_session *session)
{
    if (session->options.dry_run)
        return dry_run(session);
    sweep s = {.session = session, .table = dat_sweep_list(session), .stop = dat_watch_stop_signals()};
    look_for_runs(&s);
    divide_cores(&s);
    dat_progress_start(&s.progress, session->options.quiet ? NULL : stderr);
    train_all(&s);
    dat_progress_clear(&s.progress);
    int exit_status = summarise(&s);
    free(s.workers);
    dat_sweep_table_free(&s.table);
    return exit_status;
}
