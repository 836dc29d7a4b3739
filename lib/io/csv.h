/* A small strict reader of CSV: one header line with distinct names, then rows with as many cells as the
 * header. Cells may be quoted ("T(2, d=144)", "" for a quote inside); line breaks inside cells, ragged rows
 * and stray quotes are refused. */
#ifndef DAT_IO_CSV_H
#define DAT_IO_CSV_H

#include <stdint.h>

#include "util/status.h"

typedef struct dat_csv {
    char *path;
    char *text;         /* the file; header and cells point into it */
    const char **cells; /* (n_rows + 1) * n_columns, the header first */
    int64_t n_columns, n_rows;
} dat_csv;

/* Reads a file of at most 64 MiB. Errors say file:line. The caller releases `csv` with dat_csv_free; on error
 * it is empty. */
dat_status dat_csv_read(const char *path, dat_csv *csv);

/* The index of the column with this name; an error that lists the columns when there is none. */
dat_status dat_csv_column(const dat_csv *csv, const char *name, int64_t *column);

/* The text of a cell; `row` 0 is the first below the header. Valid until dat_csv_free. */
const char *dat_csv_text(const dat_csv *csv, int64_t row, int64_t column);

/* A cell that must be a finite number, or an integer. */
dat_status dat_csv_number(const dat_csv *csv, int64_t row, int64_t column, double *number);
dat_status dat_csv_integer(const dat_csv *csv, int64_t row, int64_t column, int64_t *integer);

/* Releases everything; harmless on an empty one. */
void dat_csv_free(dat_csv *csv);

#endif
