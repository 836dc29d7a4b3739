/* The string table and the queue, against searching and sorting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/queue.h"
#include "util/string_table.h"

static void strings_have_numbers_by_arrival(void **state)
{
    (void)state;
    enum { N = 5000 };
    dat_string_table table = {0};
    char text[32];
    int64_t size;
    assert_int_equal(dat_string_table_find(&table, "x", 1), -1);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < N; i++)
            assert_int_equal(dat_string_table_add(&table, text, snprintf(text, sizeof text, "%d", i)), i);
    assert_int_equal(table.count, N);
    assert_int_equal(dat_string_table_find(&table, "5000", 4), -1);
    assert_int_equal(dat_string_table_find(&table, "4999", 4), 4999);
    assert_int_equal(dat_string_table_find(&table, "4999", 2), 49);
    assert_int_equal(dat_string_table_add(&table, "", 0), N);
    assert_int_equal(dat_string_table_add(&table, "\0", 1), N + 1);
    assert_int_equal(dat_string_table_add(&table, "\0\0", 2), N + 2);
    assert_int_equal(dat_string_table_find(&table, "", 0), N);
    const char *found = dat_string_table_get(&table, 1234, &size);
    assert_int_equal(size, 4);
    assert_memory_equal(found, "1234", 4);
    dat_string_table_free(&table);
    assert_int_equal(table.count, 0);
}

static int compare_items(const void *a, const void *b)
{
    const dat_queue_item *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->second > y->second) - (x->second < y->second);
}

static void items_come_out_sorted(void **state)
{
    (void)state;
    enum { N = 1000 };
    dat_queue queue = {0};
    dat_queue_item items[N], item;
    assert_false(dat_queue_pop(&queue, &item));
    for (int64_t i = 0; i < N; i++) {
        items[i] = (dat_queue_item){i * 7919 % 101 - 50, i * 104729 % 997}; /* with equal firsts */
        dat_queue_push(&queue, items[i].first, items[i].second);
    }
    qsort(items, N, sizeof items[0], compare_items);
    for (int i = 0; i < N; i++) {
        assert_true(dat_queue_pop(&queue, &item));
        assert_int_equal(item.first, items[i].first);
        assert_int_equal(item.second, items[i].second);
    }
    assert_false(dat_queue_pop(&queue, &item));
    dat_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_have_numbers_by_arrival),
        cmocka_unit_test(items_come_out_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
