/* Arena, tensors and tape: alignment and limits, shapes, recording, accumulation of gradients, FLOP counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "support/close.h"

enum { MEBIBYTE = 1 << 20 };

static void arena_hands_out_aligned_memory(void **state)
{
    (void)state;
    dat_arena arena;
    assert_int_equal(dat_arena_init(&arena, MEBIBYTE).code, DAT_CODE_OK);
    char *first = dat_arena_take(&arena, 1), *second = dat_arena_take(&arena, 65),
         *third = dat_arena_take(&arena, 0);
    assert_true((uintptr_t)first % 64 == 0 && (uintptr_t)second % 64 == 0 && (uintptr_t)third % 64 == 0);
    assert_true(second >= first + 1 && third >= second + 65);
    memset(second, 1, 65);
    dat_arena_reset(&arena);
    assert_ptr_equal(dat_arena_take(&arena, 8), first);
    assert_true(arena.peak >= 66);
    dat_arena_free(&arena);
    dat_arena_free(&arena);
}

/* From the other end, until it is cleared. */
static void arena_keeps_memory_over_resets(void **state)
{
    (void)state;
    dat_arena arena;
    assert_int_equal(dat_arena_init(&arena, MEBIBYTE).code, DAT_CODE_OK);
    char *kept = dat_arena_keep(&arena, 100);
    assert_true((uintptr_t)kept % 64 == 0 && kept == arena.base + MEBIBYTE - 128);
    memset(kept, 7, 100);
    assert_null(dat_arena_take(&arena, MEBIBYTE - 127));
    assert_null(dat_arena_keep(&arena, MEBIBYTE - 127));
    memset(dat_arena_take(&arena, MEBIBYTE - 128), 1, MEBIBYTE - 128);
    assert_int_equal(arena.peak, MEBIBYTE);
    dat_arena_reset(&arena);
    assert_int_equal(kept[99], 7);
    assert_non_null(dat_arena_keep(&arena, MEBIBYTE - 128));
    dat_arena_clear(&arena);
    assert_non_null(dat_arena_take(&arena, MEBIBYTE));
    dat_arena_free(&arena);
}

static void arena_stops_at_its_limit(void **state)
{
    (void)state;
    dat_arena arena;
    assert_int_equal(dat_arena_init(&arena, MEBIBYTE).code, DAT_CODE_OK);
    assert_null(dat_arena_take(&arena, MEBIBYTE + 1));
    assert_null(dat_arena_take(&arena, SIZE_MAX));
    assert_null(dat_arena_take(&arena, SIZE_MAX - 100));
    char *all = dat_arena_take(&arena, MEBIBYTE);
    assert_non_null(all);
    all[MEBIBYTE - 1] = 1;
    assert_null(dat_arena_take(&arena, 1));
    dat_arena_free(&arena);
    dat_status status = dat_arena_init(&arena, SIZE_MAX / 2);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, "memory limit"));
}

static void shapes_describe_themselves(void **state)
{
    (void)state;
    char text[DAT_SHAPE_TEXT_SIZE];
    dat_tensor scalar = dat_tensor_over("s", NULL, 0, NULL);
    dat_tensor cube = dat_tensor_over("c", NULL, 3, (int64_t[]){2, 3, 5});
    dat_tensor flat = dat_tensor_over("f", NULL, 1, (int64_t[]){30});
    dat_tensor empty = dat_tensor_over("e", NULL, 2, (int64_t[]){4, 0});
    assert_int_equal(dat_count(&scalar), 1);
    assert_int_equal(dat_width(&scalar), 1);
    assert_int_equal(dat_count(&cube), 30);
    assert_int_equal(dat_width(&cube), 5);
    assert_int_equal(dat_rows(&cube), 6);
    assert_int_equal(dat_rows(&empty), 0);
    assert_false(dat_same_shape(&cube, &flat));
    assert_true(dat_same_shape(&cube, &cube));
    assert_string_equal(dat_shape_text(&cube, text), "[2, 3, 5]");
    assert_string_equal(dat_shape_text(&scalar, text), "[]");
    dat_tensor row = dat_tensor_over("r", NULL, 2, (int64_t[]){1, 30});
    assert_false(dat_same_shape(&row, &flat));
}

/* A shape of the largest numbers there are fits into its text. */
static void long_shapes_fit_their_text(void **state)
{
    (void)state;
    char text[DAT_SHAPE_TEXT_SIZE];
    dat_tensor huge = dat_tensor_over(
        "h", NULL, 4, (int64_t[]){INT64_MIN + 1, INT64_MIN + 1, INT64_MIN + 1, INT64_MIN + 1});
    assert_int_equal(strlen(dat_shape_text(&huge, text)), 4 * 20 + 3 * 2 + 2);
}

