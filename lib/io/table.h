/* One table, written as Markdown to read, CSV to compute with and LaTeX (booktabs, longtable) to print.
 * Readable forms round numbers to the column's decimals and show what is missing as "-"; CSV has full
 * precision (the shortest text that reads back as the same double) and leaves what is missing empty. */
#ifndef DAT_IO_TABLE_H
#define DAT_IO_TABLE_H

#include <stdint.h>

#include "util/status.h"

typedef enum dat_column_kind {
    DAT_COLUMN_TEXT,
    DAT_COLUMN_NUMBER,
    DAT_COLUMN_ESTIMATE, /* "0.881 ± 0.010"; in CSV two columns, `key` and `key`_sem */
} dat_column_kind;

typedef struct dat_column {
    const char *title; /* in Markdown and LaTeX */
    const char *key;   /* in CSV */
    dat_column_kind kind;
    int decimals;
} dat_column;

typedef struct dat_cell {
    char *text;          /* NULL: missing */
    double value, error; /* NAN: missing */
} dat_cell;

typedef struct dat_table {
    const char *title, *note;  /* borrowed; the note may be NULL */
    const dat_column *columns; /* borrowed */
    int n_columns;
    int n_group_columns; /* the first so many columns, all TEXT, are one heading over the rows that share them
                          */
    dat_cell *cells;     /* n_rows * n_columns */
    int64_t n_rows, capacity;
} dat_table;

/* Appends a row with every cell missing. The setters fill cells of the last row. */
void dat_table_add_row(dat_table *table);
void dat_table_set_text(dat_table *table, int column, const char *text);
void dat_table_set_number(dat_table *table, int column, double value);
void dat_table_set_estimate(dat_table *table, int column, double value, double error);

/* Write (and replace) a file. */
dat_status dat_table_write_markdown(const dat_table *table, const char *path);
dat_status dat_table_write_csv(const dat_table *table, const char *path);
dat_status dat_table_write_tex(const dat_table *table, const char *path);

/* Releases the rows; harmless on an empty table. */
void dat_table_free(dat_table *table);

#endif
