/* Batches in slices: the same losses and gradients as steps of their own, with what depends on parameters
 * alone done once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ops/ops.h"
#include "support/close.h"

enum { MEBIBYTE = 1 << 20, SLICES = 3, ROWS = 5, WIDTH = 3, CLASSES = 4 };

typedef struct parameter {
    dat_tensor tensor;
    dat_real values[ROWS * CLASSES], grad[ROWS * CLASSES];
} parameter;

typedef struct fixture {
    dat_tape tape;
    parameter table, weight, other; /* (ROWS, WIDTH), (CLASSES, WIDTH) twice */
    dat_real x[SLICES][ROWS * WIDTH];
    int32_t targets[ROWS];
} fixture;

static void set_parameter(parameter *p, int64_t rows, int64_t seed)
{
    p->tensor = dat_tensor_over("parameter", p->values, 2, (int64_t[]){rows, WIDTH});
    p->tensor.grad = p->grad;
    p->tensor.needs_grad = true;
    for (int64_t i = 0; i < rows * WIDTH; i++)
        p->values[i] = (dat_real)((i * 7 + seed) % 11 - 5) / 4;
    memset(p->grad, 0, sizeof p->grad);
}

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.targets = {0, 7, 1, 6, 3}};
    set_parameter(&f.table, ROWS, 1);
    set_parameter(&f.weight, CLASSES, 2);
    set_parameter(&f.other, CLASSES, 3);
    for (int s = 0; s < SLICES; s++)
        for (int i = 0; i < ROWS * WIDTH; i++)
            f.x[s][i] = (dat_real)((i * 5 + s) % 7 - 3) / 2;
    *state = &f;
    return dat_tape_init(&f.tape, MEBIBYTE).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    return 0;
}

/* Table times weight, which all slices share, is read by two ops: one takes its gradient over, one adds. */
static dat_tensor *loss_of(fixture *f, int slice, const parameter *weight)
{
    dat_tape *tape = &f->tape;
    dat_tensor *w = (dat_tensor *)&weight->tensor;
    dat_tensor *x = dat_tape_input(tape, "x", f->x[slice], 2, (int64_t[]){ROWS, WIDTH});
    dat_tensor *shared = dat_linear(tape, &f->table.tensor, w, NULL);
    dat_tensor *y = dat_dropout(tape, dat_linear(tape, x, w, NULL), 0.25);
    dat_cross_entropy_args args = {.targets = f->targets, .ignore_index = -1};
    return dat_cross_entropy(tape, dat_concat(tape, dat_add(tape, y, shared), shared), &args);
}

/* What a product of so many rows costs forward; backward costs as much for each gradient. */
static double product_flops(int64_t rows)
{
    return (double)(2 * rows * WIDTH * CLASSES);
}

typedef struct outcome {
    dat_real losses[SLICES];
    dat_real table_grad[ROWS * WIDTH], weight_grad[CLASSES * WIDTH];
    double flops;
} outcome;

static void take_grads(fixture *f, outcome *o)
{
    memcpy(o->table_grad, f->table.grad, sizeof o->table_grad);
    memcpy(o->weight_grad, f->weight.grad, sizeof o->weight_grad);
    memset(f->table.grad, 0, sizeof f->table.grad);
    memset(f->weight.grad, 0, sizeof f->weight.grad);
}

static outcome separately(fixture *f)
{
    outcome o = {0};
    for (int s = 0; s < SLICES; s++) {
        dat_tape_begin(&f->tape, (uint64_t)s);
        dat_tensor *loss = loss_of(f, s, &f->weight);
        dat_tape_backward(&f->tape, loss, (dat_real)0.5);
        o.losses[s] = loss->data[0];
        o.flops += f->tape.flops;
    }
    take_grads(f, &o);
    return o;
}

static outcome in_slices(fixture *f)
{
    outcome o = {0};
    dat_tape_begin_batch(&f->tape);
    for (int s = 0; s < SLICES; s++) {
        dat_tape_begin_slice(&f->tape, (uint64_t)s);
        dat_tensor *loss = loss_of(f, s, &f->weight);
        dat_tape_backward(&f->tape, loss, (dat_real)0.5);
        o.losses[s] = loss->data[0];
    }
    dat_tape_end_batch(&f->tape);
    o.flops = f->tape.flops;
    take_grads(f, &o);
    assert_int_equal(f->tape.status.code, DAT_CODE_OK);
    return o;
}