typedef struct fixture {
    dat_tape tape;
    dat_real a[6], b[6];
} fixture;

static int set_up(void **state)
{
    static fixture f;
    for (int i = 0; i < 6; i++) {
        f.a[i] = (dat_real)(i + 1);
        f.b[i] = (dat_real)(10 * i);
    }
    *state = &f;
    return dat_tape_init(&f.tape, MEBIBYTE).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    return 0;
}

static const int64_t shape[] = {2, 3};

/* y = (a + b) + a: a's gradient arrives over two paths. */
static void gradients_accumulate_over_paths(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    dat_tape_begin(tape, 0);
    dat_tensor *a = dat_tape_variable(tape, "a", f->a, 2, shape),
               *b = dat_tape_variable(tape, "b", f->b, 2, shape);
    dat_tensor *y = dat_add(tape, dat_add(tape, a, b), a);
    for (int i = 0; i < 6; i++)
        assert_close(y->data[i], 2 * f->a[i] + f->b[i], 0);
    dat_real cotangent[] = {1, 2, 3, 4, 5, 6};
    dat_tape_backward_from(tape, y, cotangent);
    for (int i = 0; i < 6; i++) {
        assert_close(a->grad[i], 2 * (i + 1), 0);
        assert_close(b->grad[i], i + 1, 0);
    }
}

static void inputs_get_no_gradient(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    dat_tape_begin(tape, 0);
    dat_tensor *a = dat_tape_variable(tape, "a", f->a, 2, shape),
               *b = dat_tape_input(tape, "b", f->b, 2, shape);
    dat_tensor *unused = dat_softmax(tape, a);
    dat_tensor *constant = dat_softmax(tape, b);
    dat_tensor *y = dat_add(tape, a, constant);
    dat_tape_backward_from(tape, y, f->a);
    assert_null(b->grad);
    assert_null(constant->grad);
    assert_null(unused->grad);
    assert_false(constant->needs_grad);
    assert_true(y->needs_grad);
    for (int i = 0; i < 6; i++)
        assert_close(a->grad[i], f->a[i], 0);
}

static void nothing_is_recorded_when_asked(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    dat_tape_begin(tape, 0);
    tape->recording = false;
    dat_tensor *a = dat_tape_variable(tape, "a", f->a, 2, shape);
    dat_tensor *y = dat_softmax(tape, a);
    assert_null(tape->last);
    assert_false(y->needs_grad);
    dat_tape_backward_from(tape, y, f->a);
    assert_null(a->grad);
    tape->recording = true;
}

/* Backward of scale * loss; the whole step begins anew after begin. */
static void steps_are_independent(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    int32_t targets[] = {0, 2};
    dat_real first[6];
    size_t used = 0;
    for (int step = 0; step < 3; step++) {
        dat_tape_begin(tape, 0);
        dat_tensor *a = dat_tape_variable(tape, "a", f->a, 2, shape);
        dat_cross_entropy_args args = {.targets = targets, .ignore_index = -1};
        dat_tensor *loss = dat_cross_entropy(tape, a, &args);
        dat_tape_backward(tape, loss, step == 2 ? 2 : 1);
        for (int i = 0; i < 6; i++)
            assert_close(a->grad[i], (step == 2 ? 2 : 1) * (step ? first[i] : a->grad[i]), 0);
        if (step == 0)
            memcpy(first, a->grad, sizeof first);
        assert_true(step == 0 || tape->arena.used == used);
        used = tape->arena.used;
    }
}

/* A product of (2, 3) and (3, 4) is 2*2*3*4 operations; its gradients cost as much each. */
static void flops_are_counted(void **state)
{
    fixture *f = *state;
    dat_tape *tape = &f->tape;
    dat_real weights[12] = {1};
    dat_tape_begin(tape, 0);
    dat_tensor *x = dat_tape_input(tape, "x", f->a, 2, shape);
    dat_tensor *w = dat_tape_variable(tape, "w", weights, 2, (int64_t[]){4, 3});
    dat_tensor *y = dat_linear(tape, x, w, NULL);
    assert_close(tape->flops, 48, 0);
    dat_real cotangent[8] = {1};
    dat_tape_backward_from(tape, y, cotangent);
    assert_close(tape->flops, 96, 0);
    dat_tape_begin(tape, 0);
    assert_close(tape->flops, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_hands_out_aligned_memory),
        cmocka_unit_test(arena_keeps_memory_over_resets),
        cmocka_unit_test(arena_stops_at_its_limit),
        cmocka_unit_test(shapes_describe_themselves),
        cmocka_unit_test(long_shapes_fit_their_text),
        cmocka_unit_test_setup_teardown(gradients_accumulate_over_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inputs_get_no_gradient, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_recorded_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(steps_are_independent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flops_are_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
