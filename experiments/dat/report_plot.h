/* One drawing by gnuplot: data files in a temporary folder and variables for a script of plots/, rendered as
 * SVG and PNG. gnuplot is started directly, without a shell. */
#ifndef DAT_REPORT_PLOT_H
#define DAT_REPORT_PLOT_H

#include <stdio.h>

#include "report.h"

typedef struct report_plot {
    char *folder;    /* temporary; the script knows it as `folder` */
    FILE *variables; /* collects "name = value;" for gnuplot -e ... */
    char *text;      /* ... here */
    size_t size;
} report_plot;

/* Starts a drawing. The caller ends it with report_plot_close; on error there is nothing to end. */
dat_status report_plot_open(report_plot *plot);

/* Sets variables of the script. Text may hold anything; `index` > 0 is appended to the name ("title_2"). */
void report_plot_set_text(report_plot *plot, const char *name, int index, const char *value);
void report_plot_set_number(report_plot *plot, const char *name, int index, double value);

/* Opens a new data file in the folder; the caller ends it with report_plot_data_end. */
dat_status report_plot_data(const report_plot *plot, const char *name, FILE **file);

/* Closes a data file. Fails when it could not be written in full. */
dat_status report_plot_data_end(const report_plot *plot, FILE *file);

/* Runs plots/`script` for <report->plots>/`name`.svg and .png. */
dat_status report_plot_render(report_plot *plot, const dat_report *report, const char *script,
                              const char *name);

/* Removes the folder and releases everything. */
void report_plot_close(report_plot *plot);

#endif
