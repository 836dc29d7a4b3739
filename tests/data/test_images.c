/* Sets of images made smaller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/made_images.h"

static void what_is_kept_stays_as_it_was(void **state)
{
    (void)state;
    enum { SIZE = 9, SIDE = 4, VALUES = 3 * SIDE * SIDE };
    static const int64_t kept[] = {0, 3, 4, 8};
    dat_images all = made_images(SIZE, SIDE, SIDE, 1), some = made_images(SIZE, SIDE, SIDE, 1);
    dat_images_keep(&some, kept, 4);
    assert_int_equal(some.size, 4);
    assert_int_equal(some.n_classes, SIZE);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(some.labels[i], kept[i]);
        assert_memory_equal(some.pixels + i * VALUES, all.pixels + kept[i] * VALUES, VALUES);
    }
    dat_images_free(&all);
    dat_images_free(&some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_kept_stays_as_it_was)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