static void assert_same_outcome(const outcome *o, const outcome *expected)
{
    for (int s = 0; s < SLICES; s++)
        assert_close(o->losses[s], expected->losses[s], 0);
    for (int i = 0; i < ROWS * WIDTH; i++)
        assert_close(o->table_grad[i], expected->table_grad[i], 1e-5);
    for (int i = 0; i < CLASSES * WIDTH; i++)
        assert_close(o->weight_grad[i], expected->weight_grad[i], 1e-5);
}

static void slices_are_as_steps_of_their_own(void **state)
{
    fixture *f = *state;
    outcome expected = separately(f), o = in_slices(f);
    assert_true(expected.weight_grad[0] != 0 && expected.table_grad[0] != 0);
    assert_same_outcome(&o, &expected);
}

/* Forward and two gradients once instead of SLICES times. */
static void shared_work_is_done_once(void **state)
{
    fixture *f = *state;
    double whole = separately(f).flops, sliced = in_slices(f).flops;
    assert_close(whole - sliced, (SLICES - 1) * 3 * product_flops(ROWS), 0);
}

static void a_new_batch_sees_new_parameters(void **state)
{
    fixture *f = *state;
    in_slices(f);
    f->weight.values[5] += 1;
    outcome o = in_slices(f), expected = separately(f);
    assert_same_outcome(&o, &expected);
    in_slices(f);
    dat_tape_begin(&f->tape, 0); /* and a step after it shares nothing */
    assert_close(loss_of(f, 0, &f->weight)->data[0], expected.losses[0], 0);
    assert_int_equal(f->tape.arena.kept, 0);
}

/* A slice that computes something else than the first one still computes it. */
static void other_work_is_not_shared(void **state)
{
    fixture *f = *state;
    dat_tape_begin(&f->tape, 1);
    dat_real expected = loss_of(f, 1, &f->other)->data[0];
    dat_tape_begin_batch(&f->tape);
    dat_tape_begin_slice(&f->tape, 0);
    loss_of(f, 0, &f->weight);
    dat_tape_begin_slice(&f->tape, 1);
    dat_tensor *loss = loss_of(f, 1, &f->other);
    assert_close(loss->data[0], expected, 0);
    dat_tape_backward(&f->tape, loss, 1);
    dat_tape_end_batch(&f->tape);
    for (int i = 0; i < CLASSES * WIDTH; i++) {
        assert_close(f->weight.grad[i], 0, 0);
        assert_true(f->other.grad[i] != 0);
    }
}

static void evaluation_shares_as_well(void **state)
{
    fixture *f = *state;
    f->tape.training = f->tape.recording = false;
    dat_tape_begin_batch(&f->tape);
    for (int s = 0; s < SLICES; s++) {
        dat_tape_begin_slice(&f->tape, 0);
        loss_of(f, s, &f->weight);
    }
    assert_close(f->tape.flops, (SLICES + 1) * product_flops(ROWS), 0);
    assert_null(f->tape.last);
}

static void an_error_lasts_until_the_next_batch(void **state)
{
    fixture *f = *state;
    dat_tape_begin_batch(&f->tape);
    dat_tape_begin_slice(&f->tape, 0);
    dat_fail(&f->tape, "the first error");
    dat_tape_begin_slice(&f->tape, 1);
    assert_null(loss_of(f, 1, &f->weight));
    dat_tape_end_batch(&f->tape);
    assert_non_null(strstr(f->tape.status.message, "the first error"));
    dat_tape_begin_batch(&f->tape);
    dat_tape_begin_slice(&f->tape, 0);
    assert_non_null(loss_of(f, 0, &f->weight));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slices_are_as_steps_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shared_work_is_done_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_batch_sees_new_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_work_is_not_shared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evaluation_shares_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_lasts_until_the_next_batch, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
