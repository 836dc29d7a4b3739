#include "util/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ERASE_LINE "\r\033[K"
#define GREEN      "\033[32m"
#define PLAIN      "\033[0m"

enum { DEFAULT_WIDTH = 80, LONGEST_BAR = 32, SHORTEST_BAR = 8 };

static const double seconds_between_draws = 0.1;

double dat_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void dat_format_duration(double seconds, char text[DAT_DURATION_SIZE])
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
    if (!(seconds >= 0) || seconds > 1e9) {
        snprintf(text, DAT_DURATION_SIZE, "?");
        return;
    }
    double rest = round(seconds);
    int unit = 0;
    while (unit < 3 && rest < units[unit].seconds)
        unit++;
    double count = floor(rest / units[unit].seconds);
    double smaller = unit < 3 ? floor((rest - count * units[unit].seconds) / units[unit + 1].seconds) : 0;
    int length = snprintf(text, DAT_DURATION_SIZE, "%.0f %s", count, units[unit].name);
    if (smaller > 0)
        snprintf(text + length, (size_t)(DAT_DURATION_SIZE - length), " %.0f %s", smaller,
                 units[unit + 1].name);
}

double dat_work_remaining(const dat_work *work, double elapsed)
{
    double achieved = work->done - work->inherited;
    return achieved > 0 && elapsed > 0 ? elapsed * (work->total - work->done) / achieved : NAN;
}

void dat_progress_format(const dat_work *work, const char *text, double elapsed, int width,
                         char line[DAT_PROGRESS_MAX_WIDTH], int *bar_length)
{
    double fraction = work->total > 0 ? fmin(fmax(work->done / work->total, 0), 1) : 0;
    double remaining = dat_work_remaining(work, elapsed);
    char duration[DAT_DURATION_SIZE], tail[DAT_PROGRESS_MAX_WIDTH];
    dat_format_duration(remaining, duration);
    int tail_length = snprintf(tail, sizeof tail, "%3.0f%%  %.150s%s%s%s", floor(100 * fraction), text,
                               isnan(remaining) ? "" : "  ", isnan(remaining) ? "" : duration,
                               isnan(remaining) ? "" : " left");

    int limit = (width < DAT_PROGRESS_MAX_WIDTH ? width : DAT_PROGRESS_MAX_WIDTH) - 1;
    int bar = limit - tail_length - 1;
    bar = bar > LONGEST_BAR ? LONGEST_BAR : bar;
    *bar_length = bar >= SHORTEST_BAR ? bar : 0;
    line[0] = '\0';
    if (*bar_length > 0) {
        int filled = (int)(fraction * (bar - 2));
        line[0] = '[';
        memset(line + 1, '=', (size_t)filled);
        memset(line + 1 + filled, ' ', (size_t)(bar - 2 - filled));
        line[bar - 1] = ']';
        line[bar] = ' ';
        line[bar + 1] = '\0';
    }
    size_t used = strlen(line);
    if (limit > 0)
        snprintf(line + used, (size_t)limit + 1 - used, "%s", tail);
}

static int terminal_width(FILE *stream)
{
    struct winsize size;
    bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : DEFAULT_WIDTH;
}

void dat_progress_start(dat_progress *progress, FILE *stream)
{
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    bool dumb = terminal && strcmp(terminal, "dumb") == 0;
    *progress = (dat_progress){.stream = stream, .started = dat_seconds(), .last_drawn = -INFINITY};
    progress->terminal = stream && isatty(fileno(stream)) && !dumb;
    progress->colour = progress->terminal && !(no_colour && *no_colour);
}

void dat_progress_draw(dat_progress *progress, const dat_work *work, const char *text)
{
    double now = progress->terminal ? dat_seconds() : 0;
    if (!progress->terminal || now - progress->last_drawn < seconds_between_draws)
        return;
    char line[DAT_PROGRESS_MAX_WIDTH];
    int bar;
    dat_progress_format(work, text, now - progress->started, terminal_width(progress->stream), line, &bar);
    fprintf(progress->stream, ERASE_LINE "%s%.*s%s%s", progress->colour ? GREEN : "", bar, line,
            progress->colour ? PLAIN : "", line + bar);
    fflush(progress->stream);
    progress->last_drawn = now;
    progress->drawn = true;
}

void dat_progress_clear(dat_progress *progress)
{
    if (!progress->drawn)
        return;
    fputs(ERASE_LINE, progress->stream);
    fflush(progress->stream);
    progress->drawn = false;
}

void dat_progress_print(dat_progress *progress, const char *format, ...)
{
    if (!progress->stream)
        return;
    dat_progress_clear(progress);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(progress->stream, format, arguments);
    va_end(arguments);
    fputc('\n', progress->stream);
    fflush(progress->stream);
    progress->last_drawn = -INFINITY; /* so that the redrawn line comes back at once */
}
