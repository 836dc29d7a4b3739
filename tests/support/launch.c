#include "support/launch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/memory.h"
#include "util/status.h"

void launch_pause(int milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* argv as main gets it: an array and strings that may be changed. */
static int copy_arguments(const char *const *argv, char *copy[LAUNCH_MOST_ARGUMENTS])
{
    int argc = 0;
    for (; argv[argc]; argc++) {
        DAT_ASSERT(argc < LAUNCH_MOST_ARGUMENTS - 1);
        copy[argc] = dat_copy_string(argv[argc]);
    }
    copy[argc] = NULL;
    return argc;
}

static _Noreturn void be_program(const char *const *argv)
{
    char *arguments[LAUNCH_MOST_ARGUMENTS];
    copy_arguments(argv, arguments);
    execv(arguments[0], arguments);
    fprintf(stderr, "cannot start %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static _Noreturn void be_function(int (*main)(int argc, char **argv), const char *const *argv)
{
    char *arguments[LAUNCH_MOST_ARGUMENTS];
    int argc = copy_arguments(argv, arguments);
    exit(main(argc, arguments));
}

static launch start(int (*main)(int argc, char **argv), const char *const *argv, void (*prepare)(void))
{
    launch process = {.out = tmpfile(), .err = tmpfile()};
    DAT_ASSERT(process.out && process.err);
    fflush(NULL);
    process.pid = fork();
    DAT_ASSERT(process.pid >= 0);
    if (process.pid > 0)
        return process;
    /* cmocka catches crashes to go on with the next test, and background jobs of some shells ignore SIGINT.
     */
    static const int signals[] = {SIGINT, SIGTERM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    dup2(fileno(process.out), STDOUT_FILENO);
    dup2(fileno(process.err), STDERR_FILENO);
    if (prepare)
        prepare();
    if (main)
        be_function(main, argv);
    be_program(argv);
}

launch launch_program(const char *const *argv, void (*prepare)(void))
{
    return start(NULL, argv, prepare);
}

launch launch_function(int (*main)(int argc, char **argv), const char *const *argv, void (*prepare)(void))
{
    return start(main, argv, prepare);
}

static void read_all(FILE *stream, char text[LAUNCH_OUTPUT_SIZE])
{
    rewind(stream);
    size_t length = fread(text, 1, LAUNCH_OUTPUT_SIZE - 1, stream);
    text[length] = '\0';
    fclose(stream);
}

launch_end *launch_wait(launch *process)
{
    int status = 0;
    launch_end *end = dat_allocate(1, sizeof *end);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        ;
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    read_all(process->out, end->out);
    read_all(process->err, end->err);
    return end;
}

launch_end *launch_expect(const char *const *argv, void (*prepare)(void), int status, const char *part)
{
    launch process = launch_program(argv, prepare);
    launch_end *end = launch_wait(&process);
    if (end->status != status || (!strstr(end->out, part) && !strstr(end->err, part)))
        fail_msg("status %d, expected %d and '%s' in:\n%s%s", end->status, status, part, end->out, end->err);
    return end;
}

bool launch_wait_for_file(const char *path, long size)
{
    for (int i = 0; i < 1000; i++) {
        struct stat info;
        if (stat(path, &info) == 0 && info.st_size >= size)
            return true;
        launch_pause(10);
    }
    return false;
}
