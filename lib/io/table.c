#include "io/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

enum { CELL_SIZE = 512 };

/* How a readable format spells things. */
typedef struct table_spelling {
    const char *special;                   /* characters that need escaping ... */
    const char *(*escape)(char character); /* ... and how */
    const char *plus_minus;
} table_spelling;

void dat_table_add_row(dat_table *table)
{
    if (table->n_rows == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->cells =
            dat_reallocate(table->cells, (size_t)(table->capacity * table->n_columns), sizeof *table->cells);
    }
    for (int i = 0; i < table->n_columns; i++)
        table->cells[table->n_rows * table->n_columns + i] = (dat_cell){.value = NAN, .error = NAN};
    table->n_rows++;
}

static dat_cell *last_row_cell(dat_table *table, int column)
{
    DAT_ASSERT(table->n_rows > 0 && column >= 0 && column < table->n_columns);
    return &table->cells[(table->n_rows - 1) * table->n_columns + column];
}

void dat_table_set_text(dat_table *table, int column, const char *text)
{
    DAT_ASSERT(table->columns[column].kind == DAT_COLUMN_TEXT);
    dat_cell *cell = last_row_cell(table, column);
    free(cell->text);
    cell->text = dat_copy_string(text);
}

void dat_table_set_number(dat_table *table, int column, double value)
{
    DAT_ASSERT(table->columns[column].kind == DAT_COLUMN_NUMBER);
    last_row_cell(table, column)->value = value;
}

void dat_table_set_estimate(dat_table *table, int column, double value, double error)
{
    DAT_ASSERT(table->columns[column].kind == DAT_COLUMN_ESTIMATE);
    dat_cell *cell = last_row_cell(table, column);
    cell->value = value;
    cell->error = error;
}

void dat_table_free(dat_table *table)
{
    for (int64_t i = 0; i < table->n_rows * table->n_columns; i++)
        free(table->cells[i].text);
    free(table->cells);
    table->cells = NULL;
    table->n_rows = table->capacity = 0;
}

static const dat_cell *cell_at(const dat_table *table, int64_t row, int column)
{
    return &table->cells[row * table->n_columns + column];
}

static bool starts_group(const dat_table *table, int64_t row)
{
    if (row == 0)
        return true;
    for (int i = 0; i < table->n_group_columns; i++) {
        const char *text = cell_at(table, row, i)->text, *before = cell_at(table, row - 1, i)->text;
        if (strcmp(text ? text : "", before ? before : "") != 0)
            return true;
    }
    return false;
}

/* Appends `source` to a cell's text, escaped; what does not fit is cut. */
static void append_escaped(const table_spelling *spelling, const char *source, char text[CELL_SIZE])
{
    size_t used = strlen(text);
    for (; *source != '\0'; source++) {
        char one[2] = {*source, '\0'};
        const char *piece = strchr(spelling->special, *source) ? spelling->escape(*source) : one;
        size_t size = strlen(piece);
        if (used + size >= CELL_SIZE)
            return;
        memcpy(text + used, piece, size + 1);
        used += size;
    }
}

/* A rounded number; what rounds to zero has no sign. */
static void format_rounded(double value, int decimals, char text[CELL_SIZE])
{
    snprintf(text, CELL_SIZE, "%.*f", decimals, value);
    if (text[0] == '-' && strspn(text, "-0.") == strlen(text))
        memmove(text, text + 1, strlen(text));
}

static void format_cell(const dat_column *column, const dat_cell *cell, const table_spelling *spelling,
                        char text[CELL_SIZE])
{
    text[0] = '\0';
    if (column->kind == DAT_COLUMN_TEXT && cell->text) {
        append_escaped(spelling, cell->text, text);
    } else if (column->kind == DAT_COLUMN_TEXT || isnan(cell->value)) {
        strcpy(text, "-");
    } else {
        format_rounded(cell->value, column->decimals, text);
        size_t used = strlen(text);
        if (column->kind == DAT_COLUMN_ESTIMATE && !isnan(cell->error))
            snprintf(text + used, CELL_SIZE - used, "%s%.*f", spelling->plus_minus, column->decimals,
                     cell->error);
    }
}

/* The heading of a group: its cells that are there, separated by commas. */
static void format_heading(const dat_table *table, int64_t row, const table_spelling *spelling,
                           char text[CELL_SIZE])
{
    text[0] = '\0';
    for (int i = 0; i < table->n_group_columns; i++) {
        const char *part = cell_at(table, row, i)->text;
        if (part && text[0] != '\0')
            append_escaped(spelling, ", ", text);
        if (part)
            append_escaped(spelling, part, text);
    }
}

static dat_status open_file(const char *path, FILE **file)
{
    *file = fopen(path, "wb");
    return *file ? DAT_OK : dat_failure("%s: cannot be written: %s", path, strerror(errno));
}

static dat_status close_file(const char *path, FILE *file)
{
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? dat_failure("%s: writing failed (disk full?): %s", path, strerror(errno)) : DAT_OK;
}

static const char *escape_markdown(char character)
{
    switch (character) {
    case '|':
        return "\\|";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    default:
        return " "; /* a line break would end the row */
    }
}

static const table_spelling markdown_spelling = {"|*_\n\r", escape_markdown, " ± "};

