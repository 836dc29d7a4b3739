/* The progress display, on a pseudo terminal, in a file and as pure text. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/progress.h"

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0 s"},        {0.4, "0 s"},        {59.4, "59 s"},  {59.6, "1 min"},
        {61, "1 min 1 s"}, {200, "3 min 20 s"}, {3599.7, "1 h"}, {7500, "2 h 5 min"},
        {86400, "1 d"},    {273600, "3 d 4 h"}, {-1, "?"},       {NAN, "?"},
        {INFINITY, "?"},   {3600, "1 h"},       {3630, "1 h"},   {1e300, "?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[DAT_DURATION_SIZE];
        dat_format_duration(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_remaining_time_leaves_out_inherited_work(void **state)
{
    (void)state;
    assert_true(dat_work_remaining(&(dat_work){.total = 100, .done = 25}, 10) == 30);
    /* 50 units were there before; 10 s were spent on 25 units, so the last 25 take as long */
    assert_true(dat_work_remaining(&(dat_work){.total = 100, .done = 75, .inherited = 50}, 10) == 10);
    assert_true(dat_work_remaining(&(dat_work){.total = 100, .done = 100}, 10) == 0);
    assert_true(isnan(dat_work_remaining(&(dat_work){.total = 100}, 10)));
    assert_true(isnan(dat_work_remaining(&(dat_work){.total = 100, .done = 50, .inherited = 50}, 10)));
}

static void test_line(void **state)
{
    (void)state;
    char line[DAT_PROGRESS_MAX_WIDTH];
    int bar;
    dat_progress_format(&(dat_work){.total = 4, .done = 2}, "epoch 1/2", 10, 80, line, &bar);
    assert_string_equal(line, "[===============               ]  50%  epoch 1/2  10 s left");
    assert_int_equal(bar, 32);
    dat_progress_format(&(dat_work){.total = 4, .done = 4}, "x", 10, 30, line, &bar);
    assert_string_equal(line, "[=========] 100%  x  0 s left");
    dat_progress_format(&(dat_work){.total = 0}, "waiting", 10, 80, line, &bar);
    assert_string_equal(line, "[                              ]   0%  waiting");
    dat_progress_format(&(dat_work){.total = 4, .done = 2}, "epoch 1/2", 10, 20, line, &bar);
    assert_string_equal(line, " 50%  epoch 1/2  10");
    assert_int_equal(bar, 0);
}

static void test_line_fits_every_width(void **state)
{
    (void)state;
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    for (int width = 0; width < 400; width++)
        for (size_t length = 0; length <= 300; length += 30) {
            char line[DAT_PROGRESS_MAX_WIDTH];
            int bar;
            dat_progress_format(&(dat_work){.total = 3, .done = 1}, text + 300 - length, 1e5, width, line,
                                &bar);
            size_t limit = width > 0 ? (size_t)width - 1 : 0;
            assert_true(strlen(line) <= limit && strlen(line) < DAT_PROGRESS_MAX_WIDTH);
            assert_true((size_t)bar <= strlen(line));
            assert_true(bar == 0 || (line[0] == '[' && line[bar - 1] == ']'));
        }
}

/* A terminal of `columns` columns: `screen` is what one sees, `stream` what a program writes to. */
typedef struct terminal {
    int screen;
    FILE *stream;
} terminal;

