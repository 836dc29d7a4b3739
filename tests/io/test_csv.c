/* The strict CSV reader: what it accepts, what it refuses and where it says the fault is. */
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

static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dat-test-csv-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static dat_status read_bytes(const char *bytes, size_t size, dat_csv *csv)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return dat_csv_read(path, csv);
}

static void refuses(const char *text, const char *complaint)
{
    dat_csv csv;
    dat_status status = read_bytes(text, strlen(text), &csv);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    if (!strstr(status.message, complaint) || !strstr(status.message, path))
        fail_msg("\"%s\" does not name the file and \"%s\"", status.message, complaint);
    assert_null(csv.cells);
}

static void reads_cells_by_column_name(void **state)
{
    (void)state;
    const char *text = "model,\"train size\",mean\n\"T(2, d=144)\",250,0.5\r\n\"say \"\"hi\"\"\",,-1e-3";
    dat_csv csv;
    assert_int_equal(read_bytes(text, strlen(text), &csv).code, DAT_CODE_OK);
    assert_int_equal(csv.n_columns, 3);
    assert_int_equal(csv.n_rows, 2);
    int64_t model, size, mean, integer;
    double number;
    assert_int_equal(dat_csv_column(&csv, "model", &model).code, DAT_CODE_OK);
    assert_int_equal(dat_csv_column(&csv, "train size", &size).code, DAT_CODE_OK);
    assert_int_equal(dat_csv_column(&csv, "mean", &mean).code, DAT_CODE_OK);
    assert_string_equal(dat_csv_text(&csv, 0, model), "T(2, d=144)");
    assert_string_equal(dat_csv_text(&csv, 1, model), "say \"hi\"");
    assert_string_equal(dat_csv_text(&csv, 1, size), "");
    assert_int_equal(dat_csv_integer(&csv, 0, size, &integer).code, DAT_CODE_OK);
    assert_int_equal(integer, 250);
    assert_int_equal(dat_csv_number(&csv, 1, mean, &number).code, DAT_CODE_OK);
    assert_true(number == -1e-3);
    dat_status status = dat_csv_column(&csv, "median", &mean);
    assert_non_null(strstr(status.message, "model, train size, mean"));
    dat_csv_free(&csv);
}

static void refuses_bad_numbers(void **state)
{
    (void)state;
    const char *text = "a,b,c,d,e\n 1,1x,nan,1e999,1.5\n";
    dat_csv csv;
    assert_int_equal(read_bytes(text, strlen(text), &csv).code, DAT_CODE_OK);
    double number;
    int64_t integer;
    for (int column = 0; column < 4; column++) {
        dat_status status = dat_csv_number(&csv, 0, column, &number);
        assert_int_equal(status.code, DAT_CODE_FAILURE);
        assert_non_null(strstr(status.message, ":2: "));
    }
    assert_int_equal(dat_csv_integer(&csv, 0, 4, &integer).code, DAT_CODE_FAILURE);
    assert_int_equal(dat_csv_integer(&csv, 0, 0, &integer).code, DAT_CODE_FAILURE);
    dat_csv_free(&csv);
}

static void refuses_bad_files(void **state)
{
    (void)state;
    refuses("", "is empty");
    refuses("a,b\n1,2\n3\n", ":3: 1 cells, the header has 2");
    refuses("a,b\n1,2,3\n", ":2: 3 cells, the header has 2");
    refuses("a,b\n1,2\n\n", ":3: 1 cells");
    refuses("a,b\n\"1,2\n", ":2: a quoted cell does not end");
    refuses("a,b\n1\"x\",2\n", ":2: stray quote");
    refuses("a,b\n\"1\"x,2\n", ":2: stray");
    refuses("a,a\n1,2\n", ":1: two columns are named \"a\"");
    refuses("a,\n1,2\n", ":1: column 2 has no name");
    dat_csv csv;
    assert_int_equal(read_bytes("a\n1\0\n", 5, &csv).code, DAT_CODE_FAILURE);
    unlink(path);
    dat_status status = dat_csv_read(path, &csv);
    assert_non_null(strstr(status.message, "cannot be opened"));
}

static void reads_the_shipped_reference(void **state)
{
    (void)state;
    dat_csv csv;
    dat_status status = dat_csv_read(DAT_SOURCE_DIR "/results/reference/relational_games_curves.csv", &csv);
    assert_string_equal(status.message, "");
    assert_int_equal(csv.n_rows, 441); /* 3 splits of 4 tasks with 30 points and one with 27 */
    assert_int_equal(csv.n_columns, 10);
    dat_csv_free(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_cells_by_column_name, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_bad_numbers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_bad_files, make_folder, remove_folder),
        cmocka_unit_test(reads_the_shipped_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