/* Characters of UTF-8 text, which is what aligns in an editor. */
static int display_width(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static int column_width(const dat_table *table, int column)
{
    char text[CELL_SIZE];
    int width = display_width(table->columns[column].title);
    for (int64_t row = 0; row < table->n_rows; row++) {
        format_cell(&table->columns[column], cell_at(table, row, column), &markdown_spelling, text);
        int cell_width = display_width(text);
        width = cell_width > width ? cell_width : width;
    }
    return width < 3 ? 3 : width;
}

static void print_padded(FILE *file, const dat_column *column, int width, const char *text)
{
    int padding = width - display_width(text);
    if (column->kind == DAT_COLUMN_TEXT)
        fprintf(file, " %s%*s |", text, padding, "");
    else
        fprintf(file, " %*s%s |", padding, "", text);
}

static void print_markdown_head(FILE *file, const dat_table *table, const int *widths)
{
    fputs("|", file);
    for (int i = table->n_group_columns; i < table->n_columns; i++)
        print_padded(file, &table->columns[i], widths[i], table->columns[i].title);
    fputs("\n|", file);
    for (int i = table->n_group_columns; i < table->n_columns; i++) {
        bool left = table->columns[i].kind == DAT_COLUMN_TEXT;
        fputs(left ? " :" : " ", file);
        for (int dash = 1; dash < widths[i]; dash++)
            fputc('-', file);
        fputs(left ? " |" : ": |", file);
    }
    fputc('\n', file);
}

dat_status dat_table_write_markdown(const dat_table *table, const char *path)
{
    FILE *file;
    DAT_TRY(open_file(path, &file));
    int *widths = dat_allocate((size_t)table->n_columns, sizeof *widths);
    for (int i = 0; i < table->n_columns; i++)
        widths[i] = column_width(table, i);
    fprintf(file, "# %s\n", table->title);
    if (table->note)
        fprintf(file, "\n%s\n", table->note);
    char text[CELL_SIZE];
    for (int64_t row = 0; row < table->n_rows; row++) {
        if (starts_group(table, row)) {
            format_heading(table, row, &markdown_spelling, text);
            if (table->n_group_columns > 0)
                fprintf(file, "\n## %s\n", text);
            fputc('\n', file);
            print_markdown_head(file, table, widths);
        }
        fputc('|', file);
        for (int i = table->n_group_columns; i < table->n_columns; i++) {
            format_cell(&table->columns[i], cell_at(table, row, i), &markdown_spelling, text);
            print_padded(file, &table->columns[i], widths[i], text);
        }
        fputc('\n', file);
    }
    free(widths);
    return close_file(path, file);
}

static void print_csv_text(FILE *file, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, file);
    }
    fputc('"', file);
}

static void print_csv_number(FILE *file, double value)
{
    if (isnan(value))
        return;
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, file);
}

dat_status dat_table_write_csv(const dat_table *table, const char *path)
{
    FILE *file;
    DAT_TRY(open_file(path, &file));
    for (int i = 0; i < table->n_columns; i++) {
        const dat_column *column = &table->columns[i];
        fprintf(file, "%s%s", i > 0 ? "," : "", column->key);
        if (column->kind == DAT_COLUMN_ESTIMATE)
            fprintf(file, ",%s_sem", column->key);
    }
    fputc('\n', file);
    for (int64_t row = 0; row < table->n_rows; row++) {
        for (int i = 0; i < table->n_columns; i++) {
            const dat_cell *cell = cell_at(table, row, i);
            if (i > 0)
                fputc(',', file);
            if (cell->text)
                print_csv_text(file, cell->text);
            print_csv_number(file, cell->value);
            if (table->columns[i].kind == DAT_COLUMN_ESTIMATE) {
                fputc(',', file);
                print_csv_number(file, cell->error);
            }
        }
        fputc('\n', file);
    }
    return close_file(path, file);
}

static const char *escape_tex(char character)
{
    switch (character) {
    case '\\':
        return "\\textbackslash{}";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    case '&':
        return "\\&";
    case '%':
        return "\\%";
    case '$':
        return "\\$";
    case '#':
        return "\\#";
    case '_':
        return "\\_";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    default:
        return " ";
    }
}

static const table_spelling tex_spelling = {"\\~^&%$#_{}\n\r", escape_tex, " $\\pm$ "};

static void print_tex_head(FILE *file, const dat_table *table)
{
    char text[CELL_SIZE];
    fputs("% Needs \\usepackage{booktabs,longtable}.\n\\begin{longtable}{", file);
    for (int i = table->n_group_columns; i < table->n_columns; i++)
        fputc(table->columns[i].kind == DAT_COLUMN_TEXT ? 'l' : 'r', file);
    text[0] = '\0';
    append_escaped(&tex_spelling, table->title, text);
    fprintf(file, "}\n\\caption{%s}\\\\\n\\toprule\n", text);
    for (int i = table->n_group_columns; i < table->n_columns; i++) {
        text[0] = '\0';
        append_escaped(&tex_spelling, table->columns[i].title, text);
        fprintf(file, "%s%s", i > table->n_group_columns ? " & " : "", text);
    }
    fputs(" \\\\\n\\endhead\n\\bottomrule\n\\endfoot\n", file);
}

dat_status dat_table_write_tex(const dat_table *table, const char *path)
{
    FILE *file;
    DAT_TRY(open_file(path, &file));
    print_tex_head(file, table);
    char text[CELL_SIZE];
    for (int64_t row = 0; row < table->n_rows; row++) {
        if (starts_group(table, row)) {
            fputs("\\midrule\n", file);
            format_heading(table, row, &tex_spelling, text);
            if (table->n_group_columns > 0)
                fprintf(file, "\\multicolumn{%d}{l}{\\emph{%s}} \\\\*\n",
                        table->n_columns - table->n_group_columns, text);
        }
        for (int i = table->n_group_columns; i < table->n_columns; i++) {
            format_cell(&table->columns[i], cell_at(table, row, i), &tex_spelling, text);
            fprintf(file, "%s%s", i > table->n_group_columns ? " & " : "", text);
        }
        fputs(" \\\\\n", file);
    }
    fputs("\\end{longtable}\n", file);
    return close_file(path, file);
}
