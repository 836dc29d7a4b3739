#include "io/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

static const int64_t MAX_BYTES = (int64_t)64 << 20;

/* The reader's place in the text. Cells are unquoted in place, which only ever shortens them. */
typedef struct csv_reader {
    dat_csv *csv;
    char *next;
    int64_t line;
    int64_t n_cells, capacity;
} csv_reader;

static dat_status read_text(const char *path, char **text)
{
    dat_status status = DAT_OK;
    FILE *file = fopen(path, "rb");
    if (!file)
        return dat_failure("%s: cannot be opened: %s", path, strerror(errno));
    size_t size = 0, capacity = 1 << 16;
    char *bytes = dat_allocate(capacity, 1);
    size_t got;
    while ((got = fread(bytes + size, 1, capacity - size - 1, file)) > 0) {
        size += got;
        if ((int64_t)size > MAX_BYTES) {
            status = dat_failure("%s: is larger than the 64 MiB expected of a CSV file", path);
            goto done;
        }
        if (size + 1 == capacity)
            bytes = dat_reallocate(bytes, capacity *= 2, 1);
    }
    if (ferror(file))
        status = dat_failure("%s: cannot be read: %s", path, strerror(errno));
    else if (memchr(bytes, '\0', size))
        status = dat_failure("%s: holds a zero byte, expected CSV text", path);
done:
    fclose(file);
    bytes[size] = '\0';
    if (status.code == DAT_CODE_OK)
        *text = bytes;
    else
        free(bytes);
    return status;
}

static void add_cell(csv_reader *reader, const char *cell)
{
    if (reader->n_cells == reader->capacity) {
        reader->capacity = reader->capacity ? 2 * reader->capacity : 256;
        reader->csv->cells =
            dat_reallocate(reader->csv->cells, (size_t)reader->capacity, sizeof *reader->csv->cells);
    }
    reader->csv->cells[reader->n_cells++] = cell;
}

/* Reads the quoted cell whose opening quote is at reader->next, up to and including the closing one. */
static dat_status read_quoted(csv_reader *reader, char **end)
{
    char *from = reader->next + 1, *to = from;
    add_cell(reader, from);
    for (;; from++) {
        if (*from == '\0' || *from == '\n')
            return dat_failure("%s:%" PRId64 ": a quoted cell does not end on its line", reader->csv->path,
                               reader->line);
        if (*from == '"' && *++from != '"')
            break;
        *to++ = *from;
    }
    *end = to;
    reader->next = from;
    return DAT_OK;
}

static dat_status read_cell(csv_reader *reader, bool *last_of_line)
{
    char *end = NULL;
    if (*reader->next == '"') {
        DAT_TRY(read_quoted(reader, &end));
    } else {
        add_cell(reader, reader->next);
        reader->next += strcspn(reader->next, ",\"\r\n");
        end = reader->next;
    }
    if (*reader->next == '\r' && reader->next[1] == '\n')
        reader->next++;
    char separator = *reader->next;
    if (separator != ',' && separator != '\n' && separator != '\0')
        return dat_failure(
            "%s:%" PRId64 ": stray %s in cell %" PRId64 "; quote the whole cell and double quotes inside",
            reader->csv->path, reader->line, separator == '"' ? "quote" : "character", reader->n_cells);
    reader->next += separator != '\0';
    *end = '\0';
    *last_of_line = separator != ',';
    return DAT_OK;
}

static dat_status read_line(csv_reader *reader)
{
    int64_t first = reader->n_cells;
    bool last = false;
    reader->line++;
    while (!last)
        DAT_TRY(read_cell(reader, &last));
    int64_t count = reader->n_cells - first;
    if (first == 0)
        reader->csv->n_columns = count;
    else if (count != reader->csv->n_columns)
        return dat_failure("%s:%" PRId64 ": %" PRId64 " cells, the header has %" PRId64, reader->csv->path,
                           reader->line, count, reader->csv->n_columns);
    return DAT_OK;
}

static dat_status check_header(const dat_csv *csv)
{
    for (int64_t i = 0; i < csv->n_columns; i++) {
        if (csv->cells[i][0] == '\0')
            return dat_failure("%s:1: column %" PRId64 " has no name", csv->path, i + 1);
        for (int64_t j = 0; j < i; j++)
            if (strcmp(csv->cells[i], csv->cells[j]) == 0)
                return dat_failure("%s:1: two columns are named \"%s\"", csv->path, csv->cells[i]);
    }
    return DAT_OK;
}

static dat_status parse(dat_csv *csv)
{
    csv_reader reader = {.csv = csv, .next = csv->text};
    if (*reader.next == '\0')
        return dat_failure("%s: is empty, expected a header line", csv->path);
    while (*reader.next != '\0')
        DAT_TRY(read_line(&reader));
    csv->n_rows = reader.n_cells / csv->n_columns - 1;
    return check_header(csv);
}

dat_status dat_csv_read(const char *path, dat_csv *csv)
{
    *csv = (dat_csv){.path = dat_copy_string(path)};
    dat_status status = read_text(path, &csv->text);
    if (status.code == DAT_CODE_OK)
        status = parse(csv);
    if (status.code != DAT_CODE_OK)
        dat_csv_free(csv);
    return status;
}

dat_status dat_csv_column(const dat_csv *csv, const char *name, int64_t *column)
{
    char names[256] = "";
    for (int64_t i = 0; i < csv->n_columns; i++) {
        if (strcmp(csv->cells[i], name) == 0) {
            *column = i;
            return DAT_OK;
        }
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", csv->cells[i]);
    }
    return dat_failure("%s: has no column \"%s\", only %s", csv->path, name, names);
}

const char *dat_csv_text(const dat_csv *csv, int64_t row, int64_t column)
{
    DAT_ASSERT(row >= 0 && row < csv->n_rows && column >= 0 && column < csv->n_columns);
    return csv->cells[(row + 1) * csv->n_columns + column];
}

static dat_status bad_cell(const dat_csv *csv, int64_t row, int64_t column, const char *expected)
{
    return dat_failure("%s:%" PRId64 ": %s is \"%s\", expected %s", csv->path, row + 2, csv->cells[column],
                       dat_csv_text(csv, row, column), expected);
}

/* strtod and strtoll skip leading blanks, which a strict cell does not have. */
static bool starts_number(const char *text)
{
    return *text != '\0' && strchr("+-.0123456789", *text) != NULL;
}

dat_status dat_csv_number(const dat_csv *csv, int64_t row, int64_t column, double *number)
{
    const char *text = dat_csv_text(csv, row, column);
    char *end;
    double value = strtod(text, &end);
    if (!starts_number(text) || *end != '\0' || !isfinite(value))
        return bad_cell(csv, row, column, "a number");
    *number = value;
    return DAT_OK;
}

dat_status dat_csv_integer(const dat_csv *csv, int64_t row, int64_t column, int64_t *integer)
{
    const char *text = dat_csv_text(csv, row, column);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!starts_number(text) || end == text || *end != '\0' || errno != 0)
        return bad_cell(csv, row, column, "an integer");
    *integer = value;
    return DAT_OK;
}

void dat_csv_free(dat_csv *csv)
{
    free(csv->path);
    free(csv->text);
    free(csv->cells);
    *csv = (dat_csv){0};
}
