#include "report_plot.h"

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/memory.h"

extern char **environ;

dat_status report_plot_open(report_plot *plot)
{
    *plot = (report_plot){0};
    const char *temporary = getenv("TMPDIR");
    plot->folder = report_format("%s/dat-report-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(plot->folder)) {
        dat_status status =
            dat_failure("%s: a temporary folder cannot be made: %s", plot->folder, strerror(errno));
        free(plot->folder);
        return status;
    }
    plot->variables = open_memstream(&plot->text, &plot->size);
    DAT_ASSERT(plot->variables);
    report_plot_set_text(plot, "folder", 0, plot->folder);
    return DAT_OK;
}

static void print_name(report_plot *plot, const char *name, int index)
{
    fputs(name, plot->variables);
    if (index > 0)
        fprintf(plot->variables, "_%d", index);
    fputs(" = ", plot->variables);
}

/* Nothing is special between single quotes but the quote, which is doubled, and the end of the line. */
void report_plot_set_text(report_plot *plot, const char *name, int index, const char *value)
{
    print_name(plot, name, index);
    fputc('\'', plot->variables);
    for (; *value != '\0'; value++) {
        if (*value == '\'')
            fputc('\'', plot->variables);
        fputc((unsigned char)*value < ' ' ? ' ' : *value, plot->variables);
    }
    fputs("'; ", plot->variables);
}

void report_plot_set_number(report_plot *plot, const char *name, int index, double value)
{
    print_name(plot, name, index);
    fprintf(plot->variables, "%.17g; ", value);
}

dat_status report_plot_data(const report_plot *plot, const char *name, FILE **file)
{
    char *path = report_format("%s/%s", plot->folder, name);
    *file = fopen(path, "wb");
    dat_status status = *file ? DAT_OK : dat_failure("%s: cannot be written: %s", path, strerror(errno));
    free(path);
    return status;
}

dat_status report_plot_data_end(const report_plot *plot, FILE *file)
{
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? dat_failure("%s: the data of a figure cannot be written (disk full?)", plot->folder)
                  : DAT_OK;
}

/* The script in the current folder's plots/, else in the source tree whose build made this program
 * (<root>/<build>/bin/dat); the caller frees the path. */
static dat_status find_script(const char *script, char **path)
{
    *path = report_format("plots/%s", script);
    if (access(*path, R_OK) == 0)
        return DAT_OK;
    free(*path);
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    for (int level = 0; level < 3; level++) {
        char *slash = strrchr(program, '/');
        if (slash)
            *slash = '\0';
    }
    *path = report_format("%s/plots/%s", program, script);
    if (access(*path, R_OK) == 0)
        return DAT_OK;
    free(*path);
    *path = NULL;
    return dat_failure(
        "plots/%s is neither in this folder nor in the program's source tree; run `dat report` in the "
        "project's folder, or with --no-plots",
        script);
}

static dat_status run_gnuplot(const char *variables, const char *script, const char *output)
{
    char gnuplot[] = "gnuplot", expression[] = "-e";
    char *text = dat_copy_string(variables), *file = dat_copy_string(script);
    char *arguments[] = {gnuplot, expression, text, file, NULL};
    pid_t child;
    int outcome = 0;
    int error = posix_spawnp(&child, "gnuplot", NULL, NULL, arguments, environ);
    free(text);
    free(file);
    if (error == ENOENT)
        return dat_failure(
            "gnuplot is not installed (not found in PATH), so no figures were drawn; install it "
            "(Debian, Ubuntu: apt install gnuplot-nox) or use --no-plots");
    if (error != 0)
        return dat_failure("gnuplot cannot be started: %s", strerror(error));
    while (waitpid(child, &outcome, 0) < 0)
        if (errno != EINTR)
            return dat_failure("gnuplot cannot be waited for: %s", strerror(errno));
    if (!WIFEXITED(outcome) || WEXITSTATUS(outcome) != 0)
        return dat_failure("%s: gnuplot failed with %s; its message is above", output, script);
    return DAT_OK;
}

static dat_status render_format(const report_plot *plot, const char *script, const char *output,
                                const char *format)
{
    report_plot last = {0};
    last.variables = open_memstream(&last.text, &last.size);
    DAT_ASSERT(last.variables);
    fputs(plot->text, last.variables);
    report_plot_set_text(&last, "output", 0, output);
    report_plot_set_text(&last, "format", 0, format);
    fclose(last.variables);
    dat_status status = run_gnuplot(last.text, script, output);
    free(last.text);
    if (status.code == DAT_CODE_OK)
        report_wrote(output);
    return status;
}

dat_status report_plot_render(report_plot *plot, const dat_report *report, const char *script,
                              const char *name)
{
    static const char *const formats[] = {"svg", "png"};
    char *path = NULL;
    fflush(plot->variables);
    fflush(stdout); /* gnuplot writes to the same terminal */
    dat_status status = find_script(script, &path);
    for (int i = 0; i < 2 && status.code == DAT_CODE_OK; i++) {
        char *output = report_format("%s/%s.%s", report->plots, name, formats[i]);
        status = render_format(plot, path, output, formats[i]);
        free(output);
    }
    free(path);
    return status;
}

void report_plot_close(report_plot *plot)
{
    DIR *folder = opendir(plot->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char *path = report_format("%s/%s", plot->folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
        free(path);
    }
    if (folder)
        closedir(folder);
    rmdir(plot->folder);
    fclose(plot->variables);
    free(plot->text);
    free(plot->folder);
    *plot = (report_plot){0};
}
