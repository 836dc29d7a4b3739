/* Adam against its definition, written out for one number at a time in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "optim/adam.h"
#include "support/close.h"
#include "support/random_values.h"

enum { N = 37, STEPS = 50 };

/* Kingma & Ba 2015, algorithm 1, with bias-corrected moments and eps outside the root. */
typedef struct reference {
    double value, first, second;
} reference;

static void reference_step(reference *r, const dat_adam_config *c, int64_t step, double rate, double gradient)
{
    r->first = c->beta1 * r->first + (1 - c->beta1) * gradient;
    r->second = c->beta2 * r->second + (1 - c->beta2) * gradient * gradient;
    double first = r->first / (1 - pow(c->beta1, (double)step));
    double second = r->second / (1 - pow(c->beta2, (double)step));
    r->value -= rate * first / (sqrt(second) + c->eps);
}

static dat_params new_params(dat_tensor **x, dat_tensor **frozen)
{
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(1);
    *x = dat_params_add(&params, "", "x", 1, (int64_t[]){N}, (dat_init){DAT_INIT_NORMAL, 1});
    *frozen = dat_params_add(&params, "", "frozen", 1, (int64_t[]){5}, (dat_init){DAT_INIT_NORMAL, 1});
    dat_params_freeze(&params, *frozen);
    dat_params_allocate(&params, &rng);
    return params;
}

/* Gradients of very different sizes, some of them 0, learning rates that change with the step. */
static double gradient_of(int i, int step, const dat_real *noise)
{
    return i % 9 == 0 ? 0 : pow(10, i % 7 - 4) * (1 + 0.5 * (double)noise[i * STEPS + step]);
}

static void check_against_reference(const dat_adam_config *config)
{
    dat_tensor *x, *frozen;
    dat_params params = new_params(&x, &frozen);
    dat_real *noise = random_values(N * STEPS, 2), kept[5];
    memcpy(kept, frozen->data, sizeof kept);
    reference expected[N];
    for (int i = 0; i < N; i++)
        expected[i] = (reference){.value = (double)x->data[i]};
    dat_adam adam;
    dat_adam_init(&adam, &params, config);
    for (int step = 1; step <= STEPS; step++) {
        double rate = config->learning_rate * (1 + step % 3);
        for (int i = 0; i < N; i++)
            x->grad[i] = (dat_real)gradient_of(i, step - 1, noise);
        dat_adam_step(&adam, &params, rate);
        assert_int_equal(adam.step, step);
        for (int i = 0; i < N; i++) {
            reference_step(&expected[i], config, step, rate,
                           (double)(dat_real)gradient_of(i, step - 1, noise));
            assert_close(x->grad[i], (dat_real)gradient_of(i, step - 1, noise), 0);
            assert_close(x->data[i], expected[i].value, 20 * DAT_REAL_EPSILON * (1 + step));
        }
    }
    assert_same_bits(frozen->data, kept, 5);
    dat_adam_free(&adam);
    dat_params_free(&params);
    free(noise);
}

static void default_settings_follow_the_definition(void **state)
{
    (void)state;
    check_against_reference(&(dat_adam_config){0.001, 0.9, 0.999, 1e-8});
}

static void other_settings_follow_the_definition(void **state)
{
    (void)state;
    check_against_reference(&(dat_adam_config){0.01, 0.5, 0.99, 1e-3});
}

/* The first step moves every value by the learning rate against the sign of its gradient, whatever its size.
 */
static void first_step_is_the_learning_rate(void **state)
{
    (void)state;
    dat_tensor *x, *frozen;
    dat_params params = new_params(&x, &frozen);
    dat_adam adam;
    dat_adam_init(&adam, &params, &(dat_adam_config){0.1, 0.9, 0.999, 1e-12});
    dat_real before[N];
    memcpy(before, x->data, sizeof before);
    for (int i = 0; i < N; i++)
        x->grad[i] = (dat_real)(i % 2 ? 1e-3 : -1e3);
    dat_adam_step(&adam, &params, 0.1);
    for (int i = 0; i < N; i++)
        assert_close(x->data[i] - before[i], i % 2 ? -0.1 : 0.1, 1e-6);
    dat_adam_free(&adam);
    dat_params_free(&params);
}

static void parameters_without_gradient_stay(void **state)
{
    (void)state;
    dat_tensor *x, *frozen;
    dat_params params = new_params(&x, &frozen);
    dat_adam adam;
    dat_adam_init(&adam, &params, &(dat_adam_config){0.1, 0.9, 0.999, 1e-8});
    dat_real before[N];
    memcpy(before, x->data, sizeof before);
    for (int step = 0; step < 3; step++)
        dat_adam_step(&adam, &params, 0.1);
    assert_same_bits(x->data, before, N);
    dat_adam_free(&adam);
    dat_adam_free(&adam);
    dat_params_free(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_settings_follow_the_definition),
        cmocka_unit_test(other_settings_follow_the_definition),
        cmocka_unit_test(first_step_is_the_learning_rate),
        cmocka_unit_test(parameters_without_gradient_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
