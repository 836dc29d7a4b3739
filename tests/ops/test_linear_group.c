/* A group of linear maps against sums in double, with and without gradients: few rows go one weight at a
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "support/close.h"
#include "support/random_values.h"

enum { COUNT = 3, IN = 70, MOST_ROWS = 40, WIDTH = 5 + 130 + 1 };
static const int64_t widths[COUNT] = {5, 130, 1};

/* The inputs of a group whose second map has no bias. */
typedef struct group {
    dat_real *x, *weights[COUNT], *biases[COUNT];
} group;

static group make_group(void)
{
    group g = {.x = random_values(MOST_ROWS * IN, 1)};
    for (int i = 0; i < COUNT; i++) {
        g.weights[i] = random_values(widths[i] * IN, 2 + (uint64_t)i);
        g.biases[i] = random_values(widths[i], 12 + (uint64_t)i);
    }
    return g;
}

static void free_group(group *g)
{
    free(g->x);
    for (int i = 0; i < COUNT; i++) {
        free(g->weights[i]);
        free(g->biases[i]);
    }
}

/* Value j of map i for a row. */
static double expected_value(const group *g, int64_t row, int i, int64_t j)
{
    double sum = i == 1 ? 0 : (double)g->biases[i][j];
    for (int64_t k = 0; k < IN; k++)
        sum += (double)g->x[row * IN + k] * (double)g->weights[i][j * IN + k];
    return sum;
}

static void check_rows(dat_tape *tape, const group *g, int64_t rows)
{
    dat_tensor *weights[COUNT], *biases[COUNT];
    dat_tape_begin(tape, 0);
    dat_tensor *x = dat_tape_input(tape, "x", g->x, 2, (int64_t[]){rows, IN});
    for (int i = 0; i < COUNT; i++) {
        weights[i] = dat_tape_variable(tape, "w", g->weights[i], 2, (int64_t[]){widths[i], IN});
        biases[i] = i == 1 ? NULL : dat_tape_variable(tape, "b", g->biases[i], 1, &widths[i]);
    }
    const dat_tensor *out = dat_linear_group(tape, x, COUNT, weights, biases);
    assert_non_null(out);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0, column = 0; i < COUNT; i++)
            for (int64_t j = 0; j < widths[i]; j++, column++)
                assert_close((double)out->data[row * WIDTH + column], expected_value(g, row, (int)i, j),
                             1e-4);
}

static void a_group_is_its_maps(void **state)
{
    (void)state;
    static const int64_t rows[] = {1, 2, 16, 17, MOST_ROWS};
    group g = make_group();
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 24).code, DAT_CODE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int recording = 0; recording < 2; recording++) {
            tape.recording = recording;
            check_rows(&tape, &g, rows[i]);
        }
    dat_tape_free(&tape);
    free_group(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_group_is_its_maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