static terminal open_terminal(unsigned short columns)
{
    terminal t = {.screen = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(t.screen >= 0 && grantpt(t.screen) == 0 && unlockpt(t.screen) == 0);
    int other = open(ptsname(t.screen), O_RDWR | O_NOCTTY);
    assert_true(other >= 0);
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(ioctl(other, TIOCSWINSZ, &size), 0);
    t.stream = fdopen(other, "w");
    assert_non_null(t.stream);
    return t;
}

/* What has been written so far; a mark makes sure that it is not read too early. */
static void read_screen(terminal *t, char *text, size_t size)
{
    size_t length = 0;
    fputc('\1', t->stream);
    fflush(t->stream);
    while (length == 0 || text[length - 1] != '\1') {
        ssize_t got = read(t->screen, text + length, size - length);
        assert_true(got > 0);
        length += (size_t)got;
    }
    text[length - 1] = '\0';
}

static void close_terminal(terminal *t)
{
    fclose(t->stream);
    close(t->screen);
}

static void test_terminal(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    terminal t = open_terminal(40);
    char screen[4096];
    dat_progress progress;
    dat_work work = {.total = 2, .done = 1};
    dat_progress_start(&progress, t.stream);
    assert_true(progress.terminal);
    dat_progress_draw(&progress, &work, "first");
    dat_progress_draw(&progress, &work, "second"); /* too soon */
    dat_progress_print(&progress, "a %s", "line");
    dat_progress_draw(&progress, &work, "third"); /* a printed line brings it back at once */
    dat_progress_clear(&progress);
    dat_progress_clear(&progress);
    read_screen(&t, screen, sizeof screen);
    assert_string_equal(screen, "\r\033[K\033[32m[=======        ]\033[0m  50%  first  0 s left"
                                "\r\033[Ka line\r\n"
                                "\r\033[K\033[32m[=======        ]\033[0m  50%  third  0 s left"
                                "\r\033[K");
    close_terminal(&t);
}

static void test_terminal_is_redrawn_ten_times_a_second(void **state)
{
    (void)state;
    terminal t = open_terminal(40);
    char screen[65536];
    dat_progress progress;
    dat_progress_start(&progress, t.stream);
    double start = dat_seconds(), elapsed = 0;
    while ((elapsed = dat_seconds() - start) < 0.35)
        dat_progress_draw(&progress, &(dat_work){.total = 2, .done = 1}, "x");
    read_screen(&t, screen, sizeof screen);
    int draws = 0;
    for (const char *place = screen; (place = strchr(place, '\r')) != NULL; place++)
        draws++;
    assert_true(draws >= 2 && draws <= 1 + (int)(elapsed / 0.1));
    close_terminal(&t);
}

static void test_no_color_and_dumb_terminals(void **state)
{
    (void)state;
    char screen[4096];
    dat_progress progress;
    terminal t = open_terminal(40);
    setenv("NO_COLOR", "1", 1);
    dat_progress_start(&progress, t.stream);
    dat_progress_draw(&progress, &(dat_work){.total = 2}, "x");
    read_screen(&t, screen, sizeof screen);
    assert_string_equal(screen, "\r\033[K[                             ]   0%  x");
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    dat_progress_start(&progress, t.stream);
    assert_false(progress.terminal);
    setenv("TERM", "xterm", 1);
    close_terminal(&t);
}

static void test_files_get_lines_only(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    dat_progress progress;
    FILE *stream = tmpfile();
    assert_non_null(stream);
    dat_progress_start(&progress, stream);
    dat_progress_draw(&progress, &(dat_work){.total = 2, .done = 1}, "x");
    dat_progress_print(&progress, "line %d", 1);
    dat_progress_clear(&progress);
    rewind(stream);
    assert_int_equal(getline(&text, &size, stream), 7);
    assert_string_equal(text, "line 1\n");
    assert_int_equal(getline(&text, &size, stream), -1);
    free(text);
    fclose(stream);
}

static void test_silence(void **state)
{
    (void)state;
    dat_progress progress;
    dat_progress_start(&progress, NULL);
    dat_progress_draw(&progress, &(dat_work){.total = 2, .done = 1}, "x");
    dat_progress_print(&progress, "line");
    dat_progress_clear(&progress);
    assert_false(progress.terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_remaining_time_leaves_out_inherited_work),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_line_fits_every_width),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_terminal_is_redrawn_ten_times_a_second),
        cmocka_unit_test(test_no_color_and_dumb_terminals),
        cmocka_unit_test(test_files_get_lines_only),
        cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
