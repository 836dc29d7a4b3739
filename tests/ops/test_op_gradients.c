/* Every op of the registry against finite differences, and the checker against ops with planted errors. The
 * differences are only meaningful in the double build; the float build checks that outputs and gradients are
 * finite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/op_cases.h"
#include "ops/registry.h"
#include "support/close.h"
#include "support/random_values.h"
#include "util/parallel.h"

static void every_op_has_a_case(void **state)
{
    (void)state;
    for (int i = 0; dat_ops[i]; i++) {
        int found = 0;
        for (const op_case *c = op_cases; c->op; c++)
            found += c->op == dat_ops[i];
        if (!found)
            fail_msg("op %s has no case in op_cases.c", dat_ops[i]->name);
    }
}

/* Applies a case to zeros on a fresh tape. */
static dat_tensor *apply_once(const op_case *c, dat_tape *tape, dat_real *data)
{
    dat_tensor *in[GRADCHECK_MAX_INPUTS] = {0};
    dat_tape_begin(tape, 1);
    for (int i = 0; i < c->n_inputs; i++) {
        if (c->in[i].kind == GRADCHECK_SAME)
            in[i] = in[i - 1];
        else if (c->in[i].kind != GRADCHECK_ABSENT)
            in[i] = dat_tape_variable(tape, "input", data, c->in[i].rank, c->in[i].shape);
    }
    return c->apply(tape, in, c->args);
}

static void every_case_applies_its_op(void **state)
{
    (void)state;
    enum { ENOUGH = 4096 };
    dat_tape tape;
    dat_real *data = random_values(ENOUGH, 3);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 24).code, DAT_CODE_OK);
    for (const op_case *c = op_cases; c->op; c++) {
        dat_tensor *out = apply_once(c, &tape, data);
        if (!out)
            fail_msg("%s, %s: %s", c->op->name, c->name, tape.status.message);
        if (out->maker->op != c->op)
            fail_msg("%s, %s: the last op is %s", c->op->name, c->name, out->maker->op->name);
        assert_all_finite(out->data, dat_count(out));
        dat_real *cotangent = random_values(dat_count(out), 4);
        dat_tape_backward_from(&tape, out, cotangent);
        free(cotangent);
        for (int i = 0; i < c->n_inputs; i++)
            if (out->maker->in[i])
                assert_all_finite(out->maker->in[i]->grad, dat_count(out->maker->in[i]));
    }
    dat_tape_free(&tape);
    free(data);
}

#ifdef DAT_DOUBLE

static void gradients_are_exact(void **state)
{
    (void)state;
    int wrong = 0;
    for (const op_case *c = op_cases; c->op; c++) {
        gradcheck_result result = gradcheck(c->apply, c->args, c->in, c->n_inputs, 11);
        if (!result.good)
            print_error("%s, %s: %s\n", c->op->name, c->name, result.worst);
        wrong += !result.good;
    }
    assert_int_equal(wrong, 0);
}

/* --- Planted errors: a linear op whose backward is wrong in one way. --- */

static void scaled_backward(dat_node *n)
{
    dat_op_linear.backward(n);
    dat_tensor *x = n->in[0];
    for (int64_t i = 0; x->grad && i < dat_count(x); i++)
        x->grad[i] *= (dat_real)1.0001;
}

static void negated_backward(dat_node *n)
{
    for (int64_t i = 0; i < dat_count(n->out); i++)
        n->out->grad[i] *= -1;
    dat_op_linear.backward(n);
}

static void one_element_backward(dat_node *n)
{
    dat_op_linear.backward(n);
    if (n->in[1]->grad)
        n->in[1]->grad[dat_count(n->in[1]) - 1] += (dat_real)1e-5;
}

static void nan_backward(dat_node *n)
{
    dat_op_linear.backward(n);
    if (n->in[0]->grad)
        n->in[0]->grad[2] = NAN;
}

static void overwriting_backward(dat_node *n)
{
    if (n->in[2]->grad)
        memset(n->in[2]->grad, 0, (size_t)dat_count(n->in[2]) * sizeof(dat_real));
    dat_op_linear.backward(n);
}

static void forgetful_backward(dat_node *n)
{
    dat_real *kept = n->in[2]->grad;
    n->in[2]->grad = NULL;
    dat_op_linear.backward(n);
    n->in[2]->grad = kept;
}

/* Adds to a gradient that holds nothing yet. */
static void stale_backward(dat_node *n)
{
    n->fresh = 0;
    dat_op_linear.backward(n);
}

/* Wrong only when the first input needs no gradient. */
static void dependent_backward(dat_node *n)
{
    dat_op_linear.backward(n);
    if (!n->in[0]->grad && n->in[1]->grad)
        n->in[1]->grad[0] += 1;
}

static dat_tensor *apply_mutant(dat_tape *tape, dat_tensor *const *in, const void *mutant)
{
    return dat_tape_apply(tape, mutant, in, 3, NULL, 0);
}

static void planted_errors_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name, *where;
        void (*backward)(dat_node *n);
    } mutants[] = {
        {"scaled", "input 0", scaled_backward},
        {"negated", "input ", negated_backward},
        {"one element", "input 1", one_element_backward},
        {"nan", "input 0, element 2", nan_backward},
        {"overwriting", "input 2", overwriting_backward},
        {"forgetful", "input 2", forgetful_backward},
        {"stale", "input 0 with a new gradient", stale_backward},
        {"dependent", "input 1 as the only variable, element 0", dependent_backward},
    };
    static const gradcheck_input in[] = {
        {.rank = 3, .shape = {2, 3, 5}}, {.rank = 2, .shape = {4, 5}}, {.rank = 1, .shape = {4}}};
    for (size_t i = 0; i < sizeof mutants / sizeof mutants[0]; i++) {
        dat_op mutant = dat_op_linear;
        mutant.backward = mutants[i].backward;
        gradcheck_result result = gradcheck(apply_mutant, &mutant, in, 3, 5);
        if (result.good || result.error <= 1e-7)
            fail_msg("the %s gradient passes with error %g", mutants[i].name, result.error);
        if (strncmp(result.worst, mutants[i].where, strlen(mutants[i].where)) != 0)
            fail_msg("the %s gradient is reported at %s", mutants[i].name, result.worst);
    }
    gradcheck_result honest = gradcheck(apply_mutant, &dat_op_linear, in, 3, 5);
    assert_true(honest.good);
}

#endif

int main(void)
{
    dat_parallel_set_threads(
        1); /* thousands of tiny evaluations: waking threads would take most of the time */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_case),
        cmocka_unit_test(every_case_applies_its_op),
#ifdef DAT_DOUBLE
        cmocka_unit_test(gradients_are_exact),
        cmocka_unit_test(planted_errors_are_found),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
