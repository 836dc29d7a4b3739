/* The cache of decoding by itself: rows come together over the steps, what is kept is kept, and what does not
 * fit is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nn/decode_cache.h"
#include "support/close.h"

enum { BATCH = 2, CAPACITY = 5 };

typedef struct fixture {
    dat_tape tape;
    dat_decode_cache cache;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    *state = &f;
    if (dat_tape_init(&f.tape, (size_t)1 << 24).code != DAT_CODE_OK ||
        dat_decode_cache_init(&f.cache, CAPACITY, (size_t)1 << 20).code != DAT_CODE_OK)
        return -1;
    f.tape.recording = false;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_decode_cache_free(&f->cache);
    dat_tape_free(&f->tape);
    return 0;
}

static void begin(fixture *f, int64_t count)
{
    dat_tape_begin(&f->tape, 0);
    assert_true(dat_decode_cache_begin(&f->tape, &f->cache, count));
}

/* The middle column of rows whose values are 100 b + 10 (position + 1) + column. */
static dat_columns middle_of_rows(fixture *f, int64_t batch, int64_t first, int64_t count)
{
    enum { WIDTH = 3 };
    static dat_real values[BATCH * CAPACITY * WIDTH];
    for (int64_t b = 0; b < batch; b++)
        for (int64_t i = 0; i < count; i++)
            for (int64_t j = 0; j < WIDTH; j++)
                values[(b * count + i) * WIDTH + j] = (dat_real)(100 * b + 10 * (first + i + 1) + j);
    dat_tensor *t = dat_tape_input(&f->tape, "rows", values, 3, (int64_t[]){batch, count, WIDTH});
    return (dat_columns){t, 1, 1};
}

static void rows_come_together(void **state)
{
    fixture *f = *state;
    begin(f, 2);
    const dat_columns first = dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, BATCH, 0, 2));
    assert_all_close(first.tensor->data, ((dat_real[]){11, 21, 0, 0, 0, 111, 121, 0, 0, 0}), 10, 0);
    dat_decode_cache_end(&f->tape, &f->cache, 2);
    assert_int_equal(f->cache.length, 2);

    begin(f, 1);
    const dat_columns all = dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, BATCH, 2, 1));
    dat_decode_cache_end(&f->tape, &f->cache, 1);
    assert_int_equal(all.width, 1);
    assert_int_equal(all.tensor->shape[1], CAPACITY);
    assert_all_close(all.tensor->data, ((dat_real[]){11, 21, 31, 0, 0, 111, 121, 131, 0, 0}), 10, 0);

    dat_decode_cache_cut(&f->cache, 1);
    dat_decode_cache_cut(&f->cache, 4);
    assert_int_equal(f->cache.length, 1);
    begin(f, 1);
    dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, BATCH, 3, 1));
    assert_all_close(all.tensor->data, ((dat_real[]){11, 41, 31, 0, 0, 111, 141, 131, 0, 0}), 10, 0);
    assert_in_range(f->cache.arena.used, BATCH * CAPACITY * sizeof(dat_real), 512);
}

static void what_is_kept_stays(void **state)
{
    fixture *f = *state;
    begin(f, 1);
    assert_false(dat_decode_cache_keeps(&f->cache));
    dat_decode_cache_keep(&f->tape, &f->cache, middle_of_rows(f, 1, 0, 3));
    dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, 1, 0, 1));
    dat_decode_cache_end(&f->tape, &f->cache, 1);
    for (int64_t step = 1; step < 3; step++) {
        begin(f, 1);
        assert_true(dat_decode_cache_keeps(&f->cache));
        dat_columns kept = dat_decode_cache_keep(&f->tape, &f->cache, (dat_columns){0});
        dat_columns rows = dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, 1, step, 1));
        dat_decode_cache_end(&f->tape, &f->cache, 1);
        assert_int_equal(kept.tensor->shape[1], 3);
        assert_all_close(kept.tensor->data, ((dat_real[]){11, 21, 31}), 3, 0);
        assert_all_close(rows.tensor->data, ((dat_real[]){11, 21, 31, 0, 0}), step + 1, 0);
    }
    dat_decode_cache_clear(&f->cache);
    begin(f, 1);
    assert_int_equal(f->cache.length, 0);
    assert_false(dat_decode_cache_keeps(&f->cache));
}

static void positions_go_on(void **state)
{
    fixture *f = *state;
    dat_real table[] = {1, 2, 3, 4, 5, 6};
    dat_tensor rows = dat_tensor_over("table", table, 2, (int64_t[]){3, 2});
    begin(f, 2);
    assert_ptr_equal(dat_decode_cache_rows(&f->tape, &f->cache, &rows), &rows);
    dat_decode_cache_end(&f->tape, &f->cache, 2);
    begin(f, 1);
    const dat_tensor *rest = dat_decode_cache_rows(&f->tape, &f->cache, &rows);
    assert_int_equal(rest->shape[0], 1);
    assert_all_close(rest->data, ((dat_real[]){5, 6}), 2, 0);
}

static void nothing_changes_without_a_cache(void **state)
{
    fixture *f = *state;
    dat_tape_begin(&f->tape, 0);
    dat_columns rows = middle_of_rows(f, 1, 0, 2);
    assert_ptr_equal(dat_decode_cache_append(&f->tape, NULL, rows).tensor, rows.tensor);
    assert_ptr_equal(dat_decode_cache_keep(&f->tape, NULL, rows).tensor, rows.tensor);
    assert_ptr_equal(dat_decode_cache_rows(&f->tape, NULL, rows.tensor), rows.tensor);
    assert_false(dat_decode_cache_keeps(NULL));
    assert_int_equal(dat_decode_cache_position(NULL), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
    fixture *f = *state;
    begin(f, 3);
    dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, BATCH, 0, 3));
    dat_decode_cache_end(&f->tape, &f->cache, 3);
    dat_tape_begin(&f->tape, 0);
    assert_false(dat_decode_cache_begin(&f->tape, &f->cache, 3));
    assert_non_null(strstr(f->tape.status.message, "3 positions and 3 more are longer than"));
    dat_decode_cache_end(&f->tape, &f->cache, 3);
    assert_int_equal(f->cache.length, 3);

    begin(f, 1);
    assert_null(dat_decode_cache_append(&f->tape, &f->cache, middle_of_rows(f, 1, 0, 1)).tensor);
    assert_non_null(strstr(f->tape.status.message, "1 sequences of rows of 1 do not continue 2 of 1"));

    dat_tape_begin(&f->tape, 0);
    f->tape.recording = true;
    assert_false(dat_decode_cache_begin(&f->tape, &f->cache, 1));
    assert_non_null(strstr(f->tape.status.message, "must not record"));
    f->tape.recording = false;
}

static void a_full_memory_is_an_error(void **state)
{
    fixture *f = *state;
    static const int64_t capacities[] = {1 << 19, (int64_t)1 << 60};
    for (int i = 0; i < 2; i++) {
        dat_decode_cache cache;
        assert_int_equal(dat_decode_cache_init(&cache, capacities[i], (size_t)1 << 20).code, DAT_CODE_OK);
        dat_tape_begin(&f->tape, 0);
        assert_true(dat_decode_cache_begin(&f->tape, &cache, 1));
        assert_null(dat_decode_cache_append(&f->tape, &cache, middle_of_rows(f, BATCH, 0, 1)).tensor);
        assert_int_equal(f->tape.status.code, DAT_CODE_FAILURE);
        assert_non_null(strstr(f->tape.status.message, "more than its limit of 1 MiB"));
        dat_decode_cache_free(&cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_kept_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(positions_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_changes_without_a_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_memory_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
