/* Programs, and functions as if they were programs, in processes of their own with their output kept. */
#ifndef TESTS_SUPPORT_LAUNCH_H
#define TESTS_SUPPORT_LAUNCH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { LAUNCH_OUTPUT_SIZE = 256 * 1024, LAUNCH_MOST_ARGUMENTS = 24 };

/* A running process. */
typedef struct launch {
    pid_t pid;
    FILE *out, *err;
} launch;

/* What it left. */
typedef struct launch_end {
    int status; /* exit status, or -1 after a signal */
    int signal; /* that killed it, or 0 */
    char out[LAUNCH_OUTPUT_SIZE], err[LAUNCH_OUTPUT_SIZE];
} launch_end;

/* Starts a program (argv[0] is its path), or main(argc, argv). `argv` ends with NULL. `prepare` runs in the
 * new process first; NULL for nothing. */
launch launch_program(const char *const *argv, void (*prepare)(void));
launch launch_function(int (*main)(int argc, char **argv), const char *const *argv, void (*prepare)(void));

/* Waits for the end. The caller frees the result. */
launch_end *launch_wait(launch *process);

/* Runs a program to its end and asserts its exit status, and that its output or its errors hold `part`. The
 * caller frees the result. */
launch_end *launch_expect(const char *const *argv, void (*prepare)(void), int status, const char *part);

/* Waits until a file exists and has at least `size` bytes; false after ten seconds. */
bool launch_wait_for_file(const char *path, long size);

/* Sleeps. */
void launch_pause(int milliseconds);

#endif
