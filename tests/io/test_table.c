/* One small table in its three forms, to the byte. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/csv.h"
#include "io/table.h"

static const dat_column columns[] = {
    {"task", "task", DAT_COLUMN_TEXT, 0},         {"model", "model", DAT_COLUMN_TEXT, 0},
    {"size", "train_size", DAT_COLUMN_NUMBER, 0}, {"accuracy", "accuracy", DAT_COLUMN_ESTIMATE, 2},
    {"change", "change", DAT_COLUMN_NUMBER, 1},
};
static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dat-test-table-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/table", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static dat_table make_table(void)
{
    dat_table table = {.title = "fig_2", .columns = columns, .n_columns = 5, .n_group_columns = 1};
    dat_table_add_row(&table);
    dat_table_set_text(&table, 0, "same");
    dat_table_set_text(&table, 1, "T(2, \"b\")");
    dat_table_set_number(&table, 2, 250);
    dat_table_set_estimate(&table, 3, 0.8125, 0.1);
    dat_table_set_number(&table, 4, -0.04);
    dat_table_add_row(&table);
    dat_table_set_text(&table, 0, "same");
    dat_table_set_text(&table, 1, "a|b_{%}");
    dat_table_set_estimate(&table, 3, 1.0 / 3, NAN);
    dat_table_add_row(&table);
    dat_table_set_text(&table, 0, "between");
    dat_table_set_number(&table, 2, 12500);
    return table;
}

static void assert_written(const char *expected)
{
    char text[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    assert_string_equal(text, expected);
}

static void markdown_is_grouped_and_aligned(void **state)
{
    (void)state;
    dat_table table = make_table();
    table.note = "A note.";
    assert_int_equal(dat_table_write_markdown(&table, path).code, DAT_CODE_OK);
    assert_written("# fig_2\n"
                   "\n"
                   "A note.\n"
                   "\n"
                   "## same\n"
                   "\n"
                   "| model     |  size |    accuracy | change |\n"
                   "| :-------- | ----: | ----------: | -----: |\n"
                   "| T(2, \"b\") |   250 | 0.81 ± 0.10 |    0.0 |\n"
                   "| a\\|b\\_{%} |     - |        0.33 |      - |\n"
                   "\n"
                   "## between\n"
                   "\n"
                   "| model     |  size |    accuracy | change |\n"
                   "| :-------- | ----: | ----------: | -----: |\n"
                   "| -         | 12500 |           - |      - |\n");
    dat_table_free(&table);
}

static void csv_has_full_precision(void **state)
{
    (void)state;
    dat_table table = make_table();
    assert_int_equal(dat_table_write_csv(&table, path).code, DAT_CODE_OK);
    assert_written("task,model,train_size,accuracy,accuracy_sem,change\n"
                   "same,\"T(2, \"\"b\"\")\",250,0.8125,0.1,-0.04\n"
                   "same,a|b_{%},,0.3333333333333333,,\n"
                   "between,,12500,,,\n");
    dat_csv csv;
    double number;
    assert_int_equal(dat_csv_read(path, &csv).code, DAT_CODE_OK);
    assert_string_equal(dat_csv_text(&csv, 0, 1), "T(2, \"b\")");
    assert_int_equal(dat_csv_number(&csv, 1, 3, &number).code, DAT_CODE_OK);
    assert_true(number == 1.0 / 3);
    dat_csv_free(&csv);
    dat_table_free(&table);
}

static void tex_is_booktabs(void **state)
{
    (void)state;
    dat_table table = make_table();
    assert_int_equal(dat_table_write_tex(&table, path).code, DAT_CODE_OK);
    assert_written("% Needs \\usepackage{booktabs,longtable}.\n"
                   "\\begin{longtable}{lrrr}\n"
                   "\\caption{fig\\_2}\\\\\n"
                   "\\toprule\n"
                   "model & size & accuracy & change \\\\\n"
                   "\\endhead\n"
                   "\\bottomrule\n"
                   "\\endfoot\n"
                   "\\midrule\n"
                   "\\multicolumn{4}{l}{\\emph{same}} \\\\*\n"
                   "T(2, \"b\") & 250 & 0.81 $\\pm$ 0.10 & 0.0 \\\\\n"
                   "a|b\\_\\{\\%\\} & - & 0.33 & - \\\\\n"
                   "\\midrule\n"
                   "\\multicolumn{4}{l}{\\emph{between}} \\\\*\n"
                   "- & 12500 & - & - \\\\\n"
                   "\\end{longtable}\n");
    dat_table_free(&table);
}

static void unwritable_places_are_named(void **state)
{
    (void)state;
    dat_table table = make_table();
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/none/table.md", folder);
    dat_status status = dat_table_write_markdown(&table, nowhere);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, nowhere));
    assert_int_equal(dat_table_write_csv(&table, "/dev/full").code, DAT_CODE_FAILURE);
    dat_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(markdown_is_grouped_and_aligned, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(csv_has_full_precision, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tex_is_booktabs, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(unwritable_places_are_named, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
