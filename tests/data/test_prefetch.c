/* Batches ahead of time: order, buffers, errors and early ends, with workers that take random times. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/rng.h"
#include "data/prefetch.h"

enum { MOST_BUFFERS = 5, FAILING = 17 };

/* A batch: the number that it was made for. */
typedef struct box {
    int64_t number;
    atomic_int users; /* makers and the test; never more than one */
} box;

typedef struct fixture {
    box boxes[MOST_BUFFERS];
    void *buffers[MOST_BUFFERS];
    atomic_int_least64_t made;
    bool fails; /* at number FAILING */
} fixture;

static void fixture_init(fixture *f)
{
    memset(f, 0, sizeof *f);
    for (int i = 0; i < MOST_BUFFERS; i++)
        f->buffers[i] = &f->boxes[i];
}

static dat_status make(const void *context, int64_t number, void *buffer)
{
    fixture *f = *(fixture *const *)context;
    box *b = buffer;
    dat_rng rng = dat_rng_seed((uint64_t)number);
    struct timespec pause = {0, (long)dat_rng_below(&rng, 300) * 1000};
    if (atomic_fetch_add(&b->users, 1) != 0)
        return dat_failure("buffer of batch %d is in use", (int)number);
    nanosleep(&pause, NULL);
    b->number = number;
    atomic_fetch_sub(&b->users, 1);
    atomic_fetch_add(&f->made, 1);
    return f->fails && number == FAILING ? dat_failure("batch %d is broken", (int)number) : DAT_OK;
}

static dat_prefetch *start(fixture *const *f, int64_t first, int64_t end, int n_buffers, int n_workers)
{
    dat_prefetch *prefetch;
    dat_prefetch_config config = {.make = make,
                                  .context = f,
                                  .first = first,
                                  .end = end,
                                  .buffers = (*f)->buffers,
                                  .n_buffers = n_buffers,
                                  .n_workers = n_workers};
    assert_string_equal(dat_prefetch_start(&config, &prefetch).message, "");
    return prefetch;
}

/* Takes the next batch, which must be `number`, and holds it a while. */
static box *take(dat_prefetch *prefetch, int64_t number)
{
    void *buffer;
    dat_status status = dat_prefetch_next(prefetch, &buffer);
    assert_string_equal(status.message, "");
    assert_non_null(buffer);
    box *b = buffer;
    assert_int_equal(atomic_fetch_add(&b->users, 1), 0);
    assert_int_equal(b->number, number);
    return b;
}

static void give_back(box *b, int64_t number)
{
    assert_int_equal(b->number, number);
    assert_int_equal(atomic_fetch_sub(&b->users, 1), 1);
}

static void batches_come_in_order_in_buffers_of_their_own(void **state)
{
    (void)state;
    enum { FIRST = 3, END = 400 };
    for (int n_workers = 1; n_workers <= 4; n_workers++)
        for (int n_buffers = 2; n_buffers <= MOST_BUFFERS; n_buffers += 3) {
            fixture all, *f = &all;
            void *buffer;
            fixture_init(f);
            dat_prefetch *prefetch = start(&f, FIRST, END, n_buffers, n_workers);
            for (int64_t number = FIRST; number < END; number++) {
                box *b = take(prefetch, number);
                struct timespec pause = {0, number % 7 * 20000};
                nanosleep(&pause, NULL);
                give_back(b, number);
            }
            for (int i = 0; i < 2; i++) { /* and again after the end */
                assert_string_equal(dat_prefetch_next(prefetch, &buffer).message, "");
                assert_null(buffer);
            }
            assert_int_equal(f->made, END - FIRST);
            dat_prefetch_stop(prefetch);
        }
}

static void workers_go_ahead_as_far_as_there_are_buffers(void **state)
{
    (void)state;
    fixture all, *f = &all;
    fixture_init(f);
    dat_prefetch *prefetch = start(&f, 0, 1000, 4, 2);
    struct timespec pause = {0, 1000000};
    while (f->made < 4) /* without anybody asking */
        nanosleep(&pause, NULL);
    box *b = take(prefetch, 0);
    for (int i = 0; i < 50; i++) /* four buffers, none free */
        nanosleep(&pause, NULL);
    assert_int_equal(f->made, 4);
    give_back(b, 0);
    take(prefetch, 1);
    while (f->made < 5)
        nanosleep(&pause, NULL);
    dat_prefetch_stop(prefetch);
}

static void an_error_comes_at_its_turn_and_stays(void **state)
{
    (void)state;
    for (int n_workers = 1; n_workers <= 3; n_workers++) {
        fixture all, *f = &all;
        void *buffer = &all;
        fixture_init(f);
        f->fails = true;
        dat_prefetch *prefetch = start(&f, 0, 100, MOST_BUFFERS, n_workers);
        for (int64_t number = 0; number < FAILING; number++)
            give_back(take(prefetch, number), number);
        for (int i = 0; i < 2; i++) {
            dat_status status = dat_prefetch_next(prefetch, &buffer);
            assert_int_equal(status.code, DAT_CODE_FAILURE);
            assert_string_equal(status.message, "batch 17 is broken");
            assert_null(buffer);
        }
        dat_prefetch_stop(prefetch);
    }
}

static void it_ends_early_at_any_time(void **state)
{
    (void)state;
    for (int taken = 0; taken < 40; taken++) {
        fixture all, *f = &all;
        fixture_init(f);
        dat_prefetch *prefetch = start(&f, 0, INT64_MAX, 3, 1 + taken % 3);
        for (int64_t number = 0; number < taken; number++)
            give_back(take(prefetch, number), number);
        dat_prefetch_stop(prefetch);
        int64_t made = f->made;
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
        assert_int_equal(f->made, made); /* nobody works any more */
        assert_true(made <= taken + 3);
    }
    dat_prefetch_stop(NULL);
}

static void there_may_be_nothing_to_do(void **state)
{
    (void)state;
    fixture all, *f = &all;
    void *buffer = &all;
    fixture_init(f);
    dat_prefetch *prefetch = start(&f, 5, 5, 2, 2);
    assert_int_equal(dat_prefetch_next(prefetch, &buffer).code, DAT_CODE_OK);
    assert_null(buffer);
    dat_prefetch_stop(prefetch);
}

/* A batch that fails where SIGINT would be heard. */
static dat_status make_deaf(const void *context, int64_t number, void *buffer)
{
    sigset_t blocked;
    (void)context, (void)number, (void)buffer;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return sigismember(&blocked, SIGINT) ? DAT_OK : dat_failure("the worker hears SIGINT");
}

/* Signals are for the caller, whose waits they are to end; it hears them as before. */
static void workers_are_deaf_to_signals(void **state)
{
    (void)state;
    fixture all;
    void *buffer;
    sigset_t before, after;
    fixture_init(&all);
    dat_prefetch *prefetch;
    dat_prefetch_config config = {
        .make = make_deaf, .end = 10, .buffers = all.buffers, .n_buffers = 2, .n_workers = 2};
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_string_equal(dat_prefetch_start(&config, &prefetch).message, "");
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
    for (int number = 0; number < 10; number++)
        assert_string_equal(dat_prefetch_next(prefetch, &buffer).message, "");
    dat_prefetch_stop(prefetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_come_in_order_in_buffers_of_their_own),
        cmocka_unit_test(workers_go_ahead_as_far_as_there_are_buffers),
        cmocka_unit_test(an_error_comes_at_its_turn_and_stays),
        cmocka_unit_test(it_ends_early_at_any_time),
        cmocka_unit_test(there_may_be_nothing_to_do),
        cmocka_unit_test(workers_are_deaf_to_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
