/* A line on a terminal that says how far some work is and how long the rest will take. Other streams get
 * whole lines only, so that a log stays readable. */
#ifndef DAT_UTIL_PROGRESS_H
#define DAT_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

/* Amounts of work in any one unit. */
typedef struct dat_work {
    double total;
    double done;
    double inherited; /* the part of `done` that was there at the start and says nothing about the speed */
} dat_work;

typedef struct dat_progress {
    FILE *stream;               /* borrowed; NULL: nothing is shown at all */
    bool terminal;              /* the stream can redraw a line */
    bool colour;                /* and NO_COLOR is not set */
    bool drawn;                 /* the line is on the screen */
    double started, last_drawn; /* dat_seconds() */
} dat_progress;

enum { DAT_DURATION_SIZE = 32, DAT_PROGRESS_MAX_WIDTH = 250 };

/* Seconds on a clock that never jumps; only differences mean something. */
double dat_seconds(void);

/* "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; "?" for a negative duration and for NAN. */
void dat_format_duration(double seconds, char text[DAT_DURATION_SIZE]);

/* Seconds that the rest takes at the speed since the start, `elapsed` seconds ago; NAN while nothing is
 * known. */
double dat_work_remaining(const dat_work *work, double elapsed);

/* Begins a display on `stream`, or a silent one when it is NULL. */
void dat_progress_start(dat_progress *progress, FILE *stream);

/* Redraws the line of a terminal, at most ten times a second: bar, percent, `text` (ASCII), time left. */
void dat_progress_draw(dat_progress *progress, const dat_work *work, const char *text);

/* Prints a whole line, above the redrawn one. */
void dat_progress_print(dat_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the line off the screen. */
void dat_progress_clear(dat_progress *progress);

/* The redrawn line for a terminal of `width` columns; never longer than width - 1. The bar gives way to the
 * text. `bar_length` is the number of characters at the start that are the bar. */
void dat_progress_format(const dat_work *work, const char *text, double elapsed, int width,
                         char line[DAT_PROGRESS_MAX_WIDTH], int *bar_length);

#endif
